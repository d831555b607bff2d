/** The client of the server that the environment names. */
import { Client, RequestFailed } from './client.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** @throws RequestFailed saying which variable is missing or wrong */
export function clientOf(environment: Environment): Client {
  const key = environment.HABEAS_KEY;
  if (key === undefined || key === '') {
    throw new RequestFailed(
      'Set HABEAS_KEY to an access key. The admin key was printed when the server first started.',
      0,
      'no-key',
    );
  }
  const url = environment.HABEAS_URL ?? 'http://127.0.0.1:3000';
  if (!URL.canParse(url))
    throw new RequestFailed('HABEAS_URL is not a URL, such as http://127.0.0.1:3000.', 0, 'no-url');
  return new Client(url, key);
}
