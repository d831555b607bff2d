/** `npm run golden`: writes the golden files of events that have none. Never touches one that is there. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileOf, forms, GOLDEN_FOLDER, makeGolden } from './golden.js';

mkdirSync(GOLDEN_FOLDER, { recursive: true });
let written = 0;
for (const form of forms) {
  try {
    writeFileSync(fileOf(form), makeGolden(form), { flag: 'wx' });
    written++;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
console.log(`${written} golden files written, ${forms.length - written} were there and stay as they are.`);
