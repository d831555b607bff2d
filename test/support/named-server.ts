/** A real server to run suites against, named in the environment; and what is said when there is none. */

/** The connection string in the variable; undefined if it is unset, which is then said, with what was not tried. */
export function namedServer(kind: string, variable: string, what: string): string | undefined {
  const connectionString = process.env[variable];
  if (connectionString !== undefined && connectionString !== '') return connectionString;
  process.stderr.write(
    `NOT TRIED against a real ${kind}: ${what}. Set ${variable} to the connection string of one to try it.\n`,
  );
  return undefined;
}
