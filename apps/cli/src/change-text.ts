/** A status change in words, for a terminal. */
import type { StatusChangeEvent } from '#feed';
import { reads } from './answer-text.js';

/** One line, and one more for each of the words that it rests on. */
export function changeLines({ time, id, data }: StatusChangeEvent): readonly string[] {
  const { subject, axis, case: inCase, key, from, to, kind, cause, corrects, days } = data;
  const place = [axis, key, inCase === undefined || inCase === 'only' ? undefined : `case ${inCase}`];
  const where = place.filter((part) => part !== undefined).join(' ');
  const about =
    kind === 'history' ? `, about ${[days?.earliest, days?.latest].map((day) => day ?? '…').join(' to ')}` : '';
  const of = subject.name ?? `${subject.kind} ${subject.id}`;
  return [
    `${time}  ${of}: ${where}: ${reads(from)} -> ${reads(to)}${about}`,
    `  ${kind}, by ${cause.type} (${id}${corrects === undefined ? '' : `, corrects ${corrects}`})`,
    ...cause.citations.flatMap(({ words, locator }) => {
      const text = words ?? locator;
      return text === undefined ? [] : [`  “${text}”`];
    }),
  ];
}
