/** Invented names, places and texts in two scripts. */
import type { Random } from './random.js';

const LATIN = [
  'Sok',
  'Chan',
  'Vann',
  'Rith',
  'Srey',
  'Dara',
  'Bopha',
  'Kim',
  'Heng',
  'Nary',
  'Ouk',
  'Pich',
  'Sam',
  'Thy',
];
const ENDS = ['a', 'eak', 'any', 'ith', 'on', 'oeun', 'y', 'éa', 'ong', 'im'];
const KHMER = ['សុខ', 'ចាន់', 'វណ្ណ', 'រិទ្ធ', 'ស្រី', 'ដារា', 'បុប្ផា', 'គឹម', 'ហេង', 'ណារី', 'អ៊ុក', 'ពេជ្រ', 'សំ', 'ធី'];
const PLACES = ['Town A', 'Town B', 'Kampong Thmei', 'Prek Chas', 'District 4', 'Phum Leu', 'the capital'];
const WORDS =
  'the court of first instance heard that officers came before dawn and took several people from their homes while neighbours watched no reason was given at first later a spokesman said that they were suspected of incitement and would be questioned according to the law their lawyers asked for bail which was refused'.split(
    ' ',
  );

export interface InventedName {
  readonly latin: string;
  readonly khmer: string;
}

export function inventedName(random: Random): InventedName {
  const [first, second] = [random.whole(0, LATIN.length - 1), random.whole(0, LATIN.length - 1)];
  const latin = `${LATIN[first] ?? ''} ${LATIN[second] ?? ''}${random.pick(ENDS)}${random.chance(0.3) ? ` ${random.pick(LATIN)}` : ''}`;
  return { latin, khmer: `${KHMER[first] ?? ''} ${KHMER[second] ?? ''}` };
}

export function place(random: Random): string {
  return random.pick(PLACES);
}

export function sentence(random: Random, words: number): string {
  const chosen = Array.from({ length: words }, () => random.pick(WORDS)).join(' ');
  return `${chosen.charAt(0).toUpperCase()}${chosen.slice(1)}.`;
}

export function article(random: Random): string {
  return Array.from({ length: random.whole(8, 20) }, () => sentence(random, random.whole(8, 24))).join(' ');
}
