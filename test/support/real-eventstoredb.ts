/** A real EventStoreDB to run suites against. */
import { namedServer } from './named-server.js';

/** The connection string in HABEAS_TEST_ESDB; undefined if it is unset, which is then said, with what was not tried. */
export function realServer(what: string): string | undefined {
  return namedServer('EventStoreDB', 'HABEAS_TEST_ESDB', what);
}
