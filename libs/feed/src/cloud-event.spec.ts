/** A change as it is told: a CloudEvent by the letter of its specification. */
import fc from 'fast-check';
import type { ShownChange } from '#projections';
import { cloudEvent } from './cloud-event.js';
import { isBehind, placeOf } from './place.js';
import { changes } from './test-support/changes.js';

test('envelope and data', () => {
  const [fed] = fc.sample(changes, 1);
  if (fed === undefined) throw new Error('No change.');
  const { id, subject, cause, ...change } = fed.change;
  const shown: ShownChange = {
    subject: { ...subject, name: 'Somebody' },
    citations: [{ source: { kind: 'source', id: subject.id }, words: 'was released' }],
  };
  expect(cloudEvent(fed, shown, 'the-log')).toEqual({
    specversion: '1.0',
    type: 'org.habeas.status-change.v1',
    source: 'urn:habeas:log:the-log',
    id,
    subject: `${subject.kind}/${subject.id}`,
    time: fed.recordedAt,
    datacontenttype: 'application/json',
    dataschema: 'urn:habeas:schema:status-change:v1',
    sequence: expect.any(String),
    data: { ...change, subject: shown.subject, cause: { ...cause, citations: shown.citations } },
  });
});

test('no names but of small letters and digits, and sequences that have the order of changes as texts', () => {
  fc.assert(
    fc.property(changes, changes, (one, other) => {
      const [a, b] = [one, other].map((fed) =>
        cloudEvent(fed, { subject: fed.change.subject, citations: [] }, 'the-log'),
      );
      if (a === undefined || b === undefined) return;
      expect(Object.keys(a).filter((name) => !/^[a-z0-9]{1,20}$/.test(name))).toEqual([]);
      expect(a.sequence < b.sequence).toBe(isBehind(placeOf(other), placeOf(one)));
    }),
  );
});
