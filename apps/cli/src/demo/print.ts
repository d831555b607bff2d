/**
 * What the record says, as tables for a terminal: one for each subject, each answer beside the words that prove it.
 * Widths are counted in columns, so that Khmer and other wide letters keep the lines straight.
 */
import Table from 'cli-table3';
import type {
  CaseOfPerson,
  CitationView,
  FactView,
  GroupView,
  IntentionView,
  LabelView,
  PersonView,
  StatementLine,
} from '#projections';
import { reads, since } from '../answer-text.js';

type Row = readonly [what: string, says: string, words: string];

/** The columns between which a table is laid out. */
const NARROWEST = 80;
const WIDEST = 118;

function quoted(citations: readonly CitationView[]): string {
  const words = citations.map((citation) => citation.words ?? citation.locator).filter((text) => text !== undefined);
  return [...new Set(words)].map((text) => `“${text}”`).join('\n');
}

/** The words behind some facts, wherever they were recorded: a role of a group is a fact of its holder. */
function proof(facts: readonly FactView[], events: readonly string[]): string {
  return quoted(facts.filter((fact) => events.includes(fact.event)).flatMap((fact) => fact.citations));
}

function caseRows(facts: readonly FactView[], part: CaseOfPerson): Row[] {
  const presence = part.verdict.detail?.presence;
  const verdict = [
    part.verdict.value,
    part.offences.join(', '),
    presence === 'unknown' ? 'presence unknown' : presence,
  ];
  const sentence = [part.sentence.value, part.sentence.detail?.term];
  const join = (words: readonly (string | undefined)[]): string =>
    words.filter((word) => word !== undefined && word !== '').join(', ');
  const rows: Row[] = [];
  if (!['none', 'unknown'].includes(part.verdict.value)) {
    rows.push(['verdict', reads(part.verdict, join(verdict)), proof(facts, part.verdict.restsOn)]);
  }
  if (!['none', 'unknown'].includes(part.sentence.value)) {
    rows.push(['sentence', reads(part.sentence, join(sentence)), proof(facts, part.sentence.restsOn)]);
  }
  return rows;
}

function labelRow(label: LabelView): Row {
  return [
    'somebody’s word',
    `“${label.label}”${label.by === undefined ? '' : `, by ${label.by}`} (no status)`,
    quoted(label.citations),
  ];
}

function intentionRow(intention: IntentionView): Row {
  const conditions = intention.conditions.length === 0 ? '' : `, if: ${intention.conditions.join('; ')}`;
  return ['intends', `${intention.what ?? 'to register as a party'}${conditions}`, quoted(intention.citations)];
}

function statementRow(line: StatementLine): Row {
  const speaker = line.speaker.subject?.name ?? line.speaker.role ?? 'somebody';
  const stance = line.stance === undefined || line.stance === 'none' ? 'speaks' : line.stance;
  const conditions = line.conditions.length === 0 ? '' : `, if: ${line.conditions.join('; ')}`;
  return ['statement', `${speaker}: ${stance}${conditions}`, quoted(line.citations)];
}

function personRows(person: PersonView, facts: readonly FactView[]): Row[] {
  const { liberty, life, asylum, location } = person.axes;
  const rows: Row[] = [];
  if (liberty.value !== 'unknown') rows.push(['liberty', reads(liberty), proof(facts, liberty.restsOn)]);
  if (life.value === 'dead') rows.push(['life', reads(life), proof(facts, life.restsOn)]);
  rows.push(...person.cases.flatMap((part) => caseRows(facts, part)));
  for (const fact of person.timeline) {
    for (const dispute of fact.disputes.filter((one) => one.open)) {
      const other = dispute.alternative?.subject.name;
      rows.push([
        'dispute',
        `${fact.type}: ${dispute.kind}${other === undefined ? '' : `, could be ${other}`}`,
        quoted(dispute.citations),
      ]);
    }
  }
  for (const other of person.alternativesElsewhere) {
    rows.push([
      'other reading',
      `${other.type} of ${other.subject.name ?? 'another'} could be of this person (no status)`,
      other.reason ?? '',
    ]);
  }
  for (const grant of asylum) rows.push([`asylum ${grant.key ?? ''}`, reads(grant), proof(facts, grant.restsOn)]);
  if (location.value !== 'unknown') rows.push(['location', reads(location), proof(facts, location.restsOn)]);
  for (const role of person.roles) {
    const held = role.until === undefined ? '' : `, until ${role.until}`;
    rows.push([
      'role',
      `${role.role}, ${role.organisation.name ?? 'unnamed'}${since(role)}${held}`,
      proof(facts, role.restsOn),
    ]);
  }
  rows.push(
    ...person.labels.map(labelRow),
    ...person.intentions.map(intentionRow),
    ...person.statements.by.map(statementRow),
  );
  return rows;
}

function amount({ value, qualifier }: { readonly value: number; readonly qualifier?: string }): string {
  const words = qualifier === undefined || qualifier === 'exactly' ? '' : `${qualifier.replaceAll('-', ' ')} `;
  return words + value.toLocaleString('en');
}

function groupRows(group: GroupView, facts: readonly FactView[]): Row[] {
  const { registration, activity } = group.axes;
  const rows: Row[] = [['registration', reads(registration), proof(facts, registration.restsOn)]];
  if (activity.value !== 'unknown') rows.push(['activity', reads(activity), proof(facts, activity.restsOn)]);
  for (const entry of group.support) {
    rows.push(['support', `${amount(entry)} ${entry.kind}s, ${entry.as}`, quoted(entry.citations)]);
  }
  for (const plan of group.plans) {
    const when = plan.plannedFor === undefined ? '' : `, planned for ${plan.plannedFor}`;
    rows.push([
      'plans',
      `registration${when}; ${plan.submitted ? 'submitted' : 'not submitted'}`,
      quoted(plan.citations),
    ]);
  }
  for (const size of group.sizes) rows.push(['size', `${amount(size)} (${size.of})`, quoted(size.citations)]);
  for (const holder of group.holders)
    rows.push([
      'role',
      `${holder.role}: ${holder.holder.name ?? 'unnamed'}${since(holder)}`,
      proof(facts, holder.restsOn),
    ]);
  rows.push(
    ...group.labels.map(labelRow),
    ...group.intentions.map(intentionRow),
    ...group.statements.about.map(statementRow),
  );
  return rows;
}

/**
 * One subject's table, with its name and summary above it. Ends without a line break.
 *
 * @param facts where the words are looked up: the timelines of all subjects that are shown together
 */
export function printSubject(subject: PersonView | GroupView, facts: readonly FactView[], columns: number): string {
  const width = Math.max(NARROWEST, Math.min(WIDEST, columns));
  const what = 17;
  const says = Math.floor((width - what - 4) * 0.4);
  const table = new Table({
    head: ['', 'the record says', 'in the words of the source'],
    colWidths: [what, says, width - what - says - 4],
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const row of subject.kind === 'person' ? personRows(subject, facts) : groupRows(subject, facts))
    table.push([...row]);
  return `${subject.name ?? subject.id}\n${subject.summary}\n${table.toString()}`;
}
