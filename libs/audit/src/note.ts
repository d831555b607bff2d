/**
 * Signed notes: a text with signatures beneath it that anybody can check who has the signer's verifier key.
 * The format is C2SP signed-note (https://c2sp.org/signed-note), with Ed25519 signatures (RFC 8032).
 */
import { createPrivateKey, createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto';

/** Whom a note is signed by: a name, and the key's first bytes that tell its keys apart. */
interface Named {
  readonly name: string;
  /** Eight hexadecimal digits. */
  readonly keyId: string;
}

export interface Signer extends Named {
  /** What others need to check its notes: `<name>+<key id>+<base64 of the key>`. */
  readonly verifierKey: string;
  /** 64 bytes over the text's UTF-8. */
  sign(text: string): Uint8Array;
}

export interface Verifier extends Named {
  verify(text: string, signature: Uint8Array): boolean;
}

/**
 * @param name a schema-less URL, without spaces and `+`
 * @param seed the 32 bytes of an Ed25519 private key
 */
export function createSigner(name: string, seed: Uint8Array): Signer {
  if (!isKeyName(name)) throw new RangeError('The name of a signer holds no spaces and no plus sign.');
  const key = createPrivateKey({ key: Buffer.concat([PRIVATE_KEY, seed]), format: 'der', type: 'pkcs8' });
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
  const material = Buffer.concat([ED25519, Buffer.from(x, 'base64url')]);
  const keyId = keyIdOf(name, material);
  return {
    name,
    keyId,
    verifierKey: `${name}+${keyId}+${material.toString('base64')}`,
    sign: (text) => sign(null, Buffer.from(text, 'utf8'), key),
  };
}

/** Reads a verifier key; undefined if it is none, or one of another algorithm. */
export function readVerifierKey(text: string): Verifier | undefined {
  const [, name, keyId, encoded] = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text.trim()) ?? [];
  if (name === undefined || keyId === undefined || encoded === undefined || !isKeyName(name)) return undefined;
  const material = Buffer.from(encoded, 'base64');
  if (material.length !== 33 || material[0] !== ED25519[0] || keyIdOf(name, material) !== keyId) return undefined;
  const x = material.subarray(1).toString('base64url');
  let key: KeyObject;
  try {
    key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  } catch {
    return undefined;
  }
  return { name, keyId, verify: (text, signature) => verify(null, Buffer.from(text, 'utf8'), key, signature) };
}

/** @param text ends with a newline */
export function signNote(text: string, signer: Signer): string {
  const signature = Buffer.concat([Buffer.from(signer.keyId, 'hex'), signer.sign(text)]);
  return `${text}\n— ${signer.name} ${signature.toString('base64')}\n`;
}

/** Why a note is not to be believed. */
export type NoteFault = 'malformed-note' | 'unknown-signer' | 'wrong-signature';

export interface OpenNote {
  readonly text: string;
  /** The name and key of each signature, known or not. */
  readonly signers: readonly Named[];
  /** What is wrong with it for whoever trusts these verifiers; undefined: one of them at least signed it, and none wrongly. */
  readonly fault: NoteFault | undefined;
}

/** Reads a note and checks the signatures of those who are known; others' are passed over, as the format asks. */
export function openNote(note: string, verifiers: readonly Verifier[]): OpenNote {
  const malformed: OpenNote = { text: '', signers: [], fault: 'malformed-note' };
  const end = note.lastIndexOf('\n\n');
  // The format allows no control character but the newline.
  if (note.length > MAX_LENGTH || end < 0 || !note.endsWith('\n') || /[\0-\x09\x0b-\x1f]/.test(note)) return malformed;
  const text = note.slice(0, end + 1);
  const signatures: { readonly name: string; readonly keyId: string; readonly bytes: Uint8Array }[] = [];
  for (const line of note.slice(end + 2, -1).split('\n')) {
    const [, name, encoded] = /^— (\S+) ([A-Za-z0-9+/]+={0,2})$/.exec(line) ?? [];
    const bytes = Buffer.from(encoded ?? '', 'base64');
    if (name === undefined || !isKeyName(name) || bytes.length < 5) return malformed;
    signatures.push({ name, keyId: bytes.subarray(0, 4).toString('hex'), bytes: bytes.subarray(4) });
  }
  let fault: NoteFault | undefined = 'unknown-signer';
  for (const { name, keyId, bytes } of signatures) {
    const verifier = verifiers.find((one) => one.name === name && one.keyId === keyId);
    if (verifier === undefined) continue;
    if (!verifier.verify(text, bytes)) return { text, signers: signatures, fault: 'wrong-signature' };
    fault = undefined;
  }
  return { text, signers: signatures, fault };
}

/** Notes are small; witnesses may add signatures. */
const MAX_LENGTH = 100_000;
/** Says in a verifier key of which algorithm it is. */
const ED25519 = Buffer.of(1);
/** What stands before the 32 bytes of an Ed25519 private key in PKCS #8 (RFC 8410). */
const PRIVATE_KEY = Buffer.from('302e020100300506032b657004220420', 'hex');

function keyIdOf(name: string, material: Uint8Array): string {
  return hash('sha256', Buffer.concat([Buffer.from(`${name}\n`, 'utf8'), material])).slice(0, 8);
}

function isKeyName(name: string): boolean {
  return name !== '' && !/[\s+]/u.test(name);
}
