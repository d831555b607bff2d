/**
 * What of a connection string the client would get wrong. It is passed through to the client, which knows what it means; but the
 * client prints the whole of it, password included, when it meets an option that it does not know, and takes one option
 * that makes its answers wrong.
 */

/** A connection string that cannot be used. Its message never quotes what may be a secret. */
export class ConnectionStringError extends Error {
  constructor(why: string) {
    super(why);
    this.name = 'ConnectionStringError';
  }
}

const OPTIONS = [
  'tls',
  'tlsCAFile',
  'userCertFile',
  'userKeyFile',
  'nodePreference',
  'maxDiscoverAttempts',
  'discoveryInterval',
  'gossipTimeout',
  'connectionName',
  'defaultDeadline',
  'keepAliveInterval',
  'keepAliveTimeout',
  'throwOnAppendFailure',
];

/** The client reads names of options without regard to case, hyphens and underscores. */
const flat = (name: string): string => name.trim().toLowerCase().replace(/[_-]/g, '');

/** @throws ConnectionStringError */
export function checkConnectionString(text: string): void {
  if (!/^esdb(\+discover)?:\/\//.test(text.trim())) {
    throw new ConnectionStringError('It begins with esdb:// or esdb+discover://.');
  }
  const query = /\?(.*)$/s.exec(text)?.[1] ?? '';
  for (const option of query.split(/[&?]/).filter((part) => part !== '')) {
    const [name = '', value] = option.split('=', 2);
    const known = OPTIONS.find((one) => flat(one) === flat(name));
    if (flat(name) === 'tlsverifycert') {
      if (value?.trim() === 'true') continue;
      throw new ConnectionStringError(
        'It asks not to verify certificates (tlsVerifyCert), which the client cannot do. Name the authority in tlsCAFile.',
      );
    }
    if (known === undefined) {
      throw new ConnectionStringError(`It has an option that is not one of ${OPTIONS.join(', ')}.`);
    }
    if (known === 'throwOnAppendFailure' && value?.trim() !== 'true') {
      throw new ConnectionStringError(
        'It turns off throwOnAppendFailure, with which the client gives wrong revisions.',
      );
    }
  }
}
