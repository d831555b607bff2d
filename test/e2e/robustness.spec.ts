/**
 * Whatever the interface is sent, in the shapes that it describes or nearly so: it answers, never with a fault of its own,
 * and what it accepts, the views can take in and show for any moment.
 */
import fc from 'fast-check';
import { enterCase } from '../../apps/cli/src/demo/enter.js';
import { firstCase } from '../../apps/cli/src/demo/first-case.js';
import { draw, type OpenApi } from './test-support/described.js';
import { ADMIN_KEY, startServer } from './test-support/server.js';

type Draw = fc.GeneratorValue;

/** Posts that record nothing of a subject, or not one thing. */
const NO_RECORDING = new Set([
  '/v1/keys',
  '/v1/keys/{id}/rotations',
  '/v1/batch',
  '/v1/erasures/{id}/redactions',
  '/v1/erasures/{id}/kept',
  '/v1/seals',
  '/v1/stream-tickets',
  '/v1/views/rebuild',
  '/v1/views/skips',
  '/v1/webhooks',
  '/v1/webhooks/{id}/rotations',
  '/v1/webhooks/{id}/replay',
  '/v1/webhooks/{id}/redeliver',
  '/v1/webhooks/{id}/ping',
]);

test('it answers everything, and the views take in what it accepts', async () => {
  const server = await startServer();
  const { ids } = await enterCase(server.client, firstCase);
  const id = (name: string): string => ids.get(name) ?? '';
  const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as OpenApi;
  const subjects: Readonly<Record<string, string>> = {
    persons: id('vy'),
    groups: id('knlf'),
    statements: id('vy-statement'),
    sources: id('article'),
    cases: id('vy'),
  };
  const events = firstCase.filter(({ path }) => path.startsWith('/v1/persons/{vy}')).map(({ name }) => id(name));
  const known =
    (g: Draw) =>
    (field: string): string => {
      const one = (...among: readonly string[]): string => among[g(fc.nat, among.length - 1)] ?? '';
      if (field === 'sourceId' || field === 'other') return id('article');
      if (field === 'person') return one(id('vy'), id('serey'));
      if (field === 'group' || field === 'organisation' || field === 'into') return one(id('knlf'), id('interior'));
      return one(...events);
    };
  const headers = { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' };
  let accepted = 0;
  let last = '';
  try {
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (g) => {
        for (const [path, { post }] of Object.entries(document.paths)) {
          if (post === undefined || NO_RECORDING.has(path)) continue;
          const [, , plural = ''] = path.split('/');
          const body = draw(post.requestBody?.content['application/json']?.schema ?? {}, {
            chance: {
              nat: (max) => g(fc.nat, max),
              one: (among) => among[g(fc.nat, among.length - 1)] as (typeof among)[number],
            },
            schemas: document.components.schemas,
            known: known(g),
            oddOneIn: 100,
          });
          const address = server.url + path.replace('{id}', subjects[plural] ?? '');
          const response = await fetch(address, { method: 'POST', headers, body: JSON.stringify(body) });
          expect([path, response.status < 500]).toEqual([path, true]);
          if (response.status === 201) {
            accepted += 1;
            events.push(((await response.json()) as { event: string }).event);
            last = response.headers.get('habeas-position') ?? '';
          } else await response.body?.cancel();
        }
      }),
      { numRuns: 2, endOnFailure: true },
    );
    expect(accepted).toBeGreaterThan(50);
    for (const [plural, subject] of Object.entries(subjects).filter(([plural]) => plural !== 'cases')) {
      for (const query of [
        '',
        '&validAt=2018',
        '&validAt=../2018',
        '&knownAt=60',
        '&validAt=2018-01-01/2019&knownAt=80',
      ]) {
        const path = `/v1/${plural}/${subject}?minPosition=${last}${query}`;
        expect([path, (await fetch(server.url + path, { headers })).status]).toEqual([path, 200]);
      }
    }
    expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
  } finally {
    await server.end();
  }
}, 120_000);
