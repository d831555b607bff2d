/** Every line of the threat model names specifications that there are, and what it links to is there. */
import { existsSync, readFileSync } from 'node:fs';

const page = readFileSync('SECURITY.md', 'utf8');
const [, defended = ''] = page.split('## What is defended, and what holds it');
const [table = ''] = defended.split('## What is not defended');
const lines = table.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| threat'));

test('there are lines', () => {
  expect(lines.length).toBeGreaterThan(20);
});

test.each(lines)('%s', (line) => {
  const specs = line.split('|').at(-2)?.split(',') ?? [];
  for (const spec of specs) {
    expect(spec.trim()).toMatch(/\.spec\.ts$/);
    expect([spec.trim(), existsSync(spec.trim())]).toEqual([spec.trim(), true]);
  }
});

test('what it links to is there', () => {
  for (const [, link = ''] of page.matchAll(/\]\(([^)]+)\)/g)) expect([link, existsSync(link)]).toEqual([link, true]);
});
