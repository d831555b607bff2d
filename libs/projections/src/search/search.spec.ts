/** Search over a record as it grows: what is found, in which order, how it is shown, and what is not found any more. */
import { DatabaseSync } from 'node:sqlite';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { derivedId, streamName } from '#kernel';
import type { SearchQuery, ViewsReader } from '../ports.js';
import { SCHEMA_VERSION } from '../schema.js';
import type { SearchHit, SearchPage, SubjectCategory } from '../shapes.js';
import { eventOf, firstCase, idOf } from '../test-support/first-case.js';
import { type Said, TestRecord, until } from '../test-support/record.js';
import { stories } from '../test-support/stories.js';

let record: TestRecord;
let reader: ViewsReader;
beforeEach(async () => {
  record = await TestRecord.create();
  ({ reader } = record.views());
});
afterEach(() => record.close());

const SOURCE = derivedId('search', 'source', 0);
const evidence = { basis: 'reported', confidence: 'medium', citations: [{ sourceId: SOURCE, locator: 'p. 1' }] };
let count = 0;

function id(name: string): string {
  return derivedId('search', name, 0);
}

function event(kind: SubjectCategory, subject: string, type: string, data: Said['data']): Said {
  return { kind, subject: id(subject), id: derivedId('search', 'event', count++), type, data };
}

function person(subject: string, ...names: readonly string[]): Said {
  return event('person', subject, 'PersonEntered', {
    names: names.map((text) => ({ text, kind: 'legal' })),
    citations: evidence.citations,
  });
}

function note(subject: string, text: string): Said {
  return event('person', subject, 'PersonArrested', { note: text, ...evidence });
}

function source(subject: string, title: string, text?: string): Said {
  const held = text === undefined ? {} : { text };
  return event('source', subject, 'SourceEntered', { type: 'article', title, lang: 'en', ...held });
}

async function say(...said: readonly Said[]): Promise<void> {
  await record.say(...said);
  for (const { kind, subject } of said) {
    expect(await reader.waitFor(streamName(kind, subject), record.revision(kind, subject), 5000, 'search')).toBe(true);
  }
}

function page(query: SearchQuery | string): SearchPage {
  const found = reader.search(typeof query === 'string' ? { q: query } : query);
  if (!found.ok) throw new Error(found.error.code);
  return found.value;
}

/** The names, or kinds, of what is found. */
function names(query: SearchQuery | string): readonly string[] {
  return page(query).items.map(({ name, kind }) => name ?? kind);
}

/** The highlighted words of the first match of each hit. */
function highlighted(query: SearchQuery | string): readonly (readonly string[])[] {
  return page(query).items.map(({ matches: [first] }) => wordsOf(first));
}

function wordsOf(match: SearchHit['matches'][number] | undefined): readonly string[] {
  const points = Array.from(match?.text ?? '');
  return (match?.highlights ?? []).map(({ start, end }) => points.slice(start, end).join(''));
}

describe('what is found', () => {
  test('names, statements, sources and notes of the first case, each in its field', async () => {
    await say(...firstCase.map(eventOf));
    expect(names('Thuy Vy')[0]).toBe('Thuy Vy');
    expect(page({ q: 'thumbprints', in: ['sources'] }).items).toMatchObject([
      { kind: 'source', id: idOf('article'), matches: [{ in: 'sources', field: '/text' }] },
    ]);
    const spoken = page({ q: 'welcome', in: ['statements', 'notes'] });
    expect(new Set(spoken.items.map(({ kind }) => kind))).toEqual(new Set(['statement']));
    expect(page({ q: 'mastermind', category: 'person' }).items).toMatchObject([
      { name: 'Sam Serey', matches: [{ in: 'notes', field: '/label', type: 'LabelApplied' }] },
    ]);
    expect(page('government').asOf).toEqual({ seq: firstCase.length + 1, complete: true });
  });

  test('any part of a name, of one character, of two and of more, in both scripts', async () => {
    await say(person('a', 'Sokhom Dara', 'សុខុម ដារ៉ា'), person('b', 'Bopha'));
    for (const part of [
      's',
      'k',
      'S',
      'ok',
      'kh',
      'om d',
      'dara',
      'hom Dar',
      'ស',
      'ដ',
      'សុ',
      'ខុ',
      'រា',
      'ម ដ',
      'សុខុម',
      'ខុម ដារា',
    ]) {
      expect([part, names(part)]).toEqual([part, ['Sokhom Dara']]);
    }
    for (const none of ['z', 'zz', 'dd', 'sokhomdara', 'ឆ', 'ដស', 'រាម'])
      expect([none, names(none)]).toEqual([none, []]);
    expect(names('a')).toEqual(['Bopha', 'Sokhom Dara']);
  });

  test('accents and letter case do not matter, whichever side has them; nor zero-width spaces and digits of Khmer', async () => {
    await say(
      person('a', 'Sérèy ĐÌNH'),
      person('b', 'Serey Dinh'),
      note('a', 'ថ្ងៃទី\u200b១៧ ខែ\u200bឧសភា ឆ្នាំ\u200b២០១៧'),
    );
    for (const q of ['serey dinh', 'SÉRÈY', 'đình', 'Sereÿ'])
      expect(names(q).toSorted()).toEqual(['Serey Dinh', 'Sérèy ĐÌNH']);
    expect(highlighted({ q: 'ខែឧសភា ឆ្នាំ2017', in: ['notes'] })).toEqual([['ខែ\u200bឧសភា ឆ្នាំ\u200b២០១៧']]);
  });

  test('nothing in what is searched for is an operator', async () => {
    await say(
      person('a', 'Dara'),
      note('a', 'He said "never" NEAR(the gate) OR 100% *free* -- c:\\d; ^x {y} + z'),
      person('b', 'Sok'),
      note('b', 'never near the gate, 100 free'),
    );
    for (const q of [
      '"never"',
      '*free*',
      '"',
      '*',
      '^',
      'NEAR(',
      'OR 100%',
      '%',
      'c:\\d',
      '{y} +',
      '*f',
      '"n',
      ') or',
      'never" near(',
    ]) {
      expect([q, names(q)]).toEqual([q, ['Dara']]);
    }
    for (const q of ['never OR near', 'free NOT x', 'nev*', 'folded:never', '"never" AND "free"'])
      expect([q, names(q)]).toEqual([q, []]);
    expect(names('never')).toEqual(['Sok', 'Dara']);
  });

  test('only what stands together, however many parts of it stand apart', async () => {
    await say(person('a', 'A'), note('a', 'abcX cdeX efgX fghX'));
    for (const [q, found] of [
      ['abcdefgh', []],
      ['abcde', []],
      ['dex efg', ['A']],
    ] as const) {
      expect([q, names(q)]).toEqual([q, found]);
    }
  });

  test('a query in another normal form than texts are kept in', async () => {
    await say(person('a', '한국어', 'Sérey'));
    for (const q of ['한국'.normalize('NFD'), 'Sére'.normalize('NFD')]) expect(names(q)).toEqual(['한국어']);
  });

  test('a text of a source that came in several parts, also across their border', async () => {
    const filler = 'lorem ipsum '.repeat(400);
    await say(
      source('s', 'A long paper', `${filler}the first witn`),
      event('source', 's', 'SourceTextContinued', { text: `ess spoke 𝕢uietly. ${filler}` }),
      event('source', 's', 'SourceTextContinued', { text: 'The end.' }),
    );
    const [hit] = page('first witness').items;
    const [match] = hit?.matches ?? [];
    expect(wordsOf(match)).toEqual(['first witness']);
    // As positions of citations are counted.
    expect((match?.start ?? 0) + (match?.highlights[0]?.start ?? 0)).toBe(filler.length + 4);
    expect(highlighted('uietly')).toEqual([['uietly']]);
    expect(page('ipsum lorem').items).toHaveLength(1);
    expect(highlighted('the end')).toEqual([['The end']]);
  });
});

describe('spellings', () => {
  test('whoever is called just this is found in texts by another name too, after the texts that say it', async () => {
    await say(
      person('vy', 'ធុយ វី', 'Thuy Vy'),
      person('other', 'Sok'),
      note('other', 'Seen with thuy-vy in May.'),
      source('km', 'បទសម្ភាសន៍', 'លោក\u200bធុយ\u200b វី\u200bបាន\u200bនិយាយ'),
      source('en', 'Interview', 'Mr Thuy Vyong spoke; Thuy Vy listened.'),
      note('other', 'Not about bathuy vy.'),
    );
    const byKhmer = page('ធុយ វី');
    expect(byKhmer.spellings).toEqual([{ text: 'Thuy Vy', of: { kind: 'person', id: id('vy'), name: 'ធុយ វី' } }]);
    expect(byKhmer.items.map(({ name, spelling }) => [name, spelling?.text])).toEqual([
      ['ធុយ វី', undefined],
      ['បទសម្ភាសន៍', undefined],
      ['Interview', 'Thuy Vy'],
      ['Sok', 'Thuy Vy'],
    ]);
    expect(byKhmer.items[3]).toMatchObject({ matchCount: 1 });
    expect(wordsOf(byKhmer.items[3]?.matches[0])).toEqual(['thuy-vy']);
    expect(names('Thuy Vy')).toEqual(['ធុយ វី', 'Interview', 'Sok', 'បទសម្ភាសន៍']);
    expect(page('Thuy').spellings).toEqual([]);
  });
});

describe('ranks', () => {
  test('names before titles before other texts; whole, beginning, word, part; the latest first', async () => {
    await say(
      person('n1', 'First'),
      note('n1', 'An amok cook.'),
      person('part', 'Kosamoki'),
      person('word', 'Vann Amoka'),
      person('old', 'Amokan'),
      person('new', 'Amokal'),
      person('whole', 'AMOK'),
      event('group', 'g', 'GroupEntered', {
        names: [{ text: 'Ámok', kind: 'legal' }],
        kind: 'party',
        citations: evidence.citations,
      }),
      source('in-title', 'Hamokin'),
      source('title', 'On amok'),
      person('n2', 'Second'),
      note('n2', 'He saw hamok.'),
      person('n3', 'Third'),
      note('n3', 'He saw amok.'),
    );
    const order = [
      'Ámok',
      'AMOK',
      'Amokal',
      'Amokan',
      'Vann Amoka',
      'Kosamoki',
      'On amok',
      'Hamokin',
      'Third',
      'First',
      'Second',
    ];
    expect(names('amok')).toEqual(order);
    expect(page('amok').items.map(({ matches: [first] }) => first?.how)).toEqual([
      'whole',
      'whole',
      'beginning',
      'beginning',
      'word',
      'part',
      'word',
      'part',
      'word',
      'word',
      'part',
    ]);
    const paged: string[] = [];
    let cursor: string | undefined;
    do {
      const next = page({ q: 'Amok', limit: 2, ...(cursor !== undefined && { cursor }) });
      paged.push(...next.items.map(({ name = '' }) => name));
      cursor = next.next;
    } while (cursor !== undefined);
    expect(paged).toEqual(order);
  });

  test('a subject is shown once, with its best texts and how many there are', async () => {
    await say(person('a', 'Amok', 'Amok Dara'), ...['one', 'two', 'three'].map((text) => note('a', `amok ${text}`)));
    expect(page('amok').items).toMatchObject([
      {
        name: 'Amok',
        matchCount: 5,
        matches: [{ how: 'whole' }, { how: 'beginning' }, { field: '/note', text: 'amok three' }],
      },
    ]);
  });

  test('pages stay as they were while rows are added', async () => {
    for (let n = 0; n < 6; n++) await say(person(`p${n}`, `Amok ${n}`));
    const first = page({ q: 'amok', limit: 2 });
    await say(
      person('late', 'Amok'),
      note('p0', 'amok'),
      event('person', 'p1', 'NameAsserted', { name: { text: 'Amok', kind: 'alias' }, ...evidence }),
    );
    const second = page({ q: 'amok', limit: 3, cursor: first.next ?? '' });
    const third = page({ q: 'amok', limit: 3, cursor: second.next ?? '' });
    expect([first, second, third].flatMap(({ items }) => items.map(({ name }) => name))).toEqual(
      [5, 4, 3, 2, 1, 0].map((n) => `Amok ${n}`),
    );
    expect(third.next).toBeUndefined();
    expect(names('amok').slice(0, 2)).toEqual(['Amok 1', 'Amok']);
  });
});

describe('highlights', () => {
  test('every place in the part that is shown, in code points of it', async () => {
    await say(person('a', 'A'), note('a', '𝕢 Séréy, serey; x\u0323serey'));
    const [hit] = page('serey').items;
    expect(hit?.matches[0]?.highlights).toEqual([
      { start: 2, end: 7 },
      { start: 9, end: 14 },
    ]);
    expect(highlighted('x')).toEqual([['x\u0323']]);
  });

  test('in the original characters, where several stand for one and one for several', async () => {
    await say(person('a', 'Straße Æsir o’neil', 'ចាន់ ស្រ្តី'));
    expect(highlighted('asse')).toEqual([['aße']]);
    expect(highlighted('aes')).toEqual([['Æs']]);
    expect(highlighted('oneil')).toEqual([['o’neil']]);
    expect(highlighted('ចាន ស្ត្រី')).toEqual([['ចាន់ ស្រ្តី']]);
  });

  test('a long text is shown around the words', async () => {
    await say(person('a', 'A'), note('a', `${'before it '.repeat(100)}needle ${'after it '.repeat(100)}`));
    const match = page('needle').items[0]?.matches[0];
    expect(wordsOf(match)).toEqual(['needle']);
    expect(match?.text.length).toBeLessThan(260);
    expect((match?.start ?? 0) + (match?.highlights[0]?.start ?? 0)).toBe(1000);
  });
});

describe('what does not stand any more', () => {
  test('a corrected text is found, the one that it replaced is not; and the other way when the correction is withdrawn', async () => {
    const told = note('a', 'told wrongly');
    const { note: _, ...rest } = told.data;
    const correction = event('person', 'a', 'FactCorrected', {
      fact: told.id,
      reason: 'misheard',
      data: { ...rest, note: 'told rightly' },
      factType: { type: told.type, schemaVersion: 1 },
      citations: evidence.citations,
    });
    await say(person('a', 'A'), told);
    expect(names('wrongly')).toEqual(['A']);
    await say(correction);
    expect(names('wrongly')).toEqual([]);
    expect(page('rightly').items[0]?.matches).toMatchObject([
      { event: told.id, type: 'PersonArrested', field: '/note' },
    ]);
    expect(page('misheard').items[0]?.matches).toMatchObject([{ event: correction.id, field: '/reason' }]);
    await say(event('person', 'a', 'FactRetracted', { fact: correction.id, reason: 'it was right' }));
    expect(names('wrongly')).toEqual(['A']);
    expect([...names('rightly'), ...names('misheard')]).toEqual([]);
  });

  test('a withdrawn fact, a withdrawn name and a dispute that was upheld', async () => {
    const alias = event('person', 'a', 'NameAsserted', { name: { text: 'Nobody', kind: 'alias' }, ...evidence });
    const told = note('a', 'something doubtful');
    const dispute = event('person', 'a', 'FactDisputed', { fact: told.id, kind: 'denied', reason: 'he denies' });
    await say(person('a', 'A'), alias, told, dispute);
    expect([names('nobody'), names('doubtful'), names('he denies')]).toEqual([['A'], ['A'], ['A']]);
    await say(
      event('person', 'a', 'FactRetracted', { fact: alias.id, reason: 'another one' }),
      event('person', 'a', 'DisputeSettled', {
        fact: told.id,
        dispute: dispute.id,
        outcome: 'upheld',
        reason: 'proved',
      }),
    );
    expect([names('nobody'), names('doubtful'), names('proved')]).toEqual([[], [], ['A']]);
  });

  test('details of a source that were corrected', async () => {
    await say(
      source('s', 'Old title', 'Words.'),
      event('source', 's', 'SourceDetailsCorrected', { title: 'New title', reason: 'misprint' }),
    );
    expect([names('old title'), names('new title'), names('words')]).toEqual([[], ['New title'], ['New title']]);
  });
});

describe('refusals', () => {
  test.each([
    ['empty-query', { q: '' }],
    ['empty-query', { q: ' - ' }],
    ['query-too-long', { q: 'x'.repeat(201) }],
    ['unknown-search-field', { q: 'x', in: ['name'] as never }],
    ['unknown-search-field', { q: 'x', in: [] }],
    ['invalid-limit', { q: 'x', limit: 101 }],
    ['invalid-cursor', { q: 'x', cursor: 'x' }],
  ])('%s', async (code, query: SearchQuery) => {
    await say(person('a', 'A'));
    expect(reader.search(query)).toMatchObject({ ok: false, error: { code } });
  });

  test('a cursor of another search', async () => {
    await say(person('a', 'Amok 1'), person('b', 'Amok 2'));
    const { next = '' } = page({ q: 'amok', limit: 1 });
    expect(reader.search({ q: 'AMOK', limit: 1, cursor: next })).toMatchObject({ ok: true });
    for (const other of [
      { q: 'amo' },
      { q: 'amok', in: ['names'] as const },
      { q: 'amok', category: 'person' as const },
    ]) {
      expect(reader.search({ ...other, cursor: next })).toMatchObject({ ok: false, error: { code: 'other-list' } });
    }
  });
});

/** Stories with words of their own in each event. */
const told = stories(25).map((story) =>
  story.map((said, n): Said => {
    const words = `note ${n} 'of' ${said.type}`;
    if (said.type === 'FactCorrected')
      return { ...said, data: { ...said.data, data: { ...(said.data.data as object), note: words } } };
    return 'basis' in said.data ? { ...said, data: { ...said.data, note: words } } : said;
  }),
);

function rows(folder: string): unknown {
  const file = readFileSync(join(folder, `views-${SCHEMA_VERSION}.current`), 'utf8');
  const db = new DatabaseSync(join(folder, file), { readOnly: true });
  try {
    return db.prepare('SELECT * FROM search_texts ORDER BY row').all();
  } finally {
    db.close();
  }
}

test('built at once or event by event, it holds the same texts and answers the same', async () => {
  await fc.assert(
    fc.asyncProperty(told, async (story) => {
      await record.close();
      record = await TestRecord.create();
      ({ reader } = record.views());
      for (const said of story) await say(said);
      const folder = record.subfolder('again');
      const again = record.views(folder);
      await until(() => {
        const found = again.reader.search({ q: 'x' });
        return found.ok && found.value.asOf.complete && found.value.asOf.seq === story.length + 1;
      });
      expect(rows(folder)).toEqual(rows(record.folder));
      for (const q of ['note', 'e', 'no', 'name', 'because', '1']) {
        expect(again.reader.search({ q, limit: 3 })).toEqual(reader.search({ q, limit: 3 }));
      }
    }),
    { numRuns: 6, endOnFailure: true },
  );
}, 30_000);

const grapheme = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 });

test('every part of every text that stands is found', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(grapheme, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 5 }),
      fc.nat(),
      fc.nat(),
      async (texts, a, b) => {
        await record.close();
        record = await TestRecord.create();
        ({ reader } = record.views());
        await say(person('a', 'A'), ...texts.map((text) => note('a', text.join(''))));
        for (const text of texts) {
          const [from, to = 0] = [a % text.length, b % text.length].sort((one, other) => one - other);
          const found = reader.search({ q: text.slice(from, to + 1).join(''), in: ['notes'] });
          if (found.ok) expect(found.value.items).toHaveLength(1);
          else expect(found.error.code).toBe('empty-query');
        }
      },
    ),
    { numRuns: 10, endOnFailure: true },
  );
}, 30_000);
