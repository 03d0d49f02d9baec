import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { HINTS } from '../../../src/protocols/loss-weights.ts';
import { DIALECTS, type Dialect } from '../../../src/translate/dialects.ts';
import { readProviderError, writeClientError } from '../../../src/translate/error.ts';
import type { Loss, Protocol } from '../../../src/util/types.ts';
import { renderEnds } from './ends.ts';
import type { Section } from './sections.ts';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/translations/', import.meta.url));

export const NAMES: Readonly<Record<Protocol, string>> = {
  responses: 'Responses',
  chat: 'Chat Completions',
  messages: 'Messages',
};

/** The page with its generated parts anew; each stands between two comments that name it. */
export function renderPage(page: string, sections: readonly Section[]): string {
  const parts: Readonly<Record<string, string>> = {
    dialects: renderDialects(),
    hints: renderHints(),
    errors: renderErrors(),
    ends: renderEnds(),
    coverage: sections.map(renderSection).join('\n\n'),
    losses: renderLosses(sections),
  };
  return Object.entries(parts).reduce((text, [name, part]) => replacePart(text, name, part), page);
}

function replacePart(page: string, name: string, part: string): string {
  const begin = `<!-- ${name}: written by \`npm run coverage:translation\` -->`;
  const end = `<!-- end of ${name} -->`;
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`The page has no part ${name}.`);
  return `${page.slice(0, from + begin.length)}\n\n${part}\n\n${page.slice(to)}`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

function code(text: string): string {
  return `\`${text}\``;
}

function renderSection({ protocol, title, rows }: Section): string {
  const columns = rows[0]!.cells.map(({ to }) => `to ${NAMES[to]}`);
  const lines = rows.map(({ name, cells }) => [code(name), ...cells.map(({ cell }) => cell.text)]);
  return `#### ${NAMES[protocol]}: ${title}\n\n${table([title, ...columns], lines)}`;
}

const INSTRUCTIONS: Readonly<Record<Dialect['instructions'], string>> = {
  keep: 'as they are',
  system: 'as `system`, in any place',
  leading: '`system`, at the beginning alone',
  user: 'as the user',
};

function renderDialects(): string {
  const rows = DIALECTS.map((dialect) => [
    code(dialect.name),
    NAMES[dialect.protocol],
    dialect.hosts ? hostsOf(dialect.hosts) : '',
    INSTRUCTIONS[dialect.instructions],
    effortsOf(dialect.efforts),
    thoughtsOf(dialect),
    dialect.images === 'data' ? 'as data' : dialect.images,
    dialect.lacks.map(code).join(', ') || 'nothing',
  ]);
  const head = ['dialect', 'protocol', 'known by the host', 'instructions', 'efforts', 'thoughts', 'images', 'lacks'];
  const sources = DIALECTS.map(({ name, protocol, source }) => `- ${code(name)} (${NAMES[protocol]}): ${source}`);
  return `${table(head, rows)}\n\nWhere this comes from:\n\n${sources.join('\n')}`;
}

function hostsOf(hosts: RegExp): string {
  return hosts.source
    .split('|')
    .flatMap((source) => source.match(/[a-z]+\\\.[a-z]+|:\d+/g) ?? [])
    .map((host) => code(host.replace('\\', '')))
    .join(', ');
}

function effortsOf(efforts: Dialect['efforts']): string {
  const entries = Object.entries(efforts);
  if (entries.length === 0) return 'none';
  const renamed = entries.filter(([from, to]) => from !== to).map(([from, to]) => `${from} → ${to}`);
  const same = entries.filter(([from, to]) => from === to).map(([from]) => from);
  return [...same, ...renamed].join(', ');
}

function thoughtsOf({ reasoning, messages }: Dialect): string {
  if (reasoning) return `${THOUGHTS[reasoning.field]}, sent back ${REPLAY[reasoning.replay]}`;
  if (messages) return [...new Set(messages.thinking.map(({ how }) => how))].join(', ');
  return '';
}

const THOUGHTS = {
  reasoning_content: '`reasoning_content`',
  reasoning: '`reasoning`',
  content: '`<think>` in `content`',
} as const;

const REPLAY = { never: 'never', 'tool-turns': 'in turns with calls', always: 'always' } as const;

function renderHints(): string {
  const rows = HINTS.map(({ why, paths = [], reason }) => [
    [...paths.map(code), ...(reason ? reasonsOf(reason) : [])].join(', '),
    why,
  ]);
  return table(['a hint is a loss at, or one that says', 'since'], rows);
}

/** The whole sentences that a pattern has to choose from. */
function reasonsOf(reason: RegExp): string[] {
  return reason.source.split('|').map((sentence) => `“${sentence.replace(/^\^|\$$/g, '')}”`);
}

/** What providers say before a stream, one for each kind of error. */
const ERRORS: readonly [what: string, status: number, error: Record<string, unknown>][] = [
  ['the prompt is longer than the context', 400, { code: 'context_length_exceeded', message: 'Too long.' }],
  ['the same, as llama-server says it', 400, { code: 400, type: 'exceed_context_size_error', message: 'Too long.' }],
  ['the same, as Anthropic says it', 400, { type: 'invalid_request_error', message: 'prompt is too long: 2 > 1' }],
  ['the account has no credit', 429, { code: 'insufficient_quota', message: 'You exceeded your current quota.' }],
  ['the same, as DeepSeek says it', 402, { message: 'Insufficient Balance', type: 'unknown_error' }],
  ['too many requests', 429, { type: 'rate_limit_error', message: 'Slow down.' }],
  ['no such model', 404, { code: 'model_not_found', message: 'The model does not exist.' }],
  ['overloaded', 529, { type: 'overloaded_error', message: 'Overloaded' }],
  ['overloaded, behind another status', 503, { message: 'The engine is currently overloaded.' }],
  ['wrong key', 401, { message: 'Incorrect API key provided.' }],
  ['not allowed', 403, { message: 'Forbidden' }],
  ['no such endpoint', 404, { message: 'Not Found' }],
  ['request too large', 413, { message: 'Payload Too Large' }],
  ['timeout', 504, { message: 'Gateway Timeout' }],
  ['any other fault of the request', 400, { message: 'Bad Request' }],
  ['any other fault of the server', 500, { message: 'Internal Server Error' }],
];

function renderErrors(): string {
  const rows = ERRORS.map(([what, status, error]) => {
    const facts = readProviderError({ status, text: JSON.stringify({ error }) });
    const openai = writeClientError('responses', facts);
    const said = (JSON.parse(openai.text) as { error: { type: string; code: string | null } }).error;
    const messages = writeClientError('messages', facts);
    const { type } = (JSON.parse(messages.text) as { error: { type: string } }).error;
    return [
      what,
      String(status),
      `${openai.status} ${code(said.type)}${said.code === null ? '' : `, code ${code(said.code)}`}`,
      `${messages.status} ${code(type)}`,
    ];
  });
  return table(['what the provider says', 'its status', 'Responses and Chat clients', 'Messages clients'], rows);
}

/** In a reason, the name of what is lost: the same loss tells of any. */
const NAME =
  /(has no |translation of |of type |^)?(?:"(?:[^"\\]|\\.)*"|(?<=has no |translation of |of type |^)\w+[._]\w[\w.]*)/g;

/** Every loss that the fixtures of the translators or the coverage have, by hop; `…` stands for any name. */
function renderLosses(sections: readonly Section[]): string {
  const found = sections.flatMap(({ rows }) => rows.flatMap(({ cells }) => cells.flatMap(({ cell }) => cell.losses)));
  const byHop = new Map<string, Map<string, string[]>>();
  for (const { hop, kind, path, reason } of [...readLosses(), ...found]) {
    const plain = reason.replace(NAME, (_all, before: string | undefined) => `${before ?? ''}…`);
    const losses = byHop.get(hop) ?? new Map<string, string[]>();
    byHop.set(hop, losses.set(`${kind} | ${plain}`, [kind, placeOf(path), plain]));
  }
  return [...byHop]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([hop, losses]) => {
      const rows = [...losses].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
      return `#### ${code(hop)}\n\n${table(['kind', 'e.g. at', 'why'], rows)}`;
    })
    .join('\n\n');
}

function placeOf(path: string): string {
  return code(path.replace(/\/\d+(?=\/|$)/g, '/*') || '/');
}

function readLosses(): Loss[] {
  return readdirSync(FIXTURES, { recursive: true })
    .map(String)
    .filter((file) => /losses\.json$/.test(file))
    .sort()
    .flatMap((file) => JSON.parse(readFileSync(FIXTURES + file, 'utf8')) as Loss[]);
}
