/**
 * The page of a bundle, for people: what the record said, on what words, and every event as it was recorded. It is one file
 * that loads nothing and runs nothing, so that it can be read anywhere and for long.
 */
import { type SourceRecord, wordsAt } from '#domain';
import type { Visibility } from '#kernel';
import type { ActView, CitationView, Document, FactView } from '#projections';
import type { RawEvent } from '../raw-event.js';
import type { Seal } from '../sealing.js';
import { answersIn } from './answers.js';
import type { BundledEvent } from './events.js';
import { type BundleManifest, FILES, textFile } from './format.js';
import { Markup, markup } from './markup.js';
import { inWords } from './wording.js';

export interface PageOf {
  readonly subject: BundleManifest['subject'];
  readonly logId: string;
  readonly seal: Seal;
  /** JSON. */
  readonly document: Uint8Array;
  readonly events: readonly BundledEvent[];
  readonly sources: ReadonlyMap<string, SourceRecord>;
  /** For whom it was made; undefined: for those who may see everything. */
  readonly ceiling: Visibility | undefined;
  /** Events that may be seen and are not given as they are stored. */
  readonly withheld: readonly RawEvent[];
}

const STYLE = `
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 50rem; padding: 0 1rem }
h2 { border-top: 1px solid; margin-top: 3rem; padding-top: 1rem }
table { border-collapse: collapse }
th, td { padding: .2rem 1rem .2rem 0; text-align: left; vertical-align: top }
article { margin: 1.5rem 0 }
h3 { margin: 0 }
.gone { text-decoration: line-through }
dl { margin: .3rem 0; padding-left: 1rem }
dt { float: left; margin-right: .5rem }
dt::after { content: ":" }
dd { margin: 0; min-height: 1.5rem }
blockquote { border-left: 3px solid; margin: .3rem 0; padding-left: .8rem }
dd, small, code { overflow-wrap: anywhere }
`;

export function bundlePage(of: PageOf): string {
  const { subject, logId, seal, document: json, events, sources, ceiling, withheld } = of;
  const { kind, id } = subject;
  const document = JSON.parse(Buffer.from(json).toString('utf8')) as Document;
  const named = 'name' in document ? document.name : 'title' in document ? document.title : undefined;
  const name = named ?? `${kind} ${id}`;
  const answers = answersIn(document);
  return markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${name}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<h1 dir="auto">${name}</h1>
<p><strong dir="auto">${document.summary}</strong></p>
<p>What the record said of this ${kind} when it was sealed, on ${seal.recordedAt}: from the first ${seal.size} events of its log.<br>
<small>${kind} ${id}, log ${logId}</small></p>
${
  ceiling === undefined
    ? ''
    : markup`<p>Made for who may see what is <strong>${ceiling}</strong>: what is above that level is not here, and counts in no answer.</p>
`
}${
    answers.length === 0
      ? ''
      : markup`<h2>Answers</h2>
<table>${answers.map(
          ({
            title,
            value,
            remarks,
          }) => markup`<tr><th scope="row" dir="auto">${title}</th><td>${value}</td><td>${remarks}</td></tr>
`,
        )}</table>
<p>What is not here is unknown.</p>`
  }
${
  document.timeline.length === 0
    ? ''
    : markup`<h2>What happened</h2>
${document.timeline.map(fact)}`
}
<h2>Sources</h2>
${[...sources].map(([source, record]) => sourceEntry(source, record))}
<h2>Every event</h2>
<p>As it was recorded, with its number in the log. What was recorded about an event later stands further down.</p>
${[
  ...events.map((one) => ({ seq: one.raw.seq, entry: () => event(one, sources) })),
  ...withheld.map((raw) => ({ seq: raw.seq, entry: () => withheldEvent(raw) })),
]
  .sort((a, b) => a.seq - b.seq)
  .map(({ entry }) => entry())}
<h2>How to check this</h2>
<p>With Habeas, on any machine and without a network: <code>npx habeas verify bundle.zip --key "…"</code>, with the key of the log as you have it
from elsewhere. The one that this bundle names is <code>${seal.verifierKey}</code>. If you have the seal of ${seal.size} events that somebody
else kept, add <code>--against seal.txt</code>.</p>
<p><strong>Proved</strong> is that every event here is in the log that was sealed, unchanged; that the names, words and notes are what was sealed
in it; that the texts of sources are those that were recorded; and that ${
    ceiling === undefined
      ? markup`no event up to the seal is missing of the ${kind}’s own, nor of its sources’`
      : 'where events of a stream follow each other none is missing between them'
  }.
<strong>By the signature alone</strong> goes what was computed: the answers above, and which events of others bear on this ${kind}${
    ceiling === undefined
      ? ''
      : ', what was told again where words were blanked, and that what is not here is above the level that this was made for'
  }.
<strong>Not proved</strong> is that what was recorded is true.</p>
<p>Events are in <code>${FILES.events}</code>, what was sealed in them in <code>${FILES.opened}</code>, proofs in <code>${FILES.proofs}</code> (RFC 6962), the
seal in <code>${FILES.seal}</code> (C2SP tlog-checkpoint).</p>
</body>
</html>
`.text;
}

function fact(one: FactView): Markup {
  const { standing, disputed, basis, confidence, mentions } = one;
  const isGone = standing === 'withdrawn' || standing === 'moved';
  const remarks = [
    ...(standing === 'standing' ? [] : [standing]),
    ...(disputed ? ['disputed'] : []),
    ...(basis === undefined ? [] : [basis]),
    ...(confidence === undefined ? [] : [`${confidence} confidence`]),
    ...mentions.flatMap(({ name }) => (name === undefined ? [] : [`names ${name}`])),
  ];
  return markup`<article>
<h3${isGone ? markup` class="gone"` : ''}>${one.occurred ?? 'Date unknown'}: ${inWords(one.type)}</h3>
<p><small dir="auto">${remarks.join(', ')}; <a href="#${one.event}">event ${one.seq}</a></small></p>
${fields(one.data)}
${one.note === undefined ? '' : markup`<p dir="auto">${one.note}</p>`}
${one.citations.map(citation)}
${acts('Corrected', one.corrections)}${acts('Disputed', one.disputes)}${acts('Verified', one.verifications)}
</article>
`;
}

function acts(title: string, each: readonly ActView[]): readonly Markup[] {
  return each.map(
    ({ event: id, seq, recordedAt, reason, citations }) => markup`
<p>${title} on ${recordedAt}: <span dir="auto">${reason ?? ''}</span> <small><a href="#${id}">event ${seq}</a></small></p>
${citations.map(citation)}`,
  );
}

function citation({ source, words, locator }: CitationView): Markup {
  return markup`<blockquote dir="auto">${words ?? ''}</blockquote>
<p><small><a href="#${source.id}" dir="auto">${source.name ?? source.id}</a>${locator === undefined ? '' : `, ${locator}`}</small></p>
`;
}

function sourceEntry(id: string, { text, textVersion: _, title, ...details }: SourceRecord): Markup {
  return markup`<article id="${id}">
<h3 dir="auto">${title ?? id}</h3>
${fields(details)}
<p>${text === undefined ? 'No text of it is held.' : markup`<a href="${textFile(id)}">Its text, as it is held</a>`}</p>
</article>
`;
}

function withheldEvent({ id, seq, type, stream }: RawEvent): Markup {
  return markup`<article id="${id}">
<h3>${seq}. ${inWords(type)}</h3>
<p><small>In ${stream}; event ${id}</small></p>
<p>It counts in the answers above, and is not given as it is stored: that names what is above the level that this was made for.</p>
</article>
`;
}

function event(
  { raw, disclosure, retold, event: { data, opened, metadata } }: BundledEvent,
  sources: PageOf['sources'],
): Markup {
  const { text, ...said } = data;
  const isOfSource = raw.stream.startsWith('habeasSource-') && typeof text === 'string';
  return markup`<article id="${raw.id}">
<h3>${raw.seq}. ${inWords(raw.type)}</h3>
<p><small>Recorded ${metadata.recordedAt} by ${metadata.recordedBy}; revision ${raw.revision} of ${raw.stream}; event ${raw.id}; hash
${metadata.hash}${disclosure === undefined ? '' : '; with what was sealed in it'}</small></p>
${retold === undefined ? '' : markup`<p>Its personal fields are shown as they were told again, where words in them were blanked.</p>`}
${opened ? '' : markup`<p>Its personal fields were erased: there is no key for them any more.</p>`}
${fields(withWords(said, sources) as Fields)}
${isOfSource ? markup`<p>And a text of ${text.length} characters.</p>` : fields({ text })}
</article>
`;
}

type Fields = Readonly<Record<string, unknown>>;

function fields(of: Fields): Markup {
  const shown = Object.entries(of).filter(([, value]) => value !== undefined && value !== null);
  if (shown.length === 0) return markup``;
  return markup`<dl>${shown.map(
    ([name, value]) => markup`<dt>${inWords(name)}</dt><dd dir="auto">${valueOf(value)}</dd>
`,
  )}</dl>`;
}

function valueOf(value: unknown): Markup | string {
  if (Array.isArray(value)) return markup`${(value as unknown[]).map((one) => markup`<div>${valueOf(one)}</div>`)}`;
  return typeof value === 'object' && value !== null ? fields(value as Fields) : String(value);
}

/** An event's data, with the words of held texts where it says where they stand. */
function withWords(value: unknown, sources: PageOf['sources']): unknown {
  if (Array.isArray(value)) return (value as unknown[]).map((one) => withWords(one, sources));
  if (typeof value !== 'object' || value === null) return value;
  const inner = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withWords(one, sources)]));
  const { sourceId, at } = value as Fields;
  const { start, end } = (at ?? {}) as { start?: unknown; end?: unknown };
  const text = typeof sourceId === 'string' ? sources.get(sourceId)?.text : undefined;
  if (text === undefined || typeof start !== 'number' || typeof end !== 'number') return inner;
  return { words: wordsAt(text, { start, end }), ...inner };
}
