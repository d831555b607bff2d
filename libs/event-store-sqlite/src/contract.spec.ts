import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventStore } from '#event-store';
import { eventStoreContract } from '#event-store/contract';
import { openSqliteLog } from '#event-store-sqlite';

eventStoreContract('the embedded log', {
  async open() {
    const folder = await mkdtemp(join(tmpdir(), 'habeas-log-'));
    const opened: EventStore[] = [];
    const open = async () => {
      const store = await openSqliteLog({ folder, mode: 'own' });
      opened.push(store);
      return store;
    };
    return {
      store: await open(),
      reopen: open,
      async dispose() {
        for (const store of opened) await store.close();
        await rm(folder, { recursive: true });
      },
    };
  },
});
