import { REFUSAL_CODES } from '#domain';
import { problemDocument, problemKinds } from './problem.js';

test('one refusal gives its own code, and errors only where there is a place to name', () => {
  expect(problemDocument([{ code: 'not-found', detail: 'No such person.' }])).toEqual({
    type: 'urn:habeas:problem:not-found',
    title: 'There is nothing here',
    status: 404,
    code: 'not-found',
    detail: 'No such person.',
  });
  const located = { code: 'unknown-field', detail: 'No such field.', pointer: '/x' };
  expect(problemDocument([located])).toMatchObject({ status: 422, code: 'unknown-field', errors: [located] });
});

test('several refusals of one code keep it; of several codes, each stands in errors', () => {
  const one = { code: 'unknown-field', detail: 'No such field.', pointer: '/x' };
  const other = { code: 'missing-field', detail: 'A field is missing.', pointer: '/y' };
  expect(problemDocument([one, { ...one, pointer: '/z' }])).toMatchObject({ status: 422, code: 'unknown-field' });
  expect(problemDocument([one, other])).toMatchObject({ status: 422, code: 'several-problems', errors: [one, other] });
});

test('every code of the domain has a status, and every status is one of an error', () => {
  for (const code of Object.keys(REFUSAL_CODES)) expect(problemKinds.get(code)?.status).toBeGreaterThanOrEqual(400);
  for (const { status } of problemKinds.values()) expect(status).toBeLessThan(600);
  expect(problemKinds.get('payload-too-large')?.status).toBe(413);
});

test('a code that is missing in the table is still a refusal of the content', () => {
  expect(problemDocument([{ code: 'new', detail: 'New.' }]).status).toBe(422);
});
