/** Signs what is sent by Standard Webhooks 1.0.0 (symmetric, `v1`), and writes secrets as receivers configure them. */
import { createHmac } from 'node:crypto';
import type { Parcel } from './courier.js';

export interface ToSign {
  readonly url: string;
  /** The same at each try of the same thing. */
  readonly id: string;
  /** A CloudEvent in structured mode. */
  readonly body: string;
  /** One signature each: of what signs now, and of what may still be verified with. */
  readonly secrets: readonly Uint8Array[];
  /** Of this try. */
  readonly at: Date;
}

export function signed({ url, id, body, secrets, at }: ToSign): Parcel {
  const timestamp = String(Math.floor(at.getTime() / 1_000));
  const signatures = secrets.map(
    (secret) => `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`, 'utf8').digest('base64')}`,
  );
  return {
    url,
    headers: {
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': signatures.join(' '),
    },
    body,
  };
}

/** `whsec_<base64>`. */
export function secretText(secret: Uint8Array): string {
  return `whsec_${Buffer.from(secret).toString('base64')}`;
}
