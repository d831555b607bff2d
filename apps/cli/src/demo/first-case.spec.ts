import { firstCase, namesIn, type Json } from './first-case.js';
import { firstCaseText } from './first-case-text.js';

/** Every quotation anywhere in a value. */
function quotes(value: Json): { exact: string; prefix?: string; suffix?: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item) => quotes(item as Json));
  const object = value as Readonly<Record<string, Json>>;
  const own = object.quote === undefined ? [] : [object.quote as { exact: string }];
  return [...own, ...Object.values(object).flatMap((item) => quotes(item))];
}

test('all fourteen rows of the report are there', () => {
  expect(new Set(firstCase.map((command) => command.row).filter((row) => row !== undefined)).size).toBe(14);
});

test('names are unique, and each is answered before it is used', () => {
  const answered = new Set<string>();
  for (const command of firstCase) {
    for (const name of namesIn(command))
      expect([command.name, name, answered.has(name)]).toEqual([command.name, name, true]);
    expect(answered.has(command.name)).toBe(false);
    answered.add(command.name);
  }
});

test('every quotation is in the text, at the one place that its prefix and suffix say', () => {
  const all = firstCase.flatMap((command) => quotes(command.body));
  expect(all.length).toBeGreaterThan(firstCase.length - 5);
  for (const { exact, prefix = '', suffix = '' } of all) {
    const parts = firstCaseText.split(prefix + exact + suffix).length - 1;
    expect([exact, parts > 0]).toEqual([exact, true]);
    if (exact.length > 30) expect([exact, parts]).toEqual([exact, 1]);
  }
});
