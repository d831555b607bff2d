/** A real EventStoreDB to run suites against, and what is said when there is none. */

/** The connection string in HABEAS_TEST_ESDB; undefined if it is unset, which is then said, with what was not tried. */
export function realServer(what: string): string | undefined {
  const connectionString = process.env.HABEAS_TEST_ESDB;
  if (connectionString !== undefined && connectionString !== '') return connectionString;
  process.stderr.write(
    `NOT TRIED against a real EventStoreDB: ${what}. Set HABEAS_TEST_ESDB to the connection string of one to try it.\n`,
  );
  return undefined;
}
