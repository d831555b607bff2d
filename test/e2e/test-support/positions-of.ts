import { openSqliteKeyStore } from '#access';
import { Positions } from '../../../apps/api/src/http/tokens.js';
import { realRandomness } from '../../support/real.js';

/** The positions of the server that was last on this folder. */
export async function positionsOf(folder: string): Promise<Positions> {
  const keys = await openSqliteKeyStore({ folder, mode: 'read', randomness: realRandomness });
  const secret = await keys.findSecret('position');
  await keys.close();
  if (secret === undefined) throw new Error('No server has been on this folder.');
  return new Positions(secret);
}
