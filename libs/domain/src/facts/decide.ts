/**
 * What comes of a payload that is valid by itself: the events to record, or why not.
 *
 * Facts are never refused for what the record believes so far. What is refused, each with its own code (REFUSAL_CODES):
 * what names something that is not there, words that the cited source does not hold, a day that lies ahead, and acts on
 * facts that cannot be acted on in this way.
 */
import { err, isoDay, ok, parseEdtf, recordingDay, type Refusal, type Result } from '#kernel';
import type { Data, EventDefinition } from '../catalogue/definition.js';
import { embeddedIn, references } from '../catalogue/references.js';
import { findQuote } from '../source/quotation.js';
import { latestPublication, sourceOf } from '../source/record.js';
import { textHash } from '../source/text-hash.js';
import { fieldsOf, isPlainObject, type PayloadClass } from '../validation/fields.js';
import type { RefusalCode } from '../validation/refusal-codes.js';
import { faultsOf } from '../validation/validate.js';
import { ActCheck, correctedBy } from './act-check.js';
import { Citation, type Quote } from './citation.js';
import type { DecideContext, NeededSubject, NewEvent } from './context.js';
import { drawnBack } from './default-visibility.js';
import { type Path, type Refuse, refuseMissing, refusingInto } from './refusing.js';
import type { Entry, SubjectState } from './state.js';

/** What is to be looked up before {@link decide} is called with the same definition, state and data. */
export function referencesToResolve(
  definition: EventDefinition,
  state: SubjectState | undefined,
  data: Data,
): readonly NeededSubject[] {
  const found = new Map<string, NeededSubject>();
  for (const { kind, id } of references(definition, data, innerOf(definition, state, data))) {
    const needs = kind === 'source' || definition.type === 'FactAssignedToCase' ? 'state' : 'existence';
    found.set(`${kind} ${id}`, { kind, id, needs });
  }
  return [...found.values()];
}

/**
 * Decides on a payload that {@link validatePayload} gave.
 *
 * @param state of the subject; undefined, or nothing recorded: there is no such subject
 * @returns at least one event, in the order in which they are to be recorded, in one append
 */
export function decide(
  definition: EventDefinition,
  state: SubjectState | undefined,
  data: Data,
  context: DecideContext,
): Result<readonly NewEvent[], readonly Refusal[]> {
  const refusals: Refusal[] = [];
  const decided = new Decision(definition, state, context, refusingInto(refusals)).on(data);
  if (refusals.length > 0 || decided === undefined) return err(refusals);
  const event = { id: context.eventId(0), type: definition.type, data: decided };
  return ok([event, ...drawnBack(state, event, context)]);
}

/** A source's text of one event, in bytes: sealed it must fit an append to the log. */
const MOST_TEXT_BYTES = 360_000;

class Decision {
  constructor(
    private readonly definition: EventDefinition,
    private readonly state: SubjectState | undefined,
    private readonly context: DecideContext,
    private readonly refuse: Refuse,
  ) {}

  /** The data to record; undefined, or with refusals: nothing is. */
  on(data: Data): Data | undefined {
    const { definition, state } = this;
    if (definition.role === 'entry') {
      if (state?.exists === true) {
        this.refuse('already-exists', 'This was entered before.');
        return undefined;
      }
      return this.general(data, undefined);
    }
    if (state?.exists !== true) {
      const [kind = 'person'] = state === undefined ? definition.categories : [state.kind];
      refuseMissing(this.refuse, kind);
      return undefined;
    }
    const check = new ActCheck(definition.type, this.context, this.refuse);
    return check.allows(state, data) ? this.general(data, innerOf(definition, state, data)) : undefined;
  }

  /** What holds for payloads of every type, and for payloads inside of them. */
  private general(data: Data, inner: EventDefinition | undefined): Data | undefined {
    const { definition, context } = this;
    let decided = data;
    const embedded = inner === undefined ? undefined : embeddedIn(definition, data);
    if (embedded !== undefined && inner !== undefined) {
      const faults = faultsOf(inner.payload, embedded.data, 'client', embedded.path);
      for (const { code, detail, pointer } of faults) this.refuse(code as RefusalCode, detail, pathOf(pointer));
      if (faults.length > 0) return undefined;
    }
    for (const { kind, id, pointer } of references(definition, data, inner)) {
      if (!context.exists(kind, id)) refuseMissing(this.refuse, kind, pathOf(pointer));
    }
    this.notAhead(data, []);
    decided = this.citing(definition.payload, decided, []);
    if (embedded !== undefined && inner !== undefined && isPlainObject(embedded.data)) {
      this.notAhead(embedded.data, embedded.path);
      const resolved = this.citing(inner.payload, embedded.data, embedded.path);
      const { type, schemaVersion } = inner;
      decided = replaced(decided, embedded.path, this.keepingPlace(resolved, data)) as Data;
      decided = { ...decided, factType: { type, schemaVersion } };
    }
    this.notAfterItself(decided, embedded);
    return this.completed(decided);
  }

  private notAhead(data: Data, path: Path): void {
    const { occurred } = data;
    const parsed = typeof occurred === 'string' ? parseEdtf(occurred) : undefined;
    if (parsed?.ok === true && parsed.value.bounds.earliest > recordingDay(this.context.now)) {
      this.refuse('occurred-in-future', 'This day lies ahead: record what is planned as an intention.', [
        ...path,
        'occurred',
      ]);
    }
  }

  /** A fact is not after itself: neither one that is recorded now, nor one that is corrected. */
  private notAfterItself(data: Data, embedded: ReturnType<typeof embeddedIn>): void {
    const check = (payload: unknown, self: unknown, path: Path): void => {
      if (!isPlainObject(payload) || !Array.isArray(payload.after)) return;
      const index = payload.after.indexOf(self);
      if (index >= 0) this.refuse('refers-to-itself', 'A fact cannot be after itself.', [...path, 'after', index]);
    };
    check(data, this.context.eventId(0), []);
    if (embedded !== undefined) check(embedded.data, this.correctedEntry(data)?.event.id, embedded.path);
  }

  /** A fact that was moved here stays one when it is corrected. */
  private keepingPlace(resolved: Data, { fact }: Data): Data {
    if (this.definition.type !== 'FactCorrected' || this.state === undefined) return resolved;
    const root = this.correctedEntry({ fact });
    const movedFrom = root?.event.data.movedFrom;
    return movedFrom === undefined ? resolved : { ...resolved, movedFrom };
  }

  private correctedEntry({ fact }: Data): Entry | undefined {
    return this.state === undefined ? undefined : correctedBy(this.state, String(fact)).at(-1);
  }

  /** Citations with their places and their days of publication, wherever the class has them. */
  private citing(payload: PayloadClass, data: Data, path: Path): Data {
    let cited: Record<string, unknown> | undefined;
    for (const { name, nested, list } of fieldsOf(payload).values()) {
      const value = data[name];
      if (nested === undefined || value === undefined) continue;
      const each = (one: unknown, here: Path): unknown => {
        if (!isPlainObject(one)) return one;
        return nested === Citation ? this.cite(one, here) : this.citing(nested, one, here);
      };
      const here = [...path, name];
      const after =
        list && Array.isArray(value) ? value.map((one, index) => each(one, [...here, index])) : each(value, here);
      cited = { ...(cited ?? data), [name]: after };
    }
    return cited ?? data;
  }

  private cite(citation: Data, path: Path): Data {
    const { quote, ...rest } = citation as Data & { readonly quote?: Quote };
    const state = this.context.subject('source', String(rest.sourceId));
    const source = state === undefined ? undefined : sourceOf(state);
    // That there is no such source is told with the other references.
    if (source === undefined) return citation;
    const day = latestPublication(source);
    const published = day === undefined ? {} : { published: isoDay(day) };
    if (quote === undefined || source.text === undefined) return { ...citation, ...published };
    const place = findQuote(source.text, quote);
    if (place === undefined) {
      this.refuse('quote-not-in-source', 'These words are not in the text of the source.', [...path, 'quote', 'exact']);
      return citation;
    }
    return { ...rest, at: { ...place, version: source.textVersion }, ...published };
  }

  /** Fields that the server sets. */
  private completed(data: Data): Data | undefined {
    switch (this.definition.type) {
      case 'SourceEntered':
        return this.entered(data);
      case 'SourceTextContinued': {
        const { text } = data;
        // What is not for everybody is part of the text all the same.
        const state = this.context.whole ?? this.state;
        if (typeof text !== 'string' || state === undefined) return undefined;
        this.textFits(text);
        return { ...data, sha256: textHash((sourceOf(state)?.text ?? '') + text) };
      }
      case 'FactMoved':
        return this.context.movedTo === undefined ? data : { ...data, movedTo: this.context.movedTo };
      default:
        return data;
    }
  }

  private entered(data: Data): Data {
    const { text } = data;
    if (typeof text !== 'string') return data;
    this.textFits(text);
    const computed = textHash(text);
    if (data.sha256 !== undefined && data.sha256 !== computed) {
      this.refuse('invalid-value', 'This is not the SHA-256 of the text as it is kept: leave it out.', ['sha256']);
    }
    return { ...data, sha256: computed };
  }

  private textFits(text: string): void {
    if (Buffer.byteLength(text) > MOST_TEXT_BYTES) {
      this.refuse('payload-too-large', 'This part of the text is too long: continue it in further parts.', ['text']);
    }
  }
}

/** What the payload inside of an act is. */
function innerOf(
  definition: EventDefinition,
  state: SubjectState | undefined,
  data: Data,
): EventDefinition | undefined {
  if (state === undefined || embeddedIn(definition, data) === undefined) return undefined;
  return correctedBy(state, String(data.fact)).at(-1)?.definition;
}

function replaced(value: unknown, [step, ...rest]: readonly string[], by: unknown): unknown {
  if (step === undefined) return by;
  if (!isPlainObject(value)) return value;
  return { ...value, [step]: replaced(value[step], rest, by) };
}

function pathOf(pointer: string | undefined): Path | undefined {
  return pointer
    ?.split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}
