import fc from 'fast-check';
import { derivedId, isId, parseStreamName, streamCategory, streamName } from './ids.js';

describe('derived ids', () => {
  test('stay what they are: they are part of the stored form', () => {
    expect(derivedId('key:1 POST /v1/persons', 'k', 'subject')).toBe('826ed0fd-fa0d-5bb7-9b1e-289e50aa7637');
    expect(derivedId('key:1 POST /v1/persons', 'k', 0)).toBe('4d409e49-3a85-5699-88db-b6a4b591cc95');
  });

  test('differ wherever scope, key or index differ, also where their texts joined are the same', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (a, b, c, d) => {
        fc.pre(a !== c || b !== d);
        expect(derivedId(a, b, 0)).not.toBe(derivedId(c, d, 0));
      }),
    );
    expect(derivedId('ab', 'c', 0)).not.toBe(derivedId('a', 'bc', 0));
    expect(derivedId('a', 'b', 0)).not.toBe(derivedId('a', 'b', 1));
  });

  test('are ids in the one spelling that is stored', () => {
    expect(isId(derivedId('', '', 0))).toBe(true);
    expect(isId(derivedId('', '', 0).toUpperCase())).toBe(false);
    for (const other of ['', 'x', 7, undefined, '00000000-0000-0000-0000-00000000000']) expect(isId(other)).toBe(false);
  });
});

describe('names of streams', () => {
  test('hold category and id, both ways', () => {
    const id = derivedId('s', 'k', 0);
    expect(streamName('person', id)).toBe(`habeasPerson-${id}`);
    expect(parseStreamName(`habeasPerson-${id}`)).toEqual({ category: 'person', id });
    expect(parseStreamName('habeasLog-start')).toEqual({ category: 'log', id: 'start' });
    expect(streamCategory('source')).toBe('habeasSource');
  });

  test.each(['', 'habeas-1', 'habeasperson-1', 'person-1', '$stats-1', 'habeasPerson'])(
    '%p is no stream of ours',
    (name) => {
      expect(parseStreamName(name)).toBeUndefined();
    },
  );
});
