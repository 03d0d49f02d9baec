import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseSse } from '../../../src/decode/sse.ts';
import type { JsonObject } from '../../../src/protocols/grammar.ts';
import { findDialect } from '../../../src/translate/dialects.ts';
import { responsesMessages } from '../../../src/translate/responses-messages/hop.ts';
import type { BackContext, SourceEnd, StreamEvent, StreamStep } from '../../../src/translate/types.ts';
import { toUtf8 } from '../../../src/util/bytes.ts';
import { makeContext, sseText } from '../../helpers/translate.ts';

const ROOT = fileURLToPath(new URL('../../../fixtures/translations/responses-messages/', import.meta.url));

/** `case.json`; all of it may be left out. */
interface Case {
  dialect?: string;
  /** Fields of the request that the answer is for, when the case has none of its own. */
  answers?: JsonObject;
  end?: SourceEnd;
}

const CASES = readdirSync(ROOT).sort();

describe('requests', () => {
  it.each(CASES.filter((name) => has(name, 'request.json')))('%s', async (name) => {
    const result = responsesMessages.request(readJson(name, 'request.json'), contextOf(name));
    if ('problem' in result) {
      await expectFile(name, 'refusal.json', result);
      return;
    }
    expect(has(name, 'refusal.json')).toBe(false);
    await expectFile(name, 'request.expected.json', result.body);
    await expectFile(name, 'losses.json', result.losses);
  });
});

describe('streams', () => {
  it.each(CASES.filter((name) => has(name, 'stream.sse')))('%s', async (name) => {
    const { events, losses } = runStream(name);
    await expect(sseText(events)).toMatchFileSnapshot(`${ROOT}${name}/stream.expected.sse`);
    await expectFile(name, 'stream.losses.json', losses);
  });
});

describe('whole answers', () => {
  it.each(CASES.filter((name) => has(name, 'response.json')))('%s', async (name) => {
    const { body, losses } = responsesMessages.response(readJson(name, 'response.json'), backContextOf(name));
    await expectFile(name, 'response.expected.json', body);
    await expectFile(name, 'response.losses.json', losses);
  });
});

function runStream(name: string): StreamStep {
  const stream = responsesMessages.stream(backContextOf(name));
  const source = parseSse(toUtf8(read(name, 'stream.sse'))).events;
  const steps = source.map(({ event, data }) => stream.push({ name: event, data }));
  steps.push(stream.end(caseOf(name).end ?? 'done'));
  return { events: steps.flatMap((step): StreamEvent[] => step.events), losses: steps.flatMap((step) => step.losses) };
}

function contextOf(name: string) {
  const dialect = caseOf(name).dialect ?? 'anthropic';
  return makeContext(findDialect(dialect, 'messages')!);
}

function backContextOf(name: string): BackContext {
  const context = contextOf(name);
  const request = { model: 'claude-opus-5', input: 'Hi', stream: true, ...caseOf(name).answers };
  const result = responsesMessages.request(request, context);
  if ('problem' in result) throw new Error(result.problem.message);
  return { ...context, plan: result.plan };
}

async function expectFile(name: string, file: string, value: unknown): Promise<void> {
  // Who calls the hop gets what its JSON says, and no fields that are undefined.
  expect(JSON.parse(JSON.stringify(value))).toStrictEqual(value);
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
