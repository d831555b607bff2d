import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { FORMATS } from '#domain';
import { jsonSchemas } from '#domain/schemas';
import type { Position, StoredEvent } from '#event-store';
import { createEventCodec, verifyChain } from '#log-format';
import { holding, seededRandomness } from '../support/fixed.js';
import { fileOf, forms, type Golden, GOLDEN_FOLDER, makeGolden } from './golden.js';

const today = createEventCodec(forms, seededRandomness(''));
const ajv = new Ajv2020({
  strict: true,
  strictRequired: false,
  formats: FORMATS,
  keywords: ['components', 'x-personal'],
});
ajv.addSchema({ $id: 'habeas', components: { schemas: jsonSchemas() } });

const kept = readdirSync(GOLDEN_FOLDER).filter((name) => name.endsWith('.json'));

describe('what is stored today', () => {
  test.each(forms.map((form) => [basename(fileOf(form)), form] as const))(
    '%s is what it was when it was first written',
    (_, form) => {
      const file = fileOf(form);
      if (!existsSync(file))
        throw new Error(`${file} is missing: "npm run golden" makes it. Commit it with the event.`);
      // Differs? Then stored events would be read otherwise, or written otherwise: raise schemaVersion and add an upcaster.
      expect(makeGolden(form)).toBe(readFileSync(file, 'utf8'));
    },
  );
});

describe('what was ever stored', () => {
  test.each(kept)('%s is whole, and is read as it was written', async (name) => {
    const { golden, stored, keys } = read(name);
    const { type, schemaVersion, logId, events } = golden;
    expect(name).toBe(`${type}.v${schemaVersion}.json`);
    expect(verifyChain(stored, logId).ok).toBe(true);
    const { retold } = forms.find((form) => form.type === type) ?? {};
    const form = { type, schemaVersion, personal: [], ...(retold !== undefined && { retold }) };
    const asThen = createEventCodec([form], seededRandomness(''));
    for (const [index, event] of stored.entries()) {
      const decoded = await asThen.decode(event, keys);
      expect(decoded).toMatchObject({ id: event.id, type, revision: index, opened: true });
      expect(decoded.data).toEqual(events[index]!.plain);
    }
  });

  test.each(kept)('%s is read by today’s program as a payload of today, opened; and erased', async (name) => {
    const { golden, stored, keys } = read(name);
    for (const event of stored) {
      const opened = await today.decode(event, keys);
      expect(opened.opened).toBe(true);
      const isOfToday = ajv.getSchema(`habeas#/components/schemas/${golden.type}`);
      void isOfToday?.(opened.data);
      expect(isOfToday?.errors ?? []).toEqual([]);
      const erased = await today.decode(event, holding());
      expect(erased.opened).toBe(!event.data.includes('"sealed"'));
    }
  });

  const ended = ['RegistrationWithdrawn', 'RegistrationLapsed', 'RegistrationRestored'];
  test.each(ended)('version 1 of %s is read as today’s: its grounds are the reason', async (type) => {
    const { golden, stored, keys } = read(`${type}.v1.json`);
    const asThen = createEventCodec([{ type, schemaVersion: 1, personal: [] }], seededRandomness(''));
    for (const [index, event] of stored.entries()) {
      const { grounds, ...rest } = golden.events[index]!.plain;
      expect(grounds).toEqual([{ article: '3', text: 'The statutes are missing.' }]);
      expect((await today.decode(event, keys)).data).toEqual({ ...rest, reason: '3: The statutes are missing.' });
      // Where the words were erased the article is known, as before.
      const { grounds: _, ...known } = (await asThen.decode(event, holding())).data;
      expect((await today.decode(event, holding())).data).toEqual({ ...known, reason: '3' });
    }
  });

  test('no version between the first and today’s is missing', () => {
    for (const form of forms) {
      for (let schemaVersion = 1; schemaVersion <= form.schemaVersion; schemaVersion++) {
        expect(kept).toContain(basename(fileOf({ ...form, schemaVersion })));
      }
    }
  });
});

function read(name: string) {
  const golden = JSON.parse(readFileSync(join(GOLDEN_FOLDER, name), 'utf8')) as Golden;
  const { type, stream, key, events } = golden;
  const stored = events.map((event, revision): StoredEvent => ({
    ...event.stored,
    type,
    stream,
    revision,
    position: String(revision) as Position,
  }));
  return { golden, stored, keys: holding({ keyId: key.keyId, key: new Uint8Array(Buffer.from(key.key, 'hex')) }) };
}
