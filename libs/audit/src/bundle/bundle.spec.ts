/** A bundle that holds everything: what it proves, and whatever is done to it. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { streamName } from '#kernel';
import { holding } from '../../../../test/support/fixed.js';
import { writeCheckpoint } from '../checkpoint.js';
import { readVerifierKey } from '../note.js';
import { sealSigner } from '../sealing.js';
import { FILES, textFile } from './format.js';
import { makeBundle } from './make.js';
import { verifyBundle } from './verify.js';
import { unzip, zip } from './zip.js';
import {
  allTexts,
  bundle,
  changed,
  changedLines,
  codec,
  type Files,
  files,
  forged,
  judged,
  keptSeal,
  key,
  linesOf,
  made,
  making,
  PERSON,
  setUp,
  SOURCE,
  tearDown,
  text,
  TEXT,
} from './test-support/made.js';

beforeAll(setUp);
afterAll(tearDown);

test('a bundle is whole, and says what is proved', () => {
  const found = verifyBundle({ files, codec, verifiers: [readVerifierKey(key)!], kept: [keptSeal()] });
  expect(found).toMatchObject({ events: 8, opened: 6, closed: 0, texts: 1, faults: [], root: making.seal.root });
});

test('the same evidence gives the same bytes', async () => {
  expect(Buffer.compare(await bundle(), made)).toBe(0);
});

test('it holds the text, what was sealed, and nothing of anybody else', () => {
  expect(text(textFile(SOURCE))).toBe(TEXT);
  expect(text(FILES.opened)).toContain('Thuy Vy');
  expect(
    Object.keys((JSON.parse(text(FILES.schemas)) as { components: { schemas: object } }).components.schemas),
  ).toEqual(expect.arrayContaining(['PersonArrested', 'PersonReleased', 'SourceEntered', 'Citation']));
  expect(allTexts(files)).not.toMatch(/nothing to do with it|PersonCharged/);
});

test('the page shows words as they are, and runs nothing', () => {
  const page = text(FILES.page);
  expect(page).toContain('Vy was arrested in Phnom Penh.');
  expect(page).toContain('Phnom Penh &#60;script&#62;');
  expect(page).toContain('<h1 dir="auto">Vy &#38; &#60;i&#62;</h1>');
  expect(page).not.toMatch(/<(script|i|report)\b|javascript:|src=|https?:/);
  expect([...page.matchAll(/href="([^"]*)"/g)].every(([, to]) => /^(#|sources\/)/.test(to!))).toBe(true);
});

test('where the keys are gone, the rest is proved all the same', async () => {
  const erased = unzip(await bundle({ keys: holding() }), 2 ** 24);
  expect(text(FILES.page, erased).match(/personal fields were erased/g)).toHaveLength(6);
  expect(allTexts(erased)).not.toMatch(/Thuy Vy|Phnom Penh|arrested in/);
  const found = verifyBundle({ files: erased, codec });
  expect(found).toMatchObject({ opened: 0, closed: 6, texts: 0, faults: [] });
});

const edited = (name: string, at: number, from: string | RegExp, to: string | ((found: string) => string)): Files =>
  changedLines(name, (lines) =>
    lines.map((line, index) =>
      index === at ? line.replace(from, (found) => (typeof to === 'string' ? to : to(found))) : line,
    ),
  );

/** Lines of events: 0 the log's start, 1 to 3 the person's, 4 and 5 the source's, 6 and 7 of another; seqs are 1, 4, 5, 6, 2, 3, 7, 9. */
test.each<[string, () => Files, readonly string[]]>([
  [
    'a byte of an event',
    () => edited(FILES.events, 2, '2017-05', '2017-06'),
    ['file-changed events.jsonl', 'hash-mismatch events.jsonl seq 5', 'not-in-seal proofs.jsonl seq 5'],
  ],
  [
    'a missing event',
    () => changedLines(FILES.events, (lines) => lines.toSpliced(2, 1)),
    [
      'file-changed events.jsonl',
      'revision-gap events.jsonl seq 6',
      expect.stringMatching(/^event-missing events.jsonl habeasPerson-.*: 2 events of 3$/),
      'event-missing events.jsonl seq 5',
      'event-missing events.jsonl seq 5',
    ],
  ],
  [
    'a missing last event',
    () => changedLines(FILES.events, (lines) => lines.toSpliced(3, 1)),
    ['file-changed events.jsonl', expect.stringMatching(/: 2 events of 3$/), 'event-missing events.jsonl seq 6'],
  ],
  [
    'an event of a part of a stream',
    () => edited(FILES.events, 7, '"revision":2', '"revision":1'),
    ['file-changed events.jsonl', 'prev-mismatch events.jsonl seq 9', 'not-in-seal proofs.jsonl seq 9'],
  ],
  [
    'an event put in twice',
    () => changedLines(FILES.events, (lines) => [...lines, lines[3] ?? '']),
    ['file-changed events.jsonl', 'malformed-line events.jsonl line 9'],
  ],
  [
    'two events swapped',
    () => changedLines(FILES.events, ([a, b, c, d, ...rest]) => [a!, b!, d!, c!, ...rest]),
    ['file-changed events.jsonl', 'revision-gap events.jsonl seq 6', 'revision-gap events.jsonl seq 5'],
  ],
  [
    'two seqs swapped',
    () =>
      changedLines(FILES.events, (lines) =>
        lines.map((line, at) =>
          at === 2 ? line.replace('"seq":5', '"seq":6') : at === 3 ? line.replace('"seq":6', '"seq":5') : line,
        ),
      ),
    expect.arrayContaining(['not-in-seal proofs.jsonl seq 6', 'not-in-seal proofs.jsonl seq 5']),
  ],
  [
    'a line that is none',
    () => edited(FILES.events, 2, '{', ''),
    expect.arrayContaining(['malformed-line events.jsonl line 3', 'event-missing events.jsonl seq 5']),
  ],
  [
    'a name put in place of another',
    () => edited(FILES.opened, 0, 'Thuy Vy', 'Thuy Vi'),
    ['file-changed opened.jsonl', 'box-does-not-open opened.jsonl seq 4'],
  ],
  [
    'what was sealed in another event',
    () => changedLines(FILES.opened, ([, b, ...rest]) => [b!.replace('"seq":5', '"seq":4'), b!, ...rest]),
    ['file-changed opened.jsonl', 'box-does-not-open opened.jsonl seq 4'],
  ],
  [
    'a text of a source put in place of another',
    () => changed({ [textFile(SOURCE)]: TEXT.replace('arrested', 'acquitted') }),
    [`file-changed ${textFile(SOURCE)}`, `text-differs ${textFile(SOURCE)}`],
  ],
  [
    'a text and what was sealed of it',
    () =>
      changed({
        ...Object.fromEntries(edited(FILES.opened, 3, 'released', 'acquitted')),
        [textFile(SOURCE)]: TEXT.replace('released', 'acquitted'),
      }),
    expect.arrayContaining(['box-does-not-open opened.jsonl seq 3', `file-changed ${textFile(SOURCE)}`]),
  ],
  [
    'a missing text',
    () => changed({ [textFile(SOURCE)]: undefined }),
    [`file-missing ${textFile(SOURCE)}`, `text-differs ${textFile(SOURCE)}`],
  ],
  [
    'a proof',
    // Another letter whatever stands there: hashes differ from run to run.
    () => edited(FILES.proofs, 2, /(?<="path":\[")./, (letter) => (letter === 'A' ? 'B' : 'A')),
    ['file-changed proofs.jsonl', 'not-in-seal proofs.jsonl seq 5'],
  ],
  [
    'a missing proof',
    () => changedLines(FILES.proofs, (lines) => lines.toSpliced(2, 1)),
    ['file-changed proofs.jsonl', 'proof-missing proofs.jsonl seq 5'],
  ],
  ['the page', () => changed({ [FILES.page]: 'He was acquitted.' }), ['file-changed index.html']],
  ['what the record said', () => changed({ [FILES.record]: '{}' }), ['file-changed record.json']],
  ['a file more', () => changed({ 'sources/x.txt': 'more' }), ['file-unknown sources/x.txt']],
  [
    'the manifest',
    () => changed({ [FILES.manifest]: text(FILES.manifest).replace('"whole": true', '"whole": false') }),
    ['manifest-changed manifest.json'],
  ],
  ['no signature', () => changed({ [FILES.signature]: undefined }), ['malformed-note signature.txt']],
  [
    'the seal',
    () => changed({ [FILES.seal]: making.seal.checkpoint.replace('\n9\n', '\n8\n') }),
    ['file-changed seal.txt', 'wrong-signature seal.txt'],
  ],
  [
    'a seal of the same key over other events',
    () => changed({ [FILES.seal]: otherSeal({ root: new Uint8Array(32) }) }),
    expect.arrayContaining([
      'file-changed seal.txt',
      ...[1, 4, 5, 6, 2, 3, 7, 9].map((seq) => `not-in-seal proofs.jsonl seq ${seq}`),
    ]),
  ],
  [
    'a seal of another size',
    () => changed({ [FILES.seal]: otherSeal({ size: 8 }) }),
    ['file-changed seal.txt', 'other-seal seal.txt'],
  ],
  [
    'a seal of another log',
    () => changed({ [FILES.seal]: otherSeal({ logId: PERSON }) }),
    ['file-changed seal.txt', 'unknown-signer seal.txt'],
  ],
])('changed: %s; it is found and named', (_, change, faults) => {
  expect(judged(change())).toEqual(faults);
});

/** By the key of the log, or, of another log, by the key of that one. */
function otherSeal(changes: object): string {
  const checkpoint = keptSeal(changes);
  return writeCheckpoint(checkpoint, sealSigner(checkpoint.logId, new Uint8Array(32).fill(7)));
}

test('whoever makes all of it anew with a key of their own passes, unless it is asked whose it is', () => {
  const forgery = forged(changed({ [FILES.page]: 'He was acquitted.' }));
  expect(judged(forgery, { verifiers: undefined as never })).toEqual([]);
  expect(judged(forgery)).toEqual(['unknown-signer signature.txt', 'unknown-signer seal.txt']);
});

test('with a key of their own, nobody can change an event or what was sealed in it', () => {
  const ofAnyKey = { verifiers: undefined as never };
  const event = linesOf(FILES.events)[2]!;
  // The hash is made to fit as well.
  const read = JSON.parse(event.replace('2017-05', '2017-06'));
  const { hash: _, ...metadata } = read.metadata;
  const { seq, ...rest } = read;
  const covered = {
    data: rest.data,
    id: rest.id,
    logId: making.logId,
    metadata,
    revision: rest.revision,
    stream: rest.stream,
    type: rest.type,
    v: 1,
  };
  const hash = createHash('sha256').update(JSON.stringify(covered)).digest('hex');
  const rewritten = JSON.stringify({ seq, ...rest, metadata: { ...read.metadata, hash } });
  expect(judged(forged(edited(FILES.events, 2, event, rewritten)), ofAnyKey)).toEqual([
    'prev-mismatch events.jsonl seq 6',
    'not-in-seal proofs.jsonl seq 5',
  ]);
  expect(judged(forged(edited(FILES.opened, 0, 'Thuy Vy', 'Thuy Vi')), ofAnyKey)).toEqual([
    'box-does-not-open opened.jsonl seq 4',
  ]);
  // Nor leave the subject's own stream out.
  const without = changedLines(FILES.events, (lines) => lines.filter((line) => !line.includes(PERSON)));
  expect(
    judged(
      forged(without, (same) => ({ ...same, streams: same.streams.filter(({ stream }) => !stream.includes(PERSON)) })),
      ofAnyKey,
    ),
  ).toEqual(expect.arrayContaining([`event-missing events.jsonl ${streamName('person', PERSON)}`]));
});

test('a seal that was kept', () => {
  const other = new Uint8Array(32);
  expect(judged(files, { kept: [keptSeal({ root: other })] })).toEqual(['kept-root-mismatch seal.txt']);
  expect(judged(files, { kept: [keptSeal({ logId: PERSON })] })).toEqual(['kept-other-log seal.txt']);
  expect(() => judged(files, { kept: [keptSeal({ size: 3 })] })).toThrow(/with --size 3/);
});

test('whichever byte of whichever file is changed, it is noticed', () => {
  fc.assert(
    fc.property(fc.constantFrom(...files.keys()), fc.nat(), fc.integer({ min: 1, max: 255 }), (name, at, by) => {
      const bytes = Uint8Array.from(files.get(name)!);
      bytes[at % bytes.length]! ^= by;
      let noticed: unknown;
      try {
        noticed = judged(changed({ [name]: bytes }));
      } catch (error) {
        noticed = (error as Error).name;
      }
      expect(noticed).not.toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test.each<[string, Uint8Array]>([
  ['nothing', new Uint8Array()],
  ['a text', Buffer.from('PK'.repeat(1_000))],
  ['half of it', Buffer.from([1])],
])('%s is no zip file', (what, bytes) => {
  expect(() => unzip(what === 'half of it' ? made.subarray(0, made.length / 2) : bytes, 2 ** 24)).toThrow(
    'no zip file',
  );
});

test('a zip file that is larger than it may be, or has two files of one name, is not unpacked', () => {
  expect(() => unzip(made, 2 ** 10)).toThrow(/holds more than/);
  const twice = Buffer.concat([
    ...zip([
      { name: 'a', bytes: Buffer.of(1) },
      { name: 'a', bytes: Buffer.of(2) },
    ]),
  ]);
  expect(() => unzip(twice, 2 ** 10)).toThrow(/the same name/);
});

test('a zip file of something else is no bundle', () => {
  expect(() => judged(changed({ [FILES.manifest]: '{"format":2}' }))).toThrow(/no evidence bundle/);
  expect(() => judged(new Map())).toThrow(/no evidence bundle/);
});

test('what is too much for a bundle is refused', async () => {
  const events = Array.from({ length: 20_001 }, (_, revision) => ({ seq: revision + 1, revision }));
  const evidence = { ...making.evidence, streams: [{ stream: 'x', whole: true, events }] };
  expect(await makeBundle({ ...making, evidence })).toMatchObject({ ok: false, error: { code: 'bundle-too-large' } });
});
