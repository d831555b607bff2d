/** Commands' answers, problems, and how the server is. */
import type { PoisonEvent } from '#projections';
import type { ViewsProgress } from '../../watching/progress.js';
import type { ProblemDocument } from '../problem.js';
import type { RecordedAnswer } from '../recorded.js';
import type { ViewsStatus } from '../views-routes.js';
import { type Fields, type Schema, count, id, instant, kind, list, object, oneOf, text, visibility } from './shape.js';

const viewsProgress: Fields<ViewsProgress> = {
  state: oneOf('starting', 'catching-up', 'live', 'stopped', 'failed', 'closed'),
  seq: count,
  'file?': { ...text, description: 'The name of the file that is served' },
  'knownAt?': instant,
  head: { ...count, description: 'The seq of the last event in the log' },
  lagEvents: { ...count, description: 'Events in the log that the views do not hold yet' },
  lagMilliseconds: { ...count, description: 'How long the oldest of them has been there' },
  'poison?': object<PoisonEvent>({
    event: id,
    stream: text,
    revision: count,
    type: text,
    seq: count,
    reason: text,
  }),
  'rebuilding?': object<NonNullable<ViewsProgress['rebuilding']>>(
    {
      reason: oneOf('first', 'fold-version', 'four-eyes', 'damaged', 'log-changed', 'asked'),
      seq: count,
      step: oneOf('events', 'documents', 'search'),
      done: count,
      'of?': count,
    },
    'A new file that is being built: the seq that it holds, and how much of a step is done',
  ),
  'failure?': text,
};

const ceilings = object(
  { 'internal?': object<ViewsProgress>(viewsProgress), 'public?': object<ViewsProgress>(viewsProgress) },
  'The same of the views of lower ceilings, where some key has one',
);

export const serverSchemas: Readonly<Record<string, Schema>> = {
  Recorded: object<RecordedAnswer>({
    id: { ...id, description: 'The subject' },
    event: { ...id, description: 'What was recorded: what corrections, disputes and `after` name' },
    type: text,
    recordedAt: instant,
    recordedBy: { ...text, description: 'The id of the key' },
    visibility,
    'effective?': {
      ...visibility,
      description: 'Who may see it, where that is fewer: what it is recorded of, cites or names is for them alone',
    },
  }),
  Problem: object<ProblemDocument>(
    {
      type: { type: 'string', format: 'uri' },
      title: text,
      status: count,
      code: { ...text, description: 'Stable; GET /v1/catalogue lists all' },
      detail: text,
      'instance?': { ...text, description: 'Names this request in the log of the server' },
      'errors?': list(
        object({ code: text, detail: text, 'pointer?': { ...text, description: 'JSON pointer into the body' } }),
      ),
    },
    'Problem details (RFC 9457)',
  ),
  Live: object({ status: { const: 'live' } }),
  Ready: object({
    status: oneOf('ready', 'not-ready', 'shutting-down'),
    access: oneOf('following', 'silent'),
    keys: oneOf('open', 'wrong-master-key'),
    views: object<ViewsProgress>(viewsProgress),
    ceilings,
  }),
  Views: object<ViewsStatus>({
    server: { ...id, description: 'This server, since it was started' },
    schemaVersion: count,
    foldVersion: count,
    lens: {
      ...oneOf('all', 'verified'),
      description: 'Which facts count here: all, or under four eyes the verified ones',
    },
    ...viewsProgress,
    ceilings,
  }),
  Skip: object({ event: { ...text, description: 'The id of the event that `poison` names.' } }),
  Catalogue: object({
    events: list(
      object({
        type: text,
        summary: text,
        role: oneOf('entry', 'fact', 'act'),
        categories: list(kind),
        routes: list(text),
        schema: { ...text, description: 'Where its JSON Schema is' },
      }),
    ),
    vocabularies: { type: 'object', additionalProperties: list(text) },
    axes: list(
      object({
        axis: text,
        subject: oneOf('person', 'group'),
        per: oneOf('case', 'subject', 'key'),
        values: list(text),
        groups: { type: 'object', additionalProperties: list(text) },
      }),
    ),
    problems: list(object({ code: text, status: count, title: text, 'meaning?': text, 'whatToDo?': text })),
  }),
};
