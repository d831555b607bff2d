/** Fixed ids of what the examples speak of. All of it is invented. */
export const EXAMPLE_IDS = {
  personA: '0a0a0a0a-0000-4000-8000-000000000001',
  personB: '0a0a0a0a-0000-4000-8000-000000000002',
  groupA: '0b0b0b0b-0000-4000-8000-000000000001',
  groupB: '0b0b0b0b-0000-4000-8000-000000000002',
  caseA: '0c0c0c0c-0000-4000-8000-000000000001',
  caseB: '0c0c0c0c-0000-4000-8000-000000000002',
  statementA: '0d0d0d0d-0000-4000-8000-000000000001',
  sourceA: '0e0e0e0e-0000-4000-8000-000000000001',
  sourceB: '0e0e0e0e-0000-4000-8000-000000000002',
  factA: '0f0f0f0f-0000-4000-8000-000000000001',
  factB: '0f0f0f0f-0000-4000-8000-000000000002',
  disputeA: '0f0f0f0f-0000-4000-8000-000000000003',
  judgementA: '0f0f0f0f-0000-4000-8000-000000000004',
  decisionA: '0f0f0f0f-0000-4000-8000-000000000005',
  redactionA: '0f0f0f0f-0000-4000-8000-000000000006',
  keyA: '0a0b0c0d-0000-4000-8000-000000000001',
  keyB: '0a0b0c0d-0000-4000-8000-000000000002',
} as const;

const { sourceA } = EXAMPLE_IDS;

export const CITED = [{ sourceId: sourceA, quote: { exact: 'was arrested', prefix: 'Person A ' } }] as const;

/** What every fact has. */
export const REPORTED = { basis: 'reported', confidence: 'medium', citations: CITED } as const;

/** The text of the example's source: the examples quote it. */
export const EXAMPLE_TEXT = 'Person A was arrested in Town A in May 2017.\nGroup A says that it will register.';
