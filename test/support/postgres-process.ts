/** PostgreSQL in a process of its own. Says its connection string, and lives as long as its parent listens. */
import { startPostgres } from './postgres.js';

const postgres = await startPostgres();
process.send?.(postgres.connectionString);
process.once('disconnect', () => {
  void postgres.stop();
});
