/** One stored event of the usual size, with fresh bytes in it: what compresses or repeats would flatter. */
import { randomBytes } from 'node:crypto';

export function someEvent(): { readonly data: string; readonly metadata: string } {
  const hex = randomBytes(96).toString('hex');
  const sealed = randomBytes(120).toString('base64url');
  const data = `{"basis":"reported","by":{},"citations":[{"at":{"end":921,"start":888,"version":1},"published":"2026-01-31","sourceId":"0e0e0e0e-0000-4000-8000-000000000001"}],"confidence":"medium","occurred":"2017-05","sealed":{"commit":"${hex.slice(0, 64)}","ct":"${sealed}","keyId":"7e5fc74a-7862-4da8-859a-37aa67a6c0eb","nonce":"WS3e92WgnZjWQwJA","v":1}}`;
  const metadata = `{"correlationId":"536a509f-7ab8-56bc-8fc7-6766efb46476","hash":"${hex.slice(64, 128)}","prev":"${hex.slice(128)}","recordedAt":"2026-01-02T03:04:05.678Z","recordedBy":"key:bench","requestMac":"${hex.slice(32, 96)}","schemaVersion":1,"v":1,"visibility":"internal"}`;
  return { data, metadata };
}
