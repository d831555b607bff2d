import { readFileSync } from 'node:fs';
import { visibilityTable, VISIBILITY_FILE } from './visibility.js';

test('every event is by default for whom the reviewed table says', () => {
  expect(visibilityTable()).toBe(readFileSync(VISIBILITY_FILE, 'utf8'));
});
