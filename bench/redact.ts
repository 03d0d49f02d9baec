/**
 * What redaction costs where it finds nothing, which is nearly all traffic: nanoseconds a byte, as ratio of `JSON.parse` of the
 * same bytes in the same run too, so that machines can be compared.
 *
 *   npx tsx bench/redact.ts [module that exports createRedactor]
 */
import { readdirSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { Redactor } from '../src/cassette/redact.ts';
import { CODEX_REQUEST, SMALL_REQUEST, STREAM_EVENTS, streamEvent } from './traffic.ts';

const ROUNDS = 20;
const ROUND_MS = 40;
const REPO = new URL('..', import.meta.url);

interface Job {
  name: string;
  /** What one run works on. */
  bytes: number;
  /** Events of one run, where it is a stream. */
  events?: number;
  run(redactor: Redactor): void;
  /** JSON texts that hold as much, to compare with. */
  texts: readonly string[];
}

const path = process.argv[2];
const { createRedactor } = (await import(
  path === undefined ? '../src/cassette/redact.ts' : pathToFileURL(path).href
)) as typeof import('../src/cassette/redact.ts');

const events = Array.from({ length: STREAM_EVENTS }, (_, n) => streamEvent(n));
const jobs = [
  body('request of 700 bytes', [SMALL_REQUEST]),
  body('request of 40 KB', [CODEX_REQUEST]),
  body('requests of Codex', requests()),
  body('code in instructions', [workingRequest()]),
  ...[1, 50, 300].map((batch) => stream(`events, ${batch} at once`, events, batch)),
  chunks('JSON in chunks of 16 KB', workingRequest().repeat(8), 16_384),
  stream('recorded streams, 50 at once', recordedEvents(), 50),
];

console.log('| what | µs a run or event | ns a byte | of JSON.parse |\n| --- | --: | --: | --: |');
for (const job of jobs) {
  const redactor = createRedactor();
  redactor.headers(['authorization', `Bearer ${'sk-'}${'aB3dE5gH7jK9mN1p'.repeat(3)}`]);
  const replaced = JSON.stringify(redactor.counts());
  const parse = () => {
    for (const text of job.texts) JSON.parse(text);
  };
  const [nanos, parsing] = measure(() => job.run(redactor), parse) as [number, number];
  const micros = nanos / 1000 / (job.events ?? 1);
  console.log(
    `| ${job.name} | ${micros.toFixed(2)} | ${(nanos / job.bytes).toFixed(2)} | ${(nanos / parsing).toFixed(2)} |`,
  );
  if (JSON.stringify(redactor.counts()) !== replaced) throw new Error(`${job.name} holds what looks like a secret`);
}

function body(name: string, texts: readonly string[]): Job {
  const bodies = texts.map((text) => Buffer.from(text));
  const run = (redactor: Redactor) => {
    for (const bytes of bodies) redactor.body(bytes, 'application/json');
  };
  return { name, bytes: total(bodies), run, texts };
}

function chunks(name: string, text: string, size: number): Job {
  const bytes = Buffer.from(text);
  const run = (redactor: Redactor) => {
    const work = redactor.stream('application/json');
    for (let at = 0; at < bytes.length; at += size) work.push(bytes.subarray(at, at + size));
    work.end();
  };
  return { name, bytes: bytes.length, run, texts: Array<string>(8).fill(text.slice(0, text.length / 8)) };
}

function stream(name: string, all: readonly string[], batch: number): Job {
  const chunks = all.map((event) => Buffer.from(event));
  const run = (redactor: Redactor) => {
    const work = redactor.stream('text/event-stream');
    for (let at = 0; at < chunks.length; at += batch) work.pushAll(chunks.slice(at, at + batch));
    work.end();
  };
  const texts = all.map((event) => /^data: (.*)$/m.exec(event)?.[1]).filter((data) => data?.startsWith('{'));
  return { name, bytes: total(chunks), events: all.length, run, texts: texts as string[] };
}

/** Nanoseconds of one run of each, in turns: the best ones, since other work on the machine only adds. */
function measure(...jobs: (() => void)[]): number[] {
  const best = jobs.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < ROUNDS; round++) {
    jobs.forEach((run, i) => {
      best[i] = Math.min(best[i]!, timeOf(run));
    });
  }
  return best;
}

/** CPU time: others use the machine too. Only the sum of both parts is exact. */
function timeOf(run: () => void): number {
  const start = process.cpuUsage();
  let spent = 0;
  let runs = 0;
  while (spent < ROUND_MS * 1000) {
    run();
    runs++;
    const { user, system } = process.cpuUsage(start);
    spent = user + system;
  }
  return (spent * 1000) / runs;
}

function total(list: readonly Uint8Array[]): number {
  return list.reduce((sum, { length }) => sum + length, 0);
}

function requests(): string[] {
  const lines = readFileSync(new URL('fixtures/codex-requests/0.169.0.jsonl', REPO), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.stringify((JSON.parse(line) as { body: unknown }).body));
}

/** Long texts with code, quotes, backslashes and percent signs, the code as JSON within JSON. */
function workingRequest(): string {
  const read = (name: string) => readFileSync(new URL(name, REPO), 'utf8');
  const code = ['src/decode/sse.ts', 'src/decode/json.ts', 'src/util/headers.ts'].map(read);
  const input = [
    { type: 'function_call', name: 'apply_patch', arguments: JSON.stringify({ input: code[0] }) },
    { type: 'function_call', name: 'exec', arguments: JSON.stringify({ cmd: ['printf', '%s %d%%\\n', code[2]] }) },
    { type: 'function_call_output', output: JSON.stringify({ output: code[1], metadata: { exit_code: 0 } }) },
  ];
  return JSON.stringify({ model: 'bench-1', instructions: read('docs/cassette-format.md'), input, stream: true });
}

function recordedEvents(): string[] {
  const folder = new URL('fixtures/cassettes/0.169.0/', REPO);
  const files = readdirSync(folder).filter((name) => name.endsWith('.har'));
  return files.flatMap((name) => {
    const { log } = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Cassette;
    const chunks = log.entries.flatMap(({ response }) => response?.content?._chunks ?? []);
    return chunks.map(([, text]) => text).filter((text) => typeof text === 'string' && text.startsWith('event:'));
  });
}

interface Cassette {
  log: { entries: { response?: { content?: { _chunks?: [number, string][] } } }[] };
}
