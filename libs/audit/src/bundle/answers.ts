/** What a document answers, as rows of a table. */
import type { AnswerView, Document } from '#projections';
import { inWords } from './wording.js';

export interface AnswerRow {
  readonly title: string;
  readonly value: string;
  /** What is to be known of it besides. */
  readonly remarks: string;
}

const OF_A_CASE = ['hold', 'stage', 'verdict', 'finality', 'sentence'] as const;
const OF_A_GROUP_IN_CASE = ['registration', 'activity', 'appeal'] as const;

/** Those of which nothing is known are left out. */
export function answersIn(document: Document): readonly AnswerRow[] {
  return answersOf(document)
    .filter(({ value, possible }) => value !== 'unknown' || possible.length > 0)
    .map(toRow);
}

type Titled = AnswerView & { readonly title: string };

function answersOf(document: Document): readonly Titled[] {
  switch (document.kind) {
    case 'person':
      return [
        ...ofAxes(document.axes),
        ...document.cases.flatMap((one) => titled(OF_A_CASE, one, `in ${one.title ?? 'the case'}`)),
      ];
    case 'group':
      return ofAxes(document.axes);
    case 'case':
      return [
        ...document.persons.flatMap((one) =>
          titled(['liberty', ...OF_A_CASE], one, `of ${one.person.name ?? one.person.id}`),
        ),
        ...document.groups.flatMap((one) => titled(OF_A_GROUP_IN_CASE, one, `of ${one.group.name ?? one.group.id}`)),
      ];
    case 'statement':
    case 'source':
      return [];
  }
}

function ofAxes(axes: object): readonly Titled[] {
  return Object.entries(axes as Readonly<Record<string, AnswerView | readonly AnswerView[]>>).flatMap(
    ([axis, answers]) =>
      [answers].flat().map((answer) => ({ ...answer, title: `${inWords(axis)} ${answer.key ?? ''}`.trim() })),
  );
}

function titled<Axis extends string>(
  axes: readonly Axis[],
  of: Readonly<Record<Axis, AnswerView>>,
  whose: string,
): readonly Titled[] {
  return axes.map((axis) => ({ ...of[axis], title: `${inWords(axis)} ${whose}` }));
}

function toRow({ title, value, since, detail = {}, certain, possible, disputed, orderUncertain }: Titled): AnswerRow {
  const others = possible.filter((one) => one !== value);
  const remarks = [
    ...Object.entries(detail).map(([name, text]) => `${inWords(name).toLowerCase()}: ${text}`),
    ...(certain || value === 'unknown' ? [] : ['not certain']),
    ...(others.length === 0 ? [] : [`possible: ${others.join(', ')}`]),
    ...(disputed ? ['disputed'] : []),
    ...(orderUncertain ? ['the order of events is uncertain'] : []),
  ];
  return {
    title,
    value: `${inWords(value)}${since === undefined ? '' : ` since ${since}`}`,
    remarks: remarks.join('; '),
  };
}
