/**
 * What one event of the catalogue is. Everything else that the program knows of an event (its route, validation, schema,
 * sealed fields, effect on a status, place on a timeline) is read from here and from its payload class.
 */
import type { Effect, ProceduralKind, StatusFact } from '../status/index.js';
import type { PayloadClass } from '../validation/fields.js';
import { fieldsOf } from '../validation/fields.js';
import type { Category } from './category.js';

/**
 * `entry` opens a stream; `fact` is something that happened, as a source tells it; `act` is something that was recorded
 * about facts or the subject itself: corrections, disputes, judgements, captures of a source.
 */
export type Role = 'entry' | 'fact' | 'act';

/** A payload of which only its type's definition knows the class. */
export type Data = Readonly<Record<string, unknown>>;

export type Attested = NonNullable<StatusFact['attests']>;

export interface EventDefinition {
  /** Past tense, in the log for ever: never changed, never used again for another. */
  readonly type: string;
  readonly categories: readonly Category[];
  readonly role: Role;
  /** It has `occurred` and citations, stands on the timeline and may act on a status. All facts, and StatementMade. */
  readonly isFact: boolean;
  /** It may be corrected: entries, facts and what else says something of the subject by itself. */
  readonly correctable: boolean;
  /** What follows `/v1/<category>s/{id}/`; undefined: `POST /v1/<category>s` itself. */
  readonly route: string | undefined;
  /** It is recorded in the course of something else that was asked for: there is no way to ask for it by itself. */
  readonly byServer: boolean;
  readonly payload: PayloadClass;
  readonly schemaVersion: number;
  /** From each version below today's to the next; applied when an old event is read. Total, also where fields were erased. */
  readonly upcasters?: Upcasters;
  /** JSON pointer of a payload of another event inside of this one; `factType` says of which event, and its version. */
  readonly embedded?: string;
  /** JSON pointer of what the format of the log alone reads: sealed fields of earlier events, told again. */
  readonly retold?: string;
  /** JSON pointers of sealed fields, `*` for every element of a list: `/names/0/text`. */
  readonly personal: readonly string[];
  /** One line for people. */
  readonly summary: string;
  /** What it says may endanger somebody: it is not made public unless somebody says so. See visibilityByDefault. */
  isSensitive(data: Data): boolean;
  /** What the fact does to the status of its subject. */
  effects(data: Data): readonly Effect[];
  readonly kind: ProceduralKind;
  presupposes(data: Data): readonly ProceduralKind[];
  attests(data: Data): Attested;
  readonly rank: number;
}

type Upcasters = Readonly<Record<number, (data: Data) => Data>>;

type Computed<Payload, Value> = Value | ((data: Payload) => Value);

interface Naming<Payload> {
  readonly route?: string;
  readonly summary: string;
  /** Beside what {@link SENSITIVE_FIELDS} make so. */
  readonly sensitive?: Computed<Payload, boolean>;
  /** From 1; raised, with an upcaster, when the stored form of the payload changes. */
  readonly schemaVersion?: number;
  readonly upcasters?: Upcasters;
}

/**
 * What tells where somebody is or was held, or what somebody wrote down beside the facts: an event that says it, whichever
 * it is, is sensitive.
 */
const SENSITIVE_FIELDS = ['place', 'facility', 'circumstances', 'note'] as const;

/** How a fact acts on a status; left out: it does not. */
interface Acting<Payload> {
  readonly effects?: Computed<Payload, readonly Effect[]>;
  readonly kind?: ProceduralKind;
  readonly presupposes?: Computed<Payload, readonly ProceduralKind[]>;
  readonly attests?: Computed<Payload, Attested>;
  readonly rank?: number;
}

type Kinds = Category | readonly Category[];

/** A fact of the catalogue. Its type is the name of its class. */
export function fact<Payload extends object>(
  payload: PayloadClass<Payload>,
  categories: Kinds,
  rest: Naming<Payload> & { readonly route: string } & Acting<Payload>,
): EventDefinition {
  return define(payload, categories, 'fact', { isFact: true, correctable: true }, rest);
}

/** What opens a stream. `isFact` only for a subject that is itself something that happened. */
export function entry<Payload extends object>(
  payload: PayloadClass<Payload>,
  category: Category,
  rest: Omit<Naming<Payload>, 'route'> & { readonly isFact?: boolean },
): EventDefinition {
  return define(payload, category, 'entry', { isFact: rest.isFact ?? false, correctable: true }, rest);
}

export function act<Payload extends object>(
  payload: PayloadClass<Payload>,
  categories: Kinds,
  rest: Naming<Payload> & { readonly route: string; readonly correctable?: boolean },
): EventDefinition {
  return define(payload, categories, 'act', { isFact: false, correctable: rest.correctable ?? false }, rest);
}

/** An act that no client asks for by itself. */
export function serverAct<Payload extends object>(
  payload: PayloadClass<Payload>,
  categories: Kinds,
  { retold, ...rest }: Omit<Naming<Payload>, 'route'> & Pick<EventDefinition, 'retold'>,
): EventDefinition {
  const definition = define(payload, categories, 'act', { isFact: false, correctable: false }, rest);
  return { ...definition, byServer: true, ...(retold !== undefined && { retold }) };
}

function define<Payload extends object>(
  payload: PayloadClass<Payload>,
  categories: Kinds,
  role: Role,
  nature: Pick<EventDefinition, 'isFact' | 'correctable'>,
  rest: Naming<Payload> & Acting<Payload>,
): EventDefinition {
  const isSensitive = computed(rest.sensitive ?? false);
  return {
    type: payload.name,
    categories: typeof categories === 'string' ? [categories] : categories,
    role,
    ...nature,
    route: rest.route,
    byServer: false,
    payload,
    schemaVersion: rest.schemaVersion ?? 1,
    ...(rest.upcasters !== undefined && { upcasters: rest.upcasters }),
    personal: personalPaths(payload),
    summary: rest.summary,
    isSensitive: (data) => isSensitive(data) || SENSITIVE_FIELDS.some((field) => data[field] !== undefined),
    effects: computed(rest.effects ?? []),
    kind: rest.kind ?? 'other',
    presupposes: computed(rest.presupposes ?? []),
    attests: computed(rest.attests ?? []),
    rank: rest.rank ?? DEFAULT_RANK,
  };
}

const DEFAULT_RANK = 50;

function computed<Payload, Value extends readonly unknown[] | boolean>(
  value: Computed<Payload, Value>,
): (data: Data) => Value {
  // The data of an event were checked against the payload class before they were recorded.
  return typeof value === 'function' ? (data) => value(data as Payload) : () => value;
}

function personalPaths(payload: PayloadClass, prefix = ''): readonly string[] {
  return [...fieldsOf(payload).values()].flatMap(({ name, personal, nested, list }) => {
    const path = `${prefix}/${name}`;
    if (personal) return [path];
    return nested === undefined ? [] : personalPaths(nested, list ? `${path}/*` : path);
  });
}
