import { request } from 'undici';
import { parseJson } from '../decode/json.ts';
import { createSseParser } from '../decode/sse.ts';
import { toUtf8 } from '../util/bytes.ts';
import { createSession, openingItems, requestBody, requestHeaders, toolOutput } from './client-request.ts';
import { MADE_UP_KEY } from './codex-home.ts';

export interface ClientOptions {
  /** Base URL of the gateway, `http://HOST:PORT/v1`. */
  baseUrl: string;
  prompt: string;
  /** Requests at most; each tool call needs one more. */
  turns?: number;
  model?: string;
  apiKey?: string;
  /** Where all ids come from: the same seed and answers give the same requests. */
  seed?: string;
  /** Unix milliseconds that the session says it began at; a fixed time when absent. */
  startedAt?: number;
}

export interface ClientRun {
  /** Text of the last message; undefined when there was none. */
  finalText: string | undefined;
  /** How many requests were made. */
  requests: number;
  /** Names of the tools that were called, in order. */
  toolCalls: string[];
  /** Why it ended before the model was done, in Codex's words where it has some; undefined: it did not. */
  problem: string | undefined;
}

interface OutputItem {
  type: string;
  name?: string;
  call_id?: string;
  content?: { type: string; text?: string }[];
}

/** Enough for every scripted session, few enough that a model which only calls tools comes to an end. */
const DEFAULT_TURNS = 8;

/** 2026-01-01T00:00:00Z, so that two runs send the same bytes. */
const DEFAULT_START = 1_767_225_600_000;

/**
 * Plays Codex 0.169.0 over HTTP: the same headers and body fields, a tool loop that answers each call with a fixed output and
 * runs nothing. Unlike Codex it never tries again, so that what it sees is what the gateway did. Does not throw for what the
 * gateway does.
 */
export async function runBuiltInClient(options: ClientOptions): Promise<ClientRun> {
  const seed = options.seed ?? 'tapedeck';
  const session = createSession(seed, options.model ?? 'gpt-5.5', options.startedAt ?? DEFAULT_START);
  const headers = requestHeaders(session, options.apiKey ?? MADE_UP_KEY);
  const url = `${options.baseUrl.replace(/\/+$/, '')}/responses`;
  const input: object[] = openingItems(seed, options.prompt);
  const run: ClientRun = { finalText: undefined, requests: 0, toolCalls: [], problem: undefined };
  while (run.requests < (options.turns ?? DEFAULT_TURNS)) {
    run.requests++;
    const answer = await ask(url, headers, requestBody(session, input));
    if (typeof answer === 'string') return { ...run, problem: answer };
    const calls = answer.filter((item): item is OutputItem & { call_id: string } => item.call_id !== undefined);
    run.toolCalls.push(...calls.map((call) => call.name ?? call.type));
    run.finalText = textOf(answer) ?? run.finalText;
    if (calls.length === 0) return run;
    input.push(...answer, ...calls.map((call) => toolOutput(seed, call)));
  }
  return { ...run, problem: `the model still called tools after ${run.requests} requests` };
}

/** The finished items of an answer, or what was wrong with it. */
async function ask(url: string, headers: string[], body: object): Promise<OutputItem[] | string> {
  try {
    const response = await request(url, { method: 'POST', headers, body: toUtf8(JSON.stringify(body)) });
    if (response.statusCode !== 200) return `unexpected status ${response.statusCode}: ${await response.body.text()}`;
    return await readItems(response.body);
  } catch (error) {
    return `no whole answer from ${url}: ${error instanceof Error ? error.message || error.name : String(error)}`;
  }
}

interface ServerEvent {
  type?: string;
  item?: OutputItem;
  response?: { error?: { message?: string } | null };
}

/**
 * Like Codex it takes items from `response.output_item.done` alone and needs `response.completed`. It reads on to the end of
 * the body, so that a recording never shows a client that went away.
 */
async function readItems(body: AsyncIterable<Uint8Array>): Promise<OutputItem[] | string> {
  const parser = createSseParser();
  const items: OutputItem[] = [];
  let ending: OutputItem[] | string = 'stream closed before response.completed';
  for await (const chunk of body)
    for (const { data } of parser.push(chunk)) {
      const parsed = parseJson(data);
      const event = (parsed.ok ? parsed.value : {}) as ServerEvent;
      if (event.type === 'response.output_item.done' && event.item) items.push(event.item);
      if (event.type === 'response.failed') ending = event.response?.error?.message ?? 'response.failed event received';
      if (event.type === 'response.completed') ending = items;
    }
  return ending;
}

function textOf(items: readonly OutputItem[]): string | undefined {
  const message = items.findLast((item) => item.type === 'message');
  return message?.content?.map((part) => part.text ?? '').join('');
}
