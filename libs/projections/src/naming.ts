/**
 * What a subject is called, from its entry and its facts: never from the order in which they were recorded. Names are
 * personal; where they were erased a subject has none.
 */
import type { EventDefinition } from '#domain';
import { byBounds, compare } from './days.js';
import { type Data, object, objects, text, texts } from './documents/read.js';
import type { NameView } from './shapes.js';
import type { Subject } from './subject.js';

/** The name or title that others show; statements have none. */
export function nameOf(subject: Subject): string | undefined {
  switch (subject.kind) {
    case 'source':
      return subject.source()?.title;
    case 'case':
      return text(entryOf(subject).title);
    case 'statement':
      return undefined;
    case 'person':
    case 'group':
      return mainName(namesOf(subject));
  }
}

/** Whether an event may change what its subject is called, or is otherwise entered with: acts may change anything. */
export function mayRename({ role, type }: Pick<EventDefinition, 'role' | 'type'>): boolean {
  return role !== 'fact' || type === 'NameAsserted' || type === 'GroupRenamed';
}

/** Everything by which a subject may be looked for, line by line. */
export function searchTextOf(subject: Subject): string {
  const entry = entryOf(subject);
  const { title, publisher } = subject.source() ?? { title: text(entry.title) };
  const found = [title, publisher, text(entry.words), ...texts(entry.numbers)];
  return [...found, ...namesOf(subject).map((name) => name.text)].filter((line) => line !== undefined).join('\n');
}

/** The names of a person or group: those of the entry, then those that facts give, in the order of their days. */
export function namesOf(subject: Subject): readonly NameView[] {
  const entry = subject.entry();
  const entered = entry === undefined ? [] : objects(entry.data.names).flatMap((name) => toName(name, entry.id));
  const asserted = subject
    .facts()
    .filter((fact) => (fact.type === 'NameAsserted' || fact.type === 'GroupRenamed') && fact.standing !== 'withdrawn')
    .filter((fact) => fact.standing !== 'moved')
    .sort((a, b) => byBounds(a.bounds, b.bounds) || compare(a.contentHash, b.contentHash) || compare(a.id, b.id))
    .map((fact) => ({ names: toName(object(fact.data.name), fact.id), renamed: fact.type === 'GroupRenamed' }));
  const renamings = asserted.filter(({ renamed }) => renamed).flatMap(({ names }) => names);
  const others = asserted.filter(({ renamed }) => !renamed).flatMap(({ names }) => names);
  // The latest renaming is what a group is called now.
  return [...renamings.reverse(), ...entered, ...others];
}

function mainName(names: readonly NameView[]): string | undefined {
  return names[0]?.text;
}

function toName(name: Data, event: string): NameView[] {
  const words = text(name.text);
  if (words === undefined) return [];
  const [kind, lang, script] = [text(name.kind), text(name.lang), text(name.script)];
  return [
    {
      text: words,
      ...(kind !== undefined && { kind }),
      ...(lang !== undefined && { lang }),
      ...(script !== undefined && { script }),
      event,
    },
  ];
}

function entryOf(subject: Subject): Data {
  return subject.entry()?.data ?? {};
}
