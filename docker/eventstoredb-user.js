/**
 * Makes the user of HABEAS_LOG in an EventStoreDB, with the password that stands there, and lets it read `$all`: what Habeas needs, and
 * no administrator's rights. May be run again: the password becomes the one in the connection string.
 *
 *     HABEAS_LOG_FILE=… EVENTSTOREDB_ADMIN_PASSWORD_FILE=… node docker/eventstoredb-user.js
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { EventStoreDBClient } from '@eventstore/db-client';

/** How long the cluster may take to elect a leader, and how long one request may take. */
const PATIENCE_MS = 60_000;
const REQUEST_MS = 10_000;

function fromFile(name) {
  const file = process.env[name];
  if (file === undefined) throw new Error(`${name} is not set.`);
  return readFileSync(file, 'utf8').trim();
}

/** One request as the administrator. Resolves with the status; what came with it is of no use here. */
function ask({ host, ca, adminPassword }, method, path, body) {
  return new Promise((resolve, reject) => {
    const sent = request(`https://${host}${path}`, {
      method,
      ca,
      auth: `admin:${adminPassword}`,
      headers: { 'content-type': 'application/json' },
      timeout: REQUEST_MS,
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer in time')));
    sent.on('error', reject);
    sent.on('response', (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    sent.end(JSON.stringify(body));
  });
}

async function ensureUser(server, user, password) {
  const created = await ask(server, 'POST', '/users/', { loginName: user, fullName: 'Habeas', groups: [], password });
  if (created === 201) return 'made';
  if (created !== 409) throw new Error(`EventStoreDB answers ${created} when the user is made.`);
  const set = await ask(server, 'POST', `/users/${user}/command/reset-password`, { newPassword: password });
  if (set !== 200) throw new Error(`EventStoreDB answers ${set} when the password is set.`);
  return 'there already; its password is set';
}

/** Ordinary users may read and write ordinary streams; `$all` is for administrators unless it says otherwise. */
async function allowReadingAll(connectionString, user) {
  const client = EventStoreDBClient.connectionString(connectionString);
  try {
    await client.setStreamMetadata('$all', { acl: { readRoles: ['$admins', user] } }, { deadline: REQUEST_MS });
  } finally {
    await client.dispose();
  }
}

const log = fromFile('HABEAS_LOG_FILE');
const parts =
  /^(?<scheme>esdb(?:\+discover)?:\/\/)(?<user>[\w-]+):(?<password>[^:@/]+)@(?<rest>(?<host>[^,/?]+).*)$/.exec(
    log,
  )?.groups;
const caFile = /[?&]tlsCAFile=([^&]+)/.exec(log)?.[1];
if (parts === undefined || caFile === undefined) {
  throw new Error('HABEAS_LOG_FILE does not hold esdb://user:password@host:port,…?tlsCAFile=…');
}
const adminPassword = fromFile('EVENTSTOREDB_ADMIN_PASSWORD_FILE');
const asAdmin = `${parts.scheme}admin:${encodeURIComponent(adminPassword)}@${parts.rest}`;
const server = { host: parts.host, ca: readFileSync(caFile), adminPassword };

for (const end = Date.now() + PATIENCE_MS; ;) {
  try {
    const outcome = await ensureUser(server, parts.user, decodeURIComponent(parts.password));
    await allowReadingAll(asAdmin, parts.user);
    console.log(`The user ${parts.user} is ${outcome}, and may read $all.`);
    break;
  } catch (error) {
    if (Date.now() > end) throw error;
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}
process.exit(0);
