/**
 * Loaded into the server before anything else (`--import`), in every thread: the wall clock is off by as many milliseconds
 * as the file that HABEAS_TEST_CLOCK names says at that moment.
 */
import { readFileSync } from 'node:fs';

const file = process.env.HABEAS_TEST_CLOCK ?? '';
const RealDate = Date;

function shifted(): number {
  return RealDate.now() + Number(readFileSync(file, 'utf8'));
}

globalThis.Date = class extends RealDate {
  constructor(...parts: readonly [value?: number]) {
    super(parts.length === 0 ? shifted() : (parts[0] ?? NaN));
  }
  static override now(): number {
    return shifted();
  }
} as DateConstructor;
