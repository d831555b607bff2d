/** `npm run golden`: writes the golden files of events that have none, and the reviewed tables that are missing. Never touches one that is there. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { effectTable, EFFECTS_FILE } from './effects.js';
import { fileOf, forms, GOLDEN_FOLDER, makeGolden } from './golden.js';
import { visibilityTable, VISIBILITY_FILE } from './visibility.js';

mkdirSync(GOLDEN_FOLDER, { recursive: true });
let written = 0;
const wanted = [
  ...forms.map((form) => [fileOf(form), () => makeGolden(form)] as const),
  [EFFECTS_FILE, effectTable] as const,
  [VISIBILITY_FILE, visibilityTable] as const,
];
for (const [file, make] of wanted) {
  try {
    writeFileSync(file, make(), { flag: 'wx' });
    written++;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
console.log(`${written} golden files written, ${wanted.length - written} were there and stay as they are.`);
