/** Reads what a webhook is registered with, and what its deliveries are asked. */
import type { ChangeFilter } from '#feed';
import { fieldsOf, refuseAny, unknownFields } from './body-fields.js';
import { filterOfJson } from './change-parameters.js';

/** As a client asks for it: `after` may be left out. */
export interface AskedWebhook {
  readonly url: string;
  readonly name?: string;
  readonly filter: ChangeFilter;
  readonly after?: number;
}

const MOST_NAME = 200;
/** Changes that are named in one request. */
const MOST_CHANGES = 1_000;

/** @throws ProblemError with every fault of the body at once */
export function readWebhookRequest(body: unknown): AskedWebhook {
  const { url, name, filter = {}, after, ...others } = fieldsOf(body);
  const read = filterOfJson(filter);
  const isName = typeof name === 'string' && name.length >= 1 && name.length <= MOST_NAME && name.isWellFormed();
  refuseAny(
    unknownFields(others, 'A webhook has url, name, filter and after only.'),
    typeof url !== 'string' && { code: 'invalid-url', detail: 'The url must be a text.', pointer: '/url' },
    name !== undefined &&
      !isName && { code: 'invalid-name', detail: `A name has 1 to ${MOST_NAME} characters.`, pointer: '/name' },
    !read.ok && { ...read.error, pointer: `/filter${read.error.pointer ?? ''}` },
    after !== undefined &&
      !isSeq(after) && { code: 'invalid-seq', detail: 'A seq is a whole number from 0.', pointer: '/after' },
  );
  return {
    url: url as string,
    filter: read.ok ? read.value : {},
    ...(name !== undefined && { name: name as string }),
    ...(after !== undefined && { after: after as number }),
  };
}

/** The seq from which everything is to be sent again. @throws ProblemError */
export function readReplay(body: unknown): number {
  const { from, ...others } = fieldsOf(body);
  refuseAny(
    unknownFields(others, 'A replay has from only.'),
    (!isSeq(from) || from === 0) && {
      code: 'invalid-seq',
      detail: 'Give the first seq, a whole number from 1.',
      pointer: '/from',
    },
  );
  return from as number;
}

/** For how many seconds the secret before is to sign as well. @throws ProblemError */
export function readSecretRotation(body: unknown): number {
  const { overlapSeconds = 0, ...others } = fieldsOf(body ?? {});
  refuseAny(
    unknownFields(others, 'A rotation of a secret has overlapSeconds only.'),
    typeof overlapSeconds !== 'number' && {
      code: 'invalid-overlap',
      detail: 'The overlap is a whole number of seconds.',
      pointer: '/overlapSeconds',
    },
  );
  return overlapSeconds as number;
}

/** The changes that are to be sent again; undefined: all. @throws ProblemError */
export function readRedelivery(body: unknown): readonly string[] | undefined {
  const { changes, ...others } = fieldsOf(body);
  const isList =
    Array.isArray(changes) &&
    changes.length >= 1 &&
    changes.length <= MOST_CHANGES &&
    changes.every((one) => typeof one === 'string' && one.length <= 50);
  refuseAny(
    unknownFields(others, 'A redelivery has changes only.'),
    changes !== undefined &&
      !isList && {
        code: 'unknown-dead-letter',
        detail: `Give 1 to ${MOST_CHANGES} ids of changes, as the dead letters have them.`,
        pointer: '/changes',
      },
  );
  return changes as readonly string[] | undefined;
}

function isSeq(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
