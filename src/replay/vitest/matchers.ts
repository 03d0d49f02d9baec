import { request } from 'undici';
import { parseSse } from '../../decode/sse.ts';
import type { SseEvent } from '../../decode/types.ts';
import { TapedeckError } from '../../errors.ts';
import { fromUtf8, toUtf8 } from '../../util/bytes.ts';
import type { Protocol } from '../../util/types.ts';
import { validateDocument } from '../../validate/document.ts';
import type { Finding, Profile } from '../../validate/findings.ts';
import { checkGrammar } from '../../validate/grammar.ts';
import { createCassetteDispatcher } from '../polly/dispatcher.ts';
import type { CassetteMiss } from '../polly/missed.ts';
import type { CassetteSession } from './session.ts';

export interface JudgeOptions {
  /** `tolerant` when absent: what the API's types say, open for what providers add. */
  profile?: Profile;
}

/** A request as `toMatchCassette` takes it. */
export interface AskedOfCassette {
  /** Path with its query, or URL. */
  path: string;
  /** `POST` when absent. */
  method?: string;
  /** Anything that is neither text nor bytes is written as JSON. */
  body?: unknown;
}

/** What a matcher says. */
export interface Verdict {
  pass: boolean;
  message(): string;
}

/** So many findings are shown. */
const SHOWN = 10;

/**
 * `expect(document).toConformTo('responses.request')`: text, bytes or an object by the schema, and a stream by its grammar as
 * well. Warnings do not count.
 */
export function toConformTo(received: unknown, root: string, { profile = 'tolerant' }: JudgeOptions = {}): Verdict {
  const findings = errorsOf(validateDocument(root, textOf(received), [profile]));
  return {
    pass: findings.length === 0,
    message: () => `${expected(findings)} conform to ${root} (${profile})${list(findings)}`,
  };
}

/**
 * `expect(stream).toBeGrammatical('responses')`: the order of the events of a whole stream, from its text or bytes, or from events
 * that were parsed already.
 * @param protocol found by the first event when absent
 */
export function toBeGrammatical(received: unknown, protocol?: Protocol, options: JudgeOptions = {}): Verdict {
  const events = eventsOf(received);
  const known = protocol ?? protocolOf(events);
  if (known === undefined) {
    const message = () =>
      'expected a stream of Responses, Chat Completions or Messages, and its first event is of none';
    return { pass: false, message };
  }
  const findings = errorsOf(checkGrammar(known, events, 'complete', [options.profile ?? 'tolerant']));
  return {
    pass: findings.length === 0,
    message: () => `${expected(findings)} be a grammatical stream of ${known}${list(findings)}`,
  };
}

/**
 * `await expect({ path: '/v1/responses', body }).toMatchCassette()`: whether a cassette has a recording of this request. It asks
 * nobody, and takes nothing from the cassette that the test plays.
 * @param current the cassette of the test that runs
 * @param path another cassette
 */
export async function toMatchCassette(
  received: unknown,
  current: CassetteSession | undefined,
  path: string | undefined = current?.path,
): Promise<Verdict> {
  if (path === undefined) {
    const hint = 'Call useCassette first, or name a cassette: toMatchCassette(path).';
    throw new TapedeckError('usage', `No cassette is in use. ${hint}`, { hint });
  }
  const miss = await missIn(path, received as AskedOfCassette, current);
  return {
    pass: miss === undefined,
    message: () => (miss ? miss.message : `expected the request not to be recorded in ${path}`),
  };
}

async function missIn(
  path: string,
  { path: target, method = 'POST', body }: AskedOfCassette,
  current: CassetteSession | undefined,
): Promise<CassetteMiss | undefined> {
  const { as = 'gateway', match, redact, rules } = current?.options ?? {};
  // The origin does not count.
  const url = new URL(target, 'http://cassette.invalid');
  const deck = await createCassetteDispatcher({
    cassette: path,
    as,
    ...(match === undefined ? {} : { match }),
    ...(redact === undefined ? {} : { redact }),
    ...(rules === undefined ? {} : { rules }),
  });
  try {
    const answer = await request(url, {
      method: method as 'POST',
      dispatcher: deck.dispatcher,
      headers: { 'content-type': 'application/json' },
      body: body === undefined ? null : Buffer.from(textOf(body)),
    });
    await answer.body.dump();
  } catch (error) {
    // A recording of a failure is one as well.
    if (deck.served + deck.misses.length === 0) throw error;
  } finally {
    await deck.close();
  }
  return deck.misses[0];
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return fromUtf8(value);
  return JSON.stringify(value) ?? '';
}

function eventsOf(received: unknown): SseEvent[] {
  if (!Array.isArray(received)) return parseSse(toUtf8(textOf(received))).events;
  const events = received.map((value, i): SseEvent => {
    const { type } = value as { type?: unknown };
    return {
      event: typeof type === 'string' ? type : undefined,
      id: undefined,
      data: textOf(value),
      start: i,
      end: i + 1,
    };
  });
  // An SDK takes the end of a stream of Chat Completions off its events.
  const isChat = protocolOf(events) === 'chat';
  const end = { event: undefined, id: undefined, data: '[DONE]', start: events.length, end: events.length + 1 };
  return isChat ? [...events, end] : events;
}

function protocolOf([first]: readonly SseEvent[]): Protocol | undefined {
  const data = first?.data ?? '';
  if (/"type"\s*:\s*"(?:response\.|error")/.test(data)) return 'responses';
  if (/"type"\s*:\s*"(?:message_start|ping)"/.test(data)) return 'messages';
  return /"object"\s*:\s*"chat\.completion\.chunk"/.test(data) ? 'chat' : undefined;
}

function errorsOf(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ severity }) => severity === 'error');
}

function expected(findings: readonly Finding[]): string {
  return findings.length === 0 ? 'expected it not to' : 'expected it to';
}

function list(findings: readonly Finding[]): string {
  const lines = findings.slice(0, SHOWN).map(({ event, pointer, message, rule, source }) => {
    const place = [event === undefined ? '' : `event ${event + 1}`, pointer].filter(Boolean).join(' ') || 'the whole';
    return `  ${place}: ${message} (${rule}, ${source})`;
  });
  if (findings.length > SHOWN) lines.push(`  and ${findings.length - SHOWN} more`);
  return lines.length === 0
    ? ''
    : `; ${findings.length === 1 ? '1 finding' : `${findings.length} findings`}:\n${lines.join('\n')}`;
}
