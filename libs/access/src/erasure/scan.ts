/** Goes through the whole log for subjects that tell of a person who is to be forgotten. */
import { CATEGORIES, type Category, definitionOf, references } from '#domain';
import type { EventStore, StoredEvent } from '#event-store';
import { parseStreamName, streamName } from '#kernel';
import { type EventCodec, openingOf, type KeyStore } from '#log-format';
import { mentionKey } from './directory.js';
import type { Mention, MentionReason } from './events.js';
import { placesOf } from './texts.js';
import type { WordFinder } from './words.js';
import { inTheClear } from './reading.js';

export interface ScanOptions {
  readonly store: Pick<EventStore, 'readAll' | 'readStream'>;
  readonly keys: Pick<KeyStore, 'find'>;
  /** Of everything that subjects' streams hold. */
  readonly codec: EventCodec;
}

/** Events that are opened at a time: meanwhile nothing else is answered. */
const PAGE = 150;

/** In the order of the log, each subject once, by the strongest reason. */
export async function mentionsOf(
  { store, keys, codec }: ScanOptions,
  person: string,
  finder: WordFinder,
  signal?: AbortSignal,
): Promise<readonly Mention[]> {
  const found = new Map<string, Mention>();
  const note = (kind: Category, id: string, because: MentionReason): void => {
    const known = found.get(mentionKey({ kind, id }))?.because;
    if (known === undefined || STRENGTH[because] > STRENGTH[known])
      found.set(mentionKey({ kind, id }), { kind, id, because });
  };
  /** By source, who cites it. */
  const citing = new Map<string, Set<string>>();
  /** The ends of sources' texts so far, which go on in later events. */
  const tails = new Map<string, string>();
  const clear = new Set<string>();
  const own = streamName('person', person);
  // For this once: what it keeps of what was told again is not to stay in memory.
  const opening = openingOf(store, keys);
  const take = async (page: readonly StoredEvent[]): Promise<void> => {
    signal?.throwIfAborted();
    const sealed = await codec.sealedFields(page, opening);
    // Whom an event names is in the clear: nothing is opened a second time for it.
    const decoded = await codec.decodePage(page, NO_KEYS);
    for (const [index, event] of page.entries()) {
      const { category, id } = parseStreamName(event.stream) ?? {};
      const kind = CATEGORIES.find((each) => each === category);
      const [fields, read] = [sealed[index], decoded[index]];
      if (kind === undefined || id === undefined) continue;
      if (placesOf([inTheClear(event)], finder).size > 0) {
        note(kind, id, 'clear');
        clear.add(mentionKey({ kind, id }));
      }
      if (event.stream === own) continue;
      if (fields?.ok === true && fields.value !== undefined) {
        const here = { id: event.id, type: event.type, fields: fields.value };
        if (placesOf([here], finder).size > 0 || goesOn(tails, event, here.fields['/text'], finder))
          note(kind, id, 'words');
      }
      const definition = definitionOf(event.type);
      if (read?.ok !== true || definition === undefined) continue;
      for (const named of references(definition, read.value.data)) {
        if (named.kind === 'person' && named.id === person) note(kind, id, 'names');
        if (named.kind === 'source' && named.pointer.endsWith('/sourceId'))
          citing.set(named.id, (citing.get(named.id) ?? new Set()).add(mentionKey({ kind, id })));
      }
    }
  };
  let page: StoredEvent[] = [];
  for await (const event of store.readAll()) {
    page.push(event);
    if (page.length < PAGE) continue;
    await take(page);
    page = [];
  }
  await take(page);
  for (const { kind, id, because } of [...found.values()]) {
    if (kind !== 'source' || because !== 'words') continue;
    for (const key of citing.get(id) ?? []) {
      const [citer, citerId = ''] = key.split('/');
      if (key !== mentionKey({ kind: 'person', id: person })) note(citer as Category, citerId, 'cites');
    }
  }
  return [...found].map(([key, mention]) => (clear.has(key) ? { ...mention, clear: true } : mention));
}

const NO_KEYS = { find: () => Promise.resolve(new Map<string, never>()) };

const STRENGTH: Readonly<Record<MentionReason, number>> = { cites: 0, clear: 1, names: 2, words: 3 };

/** Whether words begin in a part of a source's text that came before, and end in this one. */
function goesOn(tails: Map<string, string>, { stream }: StoredEvent, text: unknown, finder: WordFinder): boolean {
  if (typeof text !== 'string') return false;
  const tail = tails.get(stream) ?? '';
  tails.set(stream, (tail + text).slice(-finder.reach));
  const cut = tail.length;
  const around = tail + text.slice(0, finder.reach);
  // At the ends of what is looked at, a word may go on.
  const isWhole = (start: number, end: number): boolean =>
    (start > 0 || cut < finder.reach) && (end < around.length || text.length <= finder.reach);
  return finder.find(around).some(({ start, end }) => start < cut && end > cut && isWhole(start, end));
}
