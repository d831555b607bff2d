/** A process that makes keys, says each as soon as it has it, and goes on until it is killed. */
import { realRandomness as randomness } from '../../../../test/support/real.js';
import { openPostgresKeyStore } from '../postgres/postgres-key-store.js';
import { openSqliteKeyStore } from '../sqlite-key-store.js';

const [, , folder = '', connectionString] = process.argv;
const options = { folder, mode: 'write', randomness } as const;
const store =
  connectionString === undefined
    ? await openSqliteKeyStore(options)
    : await openPostgresKeyStore({ ...options, connectionString });
for (let n = 0; ; n += 20) {
  await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      const stream = `s-${n + index}`;
      const { keyId, key } = await store.obtain(stream);
      process.stdout.write(`${JSON.stringify({ stream, keyId, key: Buffer.from(key).toString('hex') })}\n`);
    }),
  );
}
