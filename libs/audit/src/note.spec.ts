import { createSigner, openNote, readVerifierKey, signNote } from './note.js';

// The example of the specification.
const KEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const NOTE = `This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`;

const verifier = readVerifierKey(KEY)!;
const signer = createSigner('habeas/log/x', new Uint8Array(32).fill(7));
const own = readVerifierKey(signer.verifierKey)!;

describe('a signed note', () => {
  test('of the specification is believed by its key', () => {
    expect(openNote(NOTE, [verifier])).toMatchObject({ text: 'This is an example message.\n', fault: undefined });
  });

  test('is believed by the key of whoever signed it, and by nobody else', () => {
    const note = signNote('one\n\ntwo — “three”\n', signer);
    expect(openNote(note, [own, verifier])).toMatchObject({ text: 'one\n\ntwo — “three”\n', fault: undefined });
    expect(openNote(note, [verifier]).fault).toBe('unknown-signer');
    expect(openNote(note, []).fault).toBe('unknown-signer');
    const sameName = readVerifierKey(createSigner(signer.name, new Uint8Array(32).fill(8)).verifierKey)!;
    expect(openNote(note, [sameName]).fault).toBe('unknown-signer');
  });

  test('may bear signatures of others', () => {
    const [, line = ''] = signNote('a\n', createSigner('witness.example', new Uint8Array(32))).split('\n\n');
    const note = signNote('a\n', signer);
    for (const both of [note + line, note.replace('— habeas', `${line}— habeas`)]) {
      expect(openNote(both, [own])).toMatchObject({ fault: undefined, signers: { length: 2 } });
    }
  });

  test('that was changed is not believed', () => {
    const note = signNote('a\nb\n', signer);
    expect(openNote(note.replace('a', 'A'), [own]).fault).toBe('wrong-signature');
    expect(openNote(note.replace('a\n', 'a\n\n'), [own]).fault).toBe('wrong-signature');
    const other = signNote('a\nc\n', signer).split('\n\n')[1]!;
    expect(openNote(`a\nb\n\n${other}`, [own]).fault).toBe('wrong-signature');
    // One good signature does not make up for a wrong one of somebody who is known.
    expect(openNote(note + other, [own]).fault).toBe('wrong-signature');
  });

  test.each([
    '',
    'no signature\n',
    'a\n\n',
    'a\n\n\n',
    `a\n\n— ${signer.name} AAAA\n`,
    'a\n\n— x+y AAAAAAAAAAAA\n',
    NOTE.slice(0, -1),
    NOTE.replace('— ', '- '),
    NOTE.replace('an example', 'an\texample'),
    `${'a'.repeat(100_000)}\n\n${NOTE}`,
  ])('is no note: %j', (text) => {
    expect(openNote(text, [verifier]).fault).toBe('malformed-note');
  });
});

test.each([
  '',
  'example.com/foo',
  KEY.replace('530d903a', '530d903b'),
  KEY.replace('example', 'elsewhere'),
  KEY.replace('+Aek', '+Bek'),
  KEY.slice(0, -4),
  'example.com/foo bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
])('is no verifier key: %j', (text) => {
  expect(readVerifierKey(text)).toBeUndefined();
});

test('a signer has a name that fits into a note', () => {
  for (const name of ['', 'a b', 'a+b']) expect(() => createSigner(name, new Uint8Array(32))).toThrow(RangeError);
});
