/** One run of `replay` over a corpus. */
export interface Measured {
  corpus: string;
  splits: string;
  jobs: number;
  exchanges: number;
  bytes: number;
  wallMs: number;
  /** Of all threads. */
  cpuMs: number;
  peakMib: number;
}

/** Medians of a command that has next to nothing to do. */
export interface Startup {
  name: string;
  wallMs: number;
  cpuMs: number;
}

/** What a number should be. */
export interface Aim {
  what: string;
  is: number;
  atLeast?: number;
  atMost?: number;
}

export function isMet({ is, atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY }: Aim): boolean {
  return is >= atLeast && is <= atMost;
}

const HEADING = '## Speed';

/** The section of docs/replay.md. @param machine what it was measured on */
export function renderSection(
  { started, measured, aims }: { started: readonly Startup[]; measured: readonly Measured[]; aims: readonly Aim[] },
  machine: string,
): string {
  return `${HEADING}

Written by \`npm run bench:replay -- --out docs/replay.md\` on ${machine}: the exchanges of the repository's fixtures over and over again, with ids of their
own, in cassettes of 100. Small exchanges are those of at most 20,000 bytes in their cassette. Start-up and reports are within the times.

${table(
  [
    'corpus',
    '`--splits`',
    '`--jobs`',
    'exchanges',
    'MB',
    's',
    'exchanges/s',
    'MB/s',
    'exchanges/s and core',
    'peak MiB',
  ],
  measured.map((one) => [
    one.corpus,
    one.splits,
    String(one.jobs),
    String(one.exchanges),
    (one.bytes / 1e6).toFixed(0),
    (one.wallMs / 1000).toFixed(1),
    perSecond(one.exchanges, one.wallMs),
    perSecond(one.bytes / 1e6, one.wallMs),
    perSecond(one.exchanges, one.cpuMs),
    one.peakMib.toFixed(0),
  ]),
)}

${table(
  ['start-up', 'ms', 'ms of CPU'],
  started.map(({ name, wallMs, cpuMs }) => [`\`${name}\``, wallMs.toFixed(0), cpuMs.toFixed(0)]),
)}

${renderAims(aims)}

How to read it: \`s\` is what a clock on the wall says and depends on what else the machine does; \`exchanges/s and core\` counts the CPU time of all threads, the
compiler's and the collector's among them. An exchange is four messages, each of which is parsed, judged and searched for credentials; what is translated
is translated anew, with \`--splits fast\` some more times. With few exchanges the time that V8 takes to compile what runs often is a good part.

Where the time of a small exchange goes with \`--splits none\`, once all is compiled, by a CPU profile of 6,000 of them: a quarter to the schemas and grammars of its legs, a
quarter to the whole proxy (of that a quarter to Polly), 14 % to the search for credentials, 12 % to reading the cassette, 10 % to the collector. What is left is spread over the
other checks. \`--splits fast\` runs the proxy twice more, once with reads of one byte. A second thread loads the program and warms up by itself, which is as much work as more than
a thousand small exchanges; the collector and the compiler work in threads of their own already, so that one thread keeps more than one core busy.

Of start-up, most goes to loading: some 400 files; yargs, Polly with what it needs, and the compiled schemas take about two fifths of it. What a cassette has no use for is loaded
when it is needed: translators, undici, WebSockets.
`;
}

/** The table of what is aimed at. */
export function renderAims(aims: readonly Aim[]): string {
  return table(
    ['aim', 'at least', 'at most', 'is', ''],
    aims.map((aim) => [
      aim.what,
      String(aim.atLeast ?? ''),
      String(aim.atMost ?? ''),
      aim.is >= 100 ? aim.is.toFixed(0) : aim.is.toFixed(2),
      isMet(aim) ? 'met' : 'not met',
    ]),
  );
}

/** The text of a document with this section in place of the one of the same name, or in front of the last section. */
export function replaceSection(document: string, section: string): string {
  const known = document.indexOf(`${HEADING}\n`);
  const from = known < 0 ? document.lastIndexOf('\n## ') + 1 : known;
  const next = known < 0 ? from : document.indexOf('\n## ', known) + 1 || document.length;
  const after = document.slice(next);
  return document.slice(0, from) + section + (after === '' ? '' : `\n${after}`);
}

function perSecond(count: number, ms: number): string {
  const rate = (count * 1000) / ms;
  return rate >= 100 ? rate.toFixed(0) : rate.toFixed(1);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
