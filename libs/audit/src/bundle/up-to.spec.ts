/** What a bundle up to a ceiling leaves out, what the verifier accepts of that, and what not. */
import { type BundleManifest, FILES, textFile } from './format.js';
import { makeBundle, type MakeBundle } from './make.js';
import { shownOf, type UpTo } from './up-to.js';
import { verifyBundle } from './verify.js';
import { unzip } from './zip.js';
import {
  bundle,
  changed,
  changedLines,
  codec,
  type Files,
  forged,
  judged,
  making,
  PERSON,
  setUp,
  SOURCE,
  tearDown,
  text,
} from './test-support/made.js';

beforeAll(setUp);
afterAll(tearDown);

const nothing: UpTo = {
  ceiling: 'public',
  hidden: () => ({ ok: true, value: new Set() }),
  retold: () => Promise.resolve(new Map()),
};

describe('up to a ceiling', () => {
  let upTo: Files;
  /** The second event of the person, and with it the seq 5, is above it. */
  const visible = (): MakeBundle['evidence'] => ({
    ...making.evidence,
    streams: making.evidence.streams.map((one) => ({ ...one, events: one.events.filter(({ seq }) => seq !== 5) })),
  });
  beforeAll(async () => {
    upTo = unzip(await bundle({ evidence: visible(), upTo: nothing }), 2 ** 24);
  });
  const withManifest = (change: (manifest: Record<string, unknown>) => object, of = upTo): Files =>
    changed(
      { [FILES.manifest]: JSON.stringify(change(JSON.parse(text(FILES.manifest, of)) as Record<string, unknown>)) },
      of,
    );
  const of = (name: string, change: (lines: string) => string): Files =>
    changed({ [name]: change(text(name, upTo)) }, upTo);
  const ofAnyKey = { verifiers: undefined as never };

  test('what is missing is missing where the manifest says so, and all else is proved', () => {
    expect(judged(upTo)).toEqual([]);
    const { manifest, events } = verifyBundle({ files: upTo, codec });
    expect(events).toBe(7);
    expect(manifest).toMatchObject({ format: 2, ceiling: 'public', withheld: [] });
    expect(manifest.streams.map(({ gaps }) => gaps)).toEqual([[], [2], [], []]);
    expect(text(FILES.page, upTo)).not.toContain('no event up to the seal is missing');
  });

  test.each<[string, () => Files, readonly string[]]>([
    [
      'another event taken out',
      () => of(FILES.events, (lines) => lines.split('\n').toSpliced(2, 1).join('\n')),
      [
        'file-changed events.jsonl',
        expect.stringMatching(/^event-missing events.jsonl habeasPerson-.*: 1 events of 2$/),
        'event-missing events.jsonl seq 6',
      ],
    ],
    [
      'an event',
      () => of(FILES.events, (lines) => lines.replace('2018-11-20', '2018-11-21')),
      ['file-changed events.jsonl', 'hash-mismatch events.jsonl seq 6', 'not-in-seal proofs.jsonl seq 6'],
    ],
    [
      'the event behind a gap, put before it',
      () => of(FILES.events, (lines) => lines.replace(/^(.*\n)(.*\n)(.*\n)/, '$1$3$2')),
      ['file-changed events.jsonl', 'revision-gap events.jsonl seq 4'],
    ],
    [
      'a proof',
      () => of(FILES.proofs, (lines) => lines.replace(/(?<="path":\[")./, (one) => (one === 'A' ? 'B' : 'A'))),
      ['file-changed proofs.jsonl', 'not-in-seal proofs.jsonl seq 1'],
    ],
    [
      'what was told again',
      () => of(FILES.retold, () => '{"seq":6,"fields":{"/place":"elsewhere"}}\n'),
      ['file-changed retold.jsonl'],
    ],
    [
      'the ceiling',
      () => withManifest((same) => ({ ...same, ceiling: 'internal' })),
      ['manifest-changed manifest.json'],
    ],
    [
      'where something is missing',
      () =>
        withManifest((same) => ({
          ...same,
          streams: (same.streams as object[]).map((one) => ({ ...one, gaps: [] })),
        })),
      ['manifest-changed manifest.json', 'revision-gap events.jsonl seq 6'],
    ],
    [
      'a whole bundle, made to look as if it were up to a ceiling, and an event taken out',
      () => {
        const relabelled = withManifest(
          (same) => ({
            ...same,
            format: 2,
            ceiling: 'public',
            withheld: [],
            streams: (same.streams as { stream: string; events: number }[]).map((one) =>
              one.stream.includes(PERSON) ? { ...one, events: one.events - 1, gaps: [2] } : { ...one, gaps: [] },
            ),
          }),
          changedLines(FILES.events, (lines) => lines.toSpliced(2, 1)),
        );
        return changed({ [FILES.retold]: '' }, relabelled);
      },
      expect.arrayContaining(['manifest-changed manifest.json', 'file-changed events.jsonl']),
    ],
  ])('changed: %s; it is found and named', (_, change, faults) => {
    expect(judged(change())).toEqual(faults);
  });

  test('with a key of their own, nobody can leave out more than they say, and whoever asks for the key notices all of it', () => {
    const without = of(FILES.events, (lines) => lines.split('\n').toSpliced(4, 1).join('\n'));
    expect(judged(forged(without), ofAnyKey)).toEqual([
      expect.stringMatching(/^event-missing events.jsonl habeasSource-.*: 1 events of 2$/),
      'event-missing events.jsonl seq 3',
      'event-missing events.jsonl seq 3',
      `text-differs ${textFile(SOURCE)}`,
    ]);
    expect(
      judged(
        forged(upTo, (same) => ({ ...same, format: 1 })),
        ofAnyKey,
      ),
    ).toEqual(['revision-gap events.jsonl seq 6']);
    const backwards = of(FILES.events, (lines) => lines.replace(/^(.*\n)(.*\n)(.*\n)/, '$1$3$2'));
    const gapsAnywhere = (same: BundleManifest): BundleManifest => ({
      ...same,
      streams: same.streams.map((one) => ({ ...one, gaps: [0, 1, 2] })),
    });
    expect(judged(forged(backwards, gapsAnywhere), ofAnyKey)).toEqual(['revision-gap events.jsonl seq 4']);
    expect(judged(forged(upTo))).toEqual(['unknown-signer signature.txt', 'unknown-signer seal.txt']);
  });

  test('an event that names what is hidden is withheld', async () => {
    const asked: string[] = [];
    const naming = unzip(
      await bundle({
        upTo: {
          ...nothing,
          hidden: (ids) => {
            asked.push(...ids);
            return { ok: true, value: new Set([SOURCE]) };
          },
        },
      }),
      2 ** 24,
    );
    expect(asked).toContain(SOURCE);
    // All facts cite it.
    expect(judged(naming)).toEqual([]);
    expect(text(FILES.manifest, naming)).toContain(`"withheld": [\n  4,\n  5,\n  6,\n  7,\n  9\n ]`);
    expect(await makeBundle({ ...making, upTo: { ...nothing, hidden: () => refused } })).toBe(refused);
  });
});

test('one that tells again what others hold is not shown, whoever may see it', () => {
  const event = { seq: 1, stream: 's', revision: 0, id: PERSON, data: '{}', metadata: '{}' };
  const events = [
    { ...event, type: 'PersonEntered' },
    { ...event, type: 'PersonalDataRetold' },
  ];
  expect(shownOf(events, nothing)).toEqual({ ok: true, value: { shown: [events[0]], withheld: [] } });
  expect(shownOf(events, undefined)).toEqual({ ok: true, value: { shown: events, withheld: [] } });
});

const refused = { ok: false, error: { code: 'views-not-ready', detail: '' } } as const;
