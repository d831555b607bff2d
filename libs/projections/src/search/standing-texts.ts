/**
 * The texts of a subject that stand: of facts and entries as corrected, of acts that were not withdrawn, of a source as
 * its details were corrected last. What was withdrawn, moved away or replaced is not among them. A pure function of the
 * subject's own events; erased texts are missing.
 */
import { type Data, definitionOf, evolve, factsOf, initial, recordsOf, stands, textsOf } from '#domain';
import { object, text } from '../documents/read.js';
import type { EventRow } from '../records.js';
import type { SubjectCategory } from '../shapes.js';
import type { SubjectRef } from '../subject.js';
import { codePointsBetween, cutBefore } from './cut.js';
import { indexedForm } from './folded-words.js';
import { classOf, rowOf } from './tables.js';

/** A row of `search_texts`. */
export interface TextRow {
  readonly row: number;
  readonly sid: number;
  readonly at: number;
  readonly start: number;
  readonly folded: string;
  readonly text: string;
  readonly field: string;
}

/** Acts after which other texts of their subject stand, or no longer do. */
const CHANGING = new Set(['FactCorrected', 'FactRetracted', 'FactMoved', 'DisputeSettled']);
/** What a source's own texts are made of. */
const OF_SOURCE = new Set(['SourceEntered', 'SourceDetailsCorrected', 'SourceTextContinued']);
/** Not words: where to look in a source, how a file is called by machines. */
const NO_WORDS = /\/(?:locator|mediaType|prefix|suffix)$/;

/** After this event all texts of its subject must be looked at again; other events only add {@link addedTexts}. */
export function changesTexts({ type }: EventRow): boolean {
  return CHANGING.has(type) || OF_SOURCE.has(type) || type.endsWith('Revoked');
}

/** The texts that an event adds by itself. */
export function addedTexts({ sid, kind }: SubjectRef, event: EventRow): readonly TextRow[] {
  const definition = definitionOf(event.type);
  if (definition === undefined || OF_SOURCE.has(event.type)) return [];
  const rows = new RowsOfEvent(sid, kind, event.seq, event.seq, 0);
  rows.addAll(event.type, event.data);
  const alternative = object(event.data.alternative);
  const alternativeType = text(object(event.data.factType).type);
  if (event.type === 'FactDisputed' && alternativeType !== undefined) {
    rows.addAll(alternativeType, object(alternative.data), '/alternative/data', true);
  }
  return rows.found;
}

/** @param events all of its own events, in order */
export function standingTexts(ref: SubjectRef, events: readonly EventRow[]): readonly TextRow[] {
  const { sid, kind, id } = ref;
  const state = events.reduce(evolve, initial(kind, id));
  const byId = new Map(events.map((event) => [event.id, event]));
  const found: TextRow[] = [];
  const recorded = new Set<string>();
  for (const { id: event, type, data, standing, corrections } of [...factsOf(state), ...recordsOf(state)]) {
    recorded.add(event);
    const at = byId.get(event);
    if (at === undefined || OF_SOURCE.has(type) || standing === 'withdrawn' || standing === 'moved') continue;
    const given = byId.get(corrections.at(-1)?.id ?? event) ?? at;
    // The correction has texts of its own, which come before those of the payload that it holds.
    const rows = new RowsOfEvent(sid, kind, given.seq, at.seq, given === at ? 0 : HELD);
    rows.addAll(type, data);
    found.push(...rows.found);
  }
  for (const event of events) {
    if (!recorded.has(event.id) && stands(state, event.id)) found.push(...addedTexts(ref, event));
  }
  if (kind === 'source')
    found.push(
      ...sourceTexts(
        ref,
        events.filter((event) => stands(state, event.id)),
      ),
    );
  return found;
}

/** Places from here on are those of texts in a payload that the event holds. */
const HELD = 1024;

/** Collects the rows of the texts that one event gives. */
class RowsOfEvent {
  readonly found: TextRow[] = [];

  constructor(
    private readonly sid: number,
    private readonly kind: SubjectCategory,
    private readonly seq: number,
    private readonly at: number,
    private next: number,
  ) {}

  addAll(type: string, data: Data, prefix = '', asNotes = false): void {
    const definition = definitionOf(type);
    if (definition === undefined) return;
    for (const { pointer, text: words } of textsOf(definition, data)) {
      if (NO_WORDS.test(pointer)) continue;
      const code = asNotes ? classOf('notes', this.kind) : classOfText(this.kind, type, pointer);
      this.add(code, prefix + pointer, words);
    }
  }

  add(code: number, field: string, words: string): void {
    for (const piece of piecesOf(words, 0)) this.put(code, field, piece);
  }

  put(code: number, field: string, { text: words, start, continues }: Piece): void {
    const { sid, at, seq } = this;
    const folded = indexedForm(words, continues);
    this.found.push({ row: rowOf(code, seq, this.next++), sid, at, start, folded, text: words, field });
  }
}

const NAMING = new Set(['PersonEntered', 'GroupEntered', 'NameAsserted', 'GroupRenamed']);
const NAME = /^\/names?(?:\/\d+)?\/text$/;
const CASE_NAME = /^\/(?:title|numbers\/\d+)$/;
/** Of a statement's texts, those that are not the recorder's. */
const OF_STATEMENT = /^\/(?:words|conditions\/\d+|audience|channel|roleAsAttributed|speaker\/.*|onBehalfOf\/.*)$/;

function classOfText(kind: SubjectCategory, type: string, pointer: string): number {
  const named =
    (NAMING.has(type) && NAME.test(pointer)) ||
    (type === 'IdentifierAssigned' && pointer === '/value') ||
    (type === 'CaseEntered' && CASE_NAME.test(pointer));
  if (named) return classOf('names', kind);
  if (kind === 'statement' && OF_STATEMENT.test(pointer)) return classOf('statements', kind);
  return classOf('notes', kind);
}

const DETAILS = ['title', 'publisher', 'author', 'url'] as const;
const TITLE = classOf('sources', 'source', 'title');
const BODY = classOf('sources', 'source', 'text');
const NOTE = classOf('notes', 'source');

/** What a source is called and what it says, from its events that stand: the same reading as the domain's `sourceOf`. */
function sourceTexts({ sid, kind }: SubjectRef, events: readonly EventRow[]): readonly TextRow[] {
  const found: TextRow[] = [];
  let whole = '';
  for (const [index, event] of events.entries()) {
    if (!OF_SOURCE.has(event.type)) continue;
    const rows = new RowsOfEvent(sid, kind, event.seq, event.seq, 0);
    for (const name of DETAILS) {
      const value = text(event.data[name]);
      const replaced = events
        .slice(index + 1)
        .some(({ type, data }) => type === 'SourceDetailsCorrected' && text(data[name]) !== undefined);
      if (event.type !== 'SourceTextContinued' && value !== undefined && !replaced) rows.add(TITLE, `/${name}`, value);
    }
    const reason = text(event.data.reason);
    if (reason !== undefined) rows.add(NOTE, '/reason', reason);
    const part = text(event.data.text);
    if (part !== undefined) {
      for (const piece of piecesOf(whole + part, whole.length)) rows.put(BODY, '/text', piece);
      whole += part;
    }
    found.push(...rows.found);
  }
  return found;
}

interface Piece {
  readonly text: string;
  /** In code points of the whole text. */
  readonly start: number;
  readonly continues: boolean;
}

const PIECE = 2_000;
/** Longer than anything that can be searched for, also with the unseen characters in between. */
const OVERLAP = 400;

/**
 * Long texts are cut into pieces, so that finding and showing words costs the same wherever they stand. Each piece begins
 * within the one before, so that what is searched for is never cut. @param from what comes before it was cut already
 */
function piecesOf(whole: string, from: number): readonly Piece[] {
  if (from === 0 && whole.length <= PIECE) return [{ text: whole, start: 0, continues: false }];
  const pieces: Piece[] = [];
  let counted = 0;
  let start = 0;
  for (let at = from; at < whole.length;) {
    const end = at + PIECE * 1.25 >= whole.length ? whole.length : cutBefore(whole, at + PIECE);
    const begin = at === 0 ? 0 : cutBefore(whole, Math.max(0, at - OVERLAP));
    start += codePointsBetween(whole, counted, begin);
    counted = begin;
    pieces.push({ text: whole.slice(begin, end), start, continues: begin > 0 });
    at = end;
  }
  return pieces;
}
