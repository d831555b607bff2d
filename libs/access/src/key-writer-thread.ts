/** The calling thread's end of the key writer: what is asked for while one write is under way goes into the next. */
import { Worker } from 'node:worker_threads';
import type { FromKeyWriter, KeyWriterStart, ToKeyWriter } from './key-protocol.js';
import { KeyStoreError } from './key-store-error.js';
import type { KeyIds, RowPlace } from './key-rows.js';
import type { WrappedKey } from './wrapping.js';

type Request = { reject(error: KeyStoreError): void } & (
  | { readonly kind: 'obtain'; readonly key: WrappedKey; resolve(key: WrappedKey): void }
  | { readonly kind: 'destroy'; readonly what: RowPlace | KeyIds; resolve(): void }
);

/** Keys of one transaction, at most. */
const MAX_BATCH = 512;

export class KeyWriterThread {
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  #waiting: Request[] = [];
  #underWay: readonly Request[] = [];
  #gone: KeyStoreError | undefined;
  #whenIdle: (() => void) | undefined;

  static start(start: KeyWriterStart): Promise<KeyWriterThread> {
    const worker = new Worker(new URL('./key-writer.js', import.meta.url), {
      workerData: start,
      name: 'key writer',
    });
    return new Promise((resolve, reject) => {
      worker.once('error', reject);
      worker.once('message', (message: FromKeyWriter) => {
        worker.off('error', reject);
        if (message.kind === 'ready') {
          resolve(new KeyWriterThread(worker));
        } else if (message.kind === 'failed') {
          void worker.terminate();
          reject(new KeyStoreError(message.code, message.message));
        }
      });
    });
  }

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (message: FromKeyWriter) => {
      this.#settle(message);
    });
    worker.on('error', () => {
      // The exit that follows says it to whoever waits.
    });
    this.#exited = new Promise((resolve) => {
      worker.once('exit', () => {
        this.#gone ??= new KeyStoreError(
          'unavailable',
          'The writer of the key store has stopped. Restart the program.',
        );
        const lost = this.#gone;
        for (const request of [...this.#underWay, ...this.#waiting]) request.reject(lost);
        this.#underWay = this.#waiting = [];
        this.#whenIdle?.();
        resolve();
      });
    });
    // Only keys that somebody waits for keep the process alive.
    worker.unref();
  }

  /** The key that lies at the place afterwards, durably: this one, or the one that was there before. */
  obtain(key: WrappedKey): Promise<WrappedKey> {
    return new Promise((resolve, reject) => {
      this.#ask({ kind: 'obtain', key, resolve, reject });
    });
  }

  /** Resolves when nothing of it is there any more, durably. */
  destroy(what: RowPlace | KeyIds): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#ask({ kind: 'destroy', what, resolve, reject });
    });
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    if (this.#underWay.length + this.#waiting.length > 0)
      await new Promise<void>((resolve) => (this.#whenIdle = resolve));
    if (this.#gone === undefined) {
      this.#gone = new KeyStoreError('closed', 'The key store was closed.');
      this.#worker.ref();
      this.#post({ kind: 'close' });
    }
    await this.#exited;
  }

  #ask(request: Request): void {
    if (this.#gone !== undefined) {
      request.reject(this.#gone);
      return;
    }
    this.#waiting.push(request);
    // Asked for in one turn, written in one transaction.
    if (this.#underWay.length === 0 && this.#waiting.length === 1)
      setImmediate(() => {
        this.#send();
      });
  }

  /** Sends what waits, as far as it is of one kind: what is asked for is done in the order of asking. */
  #send(): void {
    const [first] = this.#waiting;
    if (this.#gone !== undefined || this.#underWay.length > 0 || first === undefined) return;
    const others = this.#waiting.findIndex(({ kind }) => kind !== first.kind);
    this.#underWay = this.#waiting.splice(0, Math.min(MAX_BATCH, others === -1 ? MAX_BATCH : others));
    this.#worker.ref();
    this.#post(
      first.kind === 'obtain'
        ? { kind: 'obtain', keys: this.#underWay.flatMap((one) => (one.kind === 'obtain' ? [one.key] : [])) }
        : { kind: 'destroy', what: this.#underWay.flatMap((one) => (one.kind === 'destroy' ? [one.what] : [])) },
    );
  }

  #post(message: ToKeyWriter): void {
    this.#worker.postMessage(message);
  }

  #settle(message: FromKeyWriter): void {
    const requests = this.#underWay;
    this.#underWay = [];
    this.#worker.unref();
    requests.forEach((request, index) => {
      const key = message.kind === 'obtained' ? message.keys[index] : undefined;
      if (message.kind === 'failed') request.reject(new KeyStoreError(message.code, message.message));
      else if (request.kind === 'destroy') request.resolve();
      else if (key !== undefined) request.resolve(key);
    });
    this.#send();
    if (this.#underWay.length === 0) this.#whenIdle?.();
  }
}
