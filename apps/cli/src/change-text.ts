/** A status change in words, for a terminal. */
import type { StatusChangeEvent } from '#feed';
import { axisText, named, reads } from './answer-text.js';

/** One line, and one more for each of the words that it rests on. */
export function changeLines({ time, id, data }: StatusChangeEvent): readonly string[] {
  const { subject, from, to, kind, cause, corrects, days } = data;
  const about =
    kind === 'history' ? `, about ${[days?.earliest, days?.latest].map((day) => day ?? '…').join(' to ')}` : '';
  return [
    `${time}  ${named(subject)}: ${axisText(data)}: ${reads(from)} -> ${reads(to)}${about}`,
    `  ${kind}, by ${cause.type} (${id}${corrects === undefined ? '' : `, corrects ${corrects}`})`,
    ...cause.citations.flatMap(({ words, locator }) => {
      const text = words ?? locator;
      return text === undefined ? [] : [`  “${text}”`];
    }),
  ];
}
