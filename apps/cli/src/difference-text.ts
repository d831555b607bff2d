/** What two moments of knowledge differ in, in words. */
import type { ActView, AnswerDifference, DifferenceView, FactDifference, RecordDifference } from '#projections';
import { axisText, named, reads } from './answer-text.js';

/** Lines without their ends. */
export function differenceLines(found: DifferenceView): readonly string[] {
  const { name, kind, id, entered } = found;
  const subject = `${kind} ${id}${entered === true ? ', entered since' : ''}`;
  return [
    name === undefined ? `A ${subject}` : `${name} (${subject})`,
    ...found.facts.flatMap(changed),
    ...found.records.flatMap(changed),
    ...found.acts.flatMap((act) => (act.withdrawn === true ? [`  ${act.type}: withdrawn`] : [`  ${said(act)}`])),
    ...found.concerning.map(({ type, subject, seq }) => `  concerned by ${type} (seq ${seq}) of ${named(subject)}`),
    ...found.answers.flatMap(answered),
  ];
}

function changed(difference: FactDifference | RecordDifference): readonly string[] {
  const { type, event, changes, by } = difference;
  return [
    `  ${type}${when(difference)}: ${changes.join(', ').replaceAll('-', ' ')} (${event})`,
    ...by.map((act) => `    ${said(act)}`),
  ];
}

function when({ after, before }: FactDifference | RecordDifference): string {
  const occurred = after?.occurred ?? before?.occurred;
  return typeof occurred === 'string' ? `, ${occurred}` : '';
}

function said({ type, seq, recordedAt, recordedBy, reason }: ActView): string {
  return `${type} (seq ${seq}, ${recordedAt}, by ${recordedBy})${reason === undefined ? '' : `: ${reason}`}`;
}

function answered({ person, before, after, days, ...where }: AnswerDifference): readonly string[] {
  const of = person === undefined ? axisText(where) : `${named(person)} ${axisText(where)}`;
  const then = reads(before);
  const now = reads(after);
  return [
    `  ${of}: ${then === now ? `${now}, as before` : `${then} -> ${now}`}`,
    ...days.map((run) => `    about ${span(run)}: ${reads(run.before)} -> ${reads(run.after)}`),
  ];
}

function span({ earliest, latest }: { readonly earliest?: string; readonly latest?: string }): string {
  if (earliest === undefined) return latest === undefined ? 'all days' : `days up to ${latest}`;
  return latest === undefined ? `days from ${earliest}` : earliest === latest ? earliest : `${earliest} to ${latest}`;
}
