#!/usr/bin/env node
// `npm run audit`: asks the registry for known vulnerabilities of what is installed beside the program (development tools are not),
// and fails on each that accepted-findings.json does not name, and on each that it names in vain.
//
// A finding is accepted by its advisory, with the reason: { "GHSA-xxxx-xxxx-xxxx": "why it does not reach us" }.
//
// Ends with 0: nothing is open; 1: something is; 3: the registry did not say. Of the packages for this, audit-ci and better-npm-audit
// were looked at: neither tells a registry that does not answer from one that has findings, nor minds what is accepted in vain.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const UNANSWERED = 3;

const accepted = JSON.parse(
  readFileSync(process.argv[2] ?? new URL('accepted-findings.json', import.meta.url), 'utf8'),
);

/** What npm says, or why it says nothing. npm tells its scripts where it lies itself. */
function ask() {
  const { npm_execpath: npm } = process.env;
  const [program, ...rest] = npm === undefined ? ['npm'] : [process.execPath, npm];
  const { stdout, error } = spawnSync(program, [...rest, 'audit', '--json', '--omit=dev'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error !== undefined) return { why: error.message };
  try {
    const { vulnerabilities, message } = JSON.parse(stdout);
    return vulnerabilities === undefined ? { why: message ?? 'no reason given' } : { vulnerabilities };
  } catch {
    return { why: 'npm gave no report' };
  }
}

/** Each advisory once. Packages that are concerned by way of others name those, and no advisory. */
function findingsIn(vulnerabilities) {
  const found = new Map();
  for (const { via } of Object.values(vulnerabilities)) {
    for (const { url, name, severity, title, range } of via.filter((one) => typeof one === 'object')) {
      found.set(url.split('/').pop(), `${severity}, ${name} ${range}: ${title} (${url})`);
    }
  }
  return found;
}

const { why, vulnerabilities } = ask();
if (vulnerabilities === undefined) {
  console.error(`Not audited: the registry did not answer (${why}). Run it where one does that knows advisories.`);
  process.exit(UNANSWERED);
}
const found = findingsIn(vulnerabilities);
const open = [...found].filter(([id]) => typeof accepted[id] !== 'string' || accepted[id] === '');
const vain = Object.keys(accepted).filter((id) => !found.has(id));
for (const [id, told] of open) console.error(`${id}: ${told}`);
for (const id of vain) console.error(`${id} is accepted, and is not found any more: remove it.`);
for (const [id, told] of found)
  if (!open.some(([each]) => each === id)) console.log(`Accepted: ${id}: ${accepted[id]} (${told})`);
if (open.length + vain.length > 0) process.exit(1);
console.log(`Nothing is open; ${found.size} accepted.`);
