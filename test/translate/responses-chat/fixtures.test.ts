import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseSse } from '../../../src/decode/sse.ts';
import { asObject, type JsonObject } from '../../../src/protocols/grammar.ts';
import { findDialect } from '../../../src/translate/dialects.ts';
import { responsesChat } from '../../../src/translate/responses-chat/hop.ts';
import type { BackContext, SourceEnd, StreamEvent, StreamStep } from '../../../src/translate/types.ts';
import { toUtf8 } from '../../../src/util/bytes.ts';
import { validateDocument } from '../../../src/validate/document.ts';
import { judgeStream, makeContext, sseText, withoutExtras } from '../../helpers/translate.ts';

const ROOT = fileURLToPath(new URL('../../../fixtures/translations/responses-chat/', import.meta.url));

/** `case.json`; all of it may be left out. */
interface Case {
  dialect?: string;
  /** Fields of the request that the answer is for. */
  answers?: JsonObject;
  end?: SourceEnd;
}

const CASES = readdirSync(ROOT).sort();

/** What Codex must be told by codes of its own, reasons that no one knows, and refusals, which Codex does not read. */
const ALLOWED_VALUES = [
  '/response/error/code',
  '/response/incomplete_details/reason',
  '/error/code',
  '/item/content/0/type',
];

describe('requests', () => {
  it.each(CASES.filter((name) => has(name, 'request.json')))('%s', async (name) => {
    const context = contextOf(name);
    const result = responsesChat.request(readJson(name, 'request.json'), context);
    if ('problem' in result) {
      await expectFile(name, 'refusal.json', result);
      return;
    }
    expect(has(name, 'refusal.json')).toBe(false);
    await expectFile(name, 'request.expected.json', result.body);
    await expectFile(name, 'losses.json', result.losses);
    const strict = JSON.stringify(withoutExtras(result.body, context.dialect.extras));
    expect(validateDocument('chat.request', strict, ['strict'])).toEqual([]);
  });
});

describe('streams', () => {
  it.each(CASES.filter((name) => has(name, 'stream.sse')))('%s', async (name) => {
    const { events, losses } = runStream(name);
    await expect(sseText(events)).toMatchFileSnapshot(`${ROOT}${name}/stream.expected.sse`);
    await expectFile(name, 'stream.losses.json', losses);
    const findings = judgeStream('responses', events, ['strict', 'codex']);
    expect(
      findings.filter(({ severity, pointer }) => severity === 'error' && !ALLOWED_VALUES.includes(pointer)),
    ).toEqual([]);
  });
});

describe('whole answers', () => {
  it.each(CASES.filter((name) => has(name, 'response.json')))('%s', async (name) => {
    const { body, losses } = responsesChat.response(readJson(name, 'response.json'), backContextOf(name));
    await expectFile(name, 'response.expected.json', body);
    await expectFile(name, 'response.losses.json', losses);
    const findings = validateDocument('responses.response', JSON.stringify(body), ['strict']);
    expect(findings.filter(({ pointer }) => !ALLOWED_VALUES.includes(pointer))).toEqual([]);
  });
});

function runStream(name: string): StreamStep {
  const stream = responsesChat.stream(backContextOf(name));
  const source = parseSse(toUtf8(read(name, 'stream.sse'))).events;
  const steps = source.map(({ event, data }) => stream.push({ name: event, data }));
  steps.push(stream.end(caseOf(name).end ?? 'done'));
  return { events: steps.flatMap((step): StreamEvent[] => step.events), losses: steps.flatMap((step) => step.losses) };
}

function contextOf(name: string) {
  return makeContext(findDialect(caseOf(name).dialect ?? 'chat', 'chat')!);
}

function backContextOf(name: string): BackContext {
  const context = contextOf(name);
  const request = { model: 'm', input: 'Hi', stream: true, ...caseOf(name).answers };
  const result = responsesChat.request(request, context);
  if ('problem' in result) throw new Error(result.problem.message);
  // Tools are long and stand in three events: the fixtures are for people to read.
  const { tools: _, input: __, ...shown } = request as JsonObject;
  return { ...context, plan: { ...result.plan, request: { ...shown, input: asObject(request)?.input } } };
}

async function expectFile(name: string, file: string, value: unknown): Promise<void> {
  await expect(`${JSON.stringify(value, null, 2)}\n`).toMatchFileSnapshot(`${ROOT}${name}/${file}`);
}

function caseOf(name: string): Case {
  return has(name, 'case.json') ? (readJson(name, 'case.json') as Case) : {};
}

function has(name: string, file: string): boolean {
  return existsSync(`${ROOT}${name}/${file}`);
}

function read(name: string, file: string): string {
  return readFileSync(`${ROOT}${name}/${file}`, 'utf8');
}

function readJson(name: string, file: string): JsonObject {
  return JSON.parse(read(name, file)) as JsonObject;
}
