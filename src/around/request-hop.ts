import { type Leg, legOf, type RecordedExchange } from '../cassette/legs.ts';
import { parseJson } from '../decode/json.ts';
import type { Fields } from '../report/fields.ts';
import type { Protocol } from '../util/types.ts';
import { isSameTool, sameArguments } from './calls.ts';
import { finding, type HopFinding } from './finding.ts';
import { textOf } from './leaf-differences.ts';
import {
  commonSettings,
  type MadeCall,
  type OfferedTool,
  type RequestMeaning,
  readMeaning,
  type Said,
} from './request-meaning.ts';
import { harmAt, sameProtocol, UNCALLABLE, UNKNOWN_TOOL } from './request-same.ts';
import { requestJson, squeeze } from './sketch.ts';

/** What became of the body of a request; undefined where that cannot be told. */
export function requestFindings(exchange: RecordedExchange, attempt: number): HopFinding[] | undefined {
  const [client, upstream] = [legOf(exchange, 'client-request'), legOf(exchange, 'upstream-request', attempt)];
  const [before, after] = [requestJson(client), requestJson(upstream)];
  const [from, to] = [client?.entry._protocol ?? null, upstream?.entry._protocol ?? null];
  if (!isBody(before) || !isBody(after) || !client || !upstream) return undefined;
  // What a WebSocket message is called is no part of what it asks for.
  if (from === to) return sameProtocol(bare(before, client), bare(after, upstream));
  return from === null || to === null ? undefined : translated(before, after, from, to);
}

function isBody(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bare(body: Fields, leg: Leg): Fields {
  if (!leg.messages) return body;
  const { type: _, ...rest } = body;
  return rest;
}

function translated(before: Fields, after: Fields, from: Protocol, to: Protocol): HopFinding[] {
  const [asked, made] = [readMeaning(from, before), readMeaning(to, after)];
  const heard = allText(after);
  return [
    ...modelFindings(before, after),
    ...streamFinding(before, after),
    ...textFindings(asked, heard),
    ...addedTexts(made, allText(before)),
    ...toolFindings(asked.tools, made.tools),
    ...callFindings(asked.calls, made.calls),
    ...asked.media
      .filter(({ text }) => !heard.includes(squeeze(text)))
      .map(({ pointer, text }) =>
        finding('dropped', 'request', pointer, { before: text, harm: 'The model does not see it.' }),
      ),
    ...settingFindings(asked, made, from, to),
  ];
}

function modelFindings(before: Fields, after: Fields): HopFinding[] {
  if (before.model === after.model) return [];
  return [finding('changed', 'request', '/model', { before: before.model, after: after.model })];
}

/** A stream that is made of a whole answer is none. */
function streamFinding(before: Fields, after: Fields): HopFinding[] {
  if (before.stream !== true || after.stream === true) return [];
  const note = 'The client asked for a stream, and the gateway asked the provider for a whole answer.';
  return [
    finding('buffered', 'request', '/stream', { before: true, after: after.stream, note, harm: harmAt('/stream') }),
  ];
}

/** All strings of a body without white space, also those within JSON that stands in a string. */
function allText(body: Fields): string {
  const parts: string[] = [];
  const walk = (value: unknown) => {
    if (typeof value === 'string') {
      parts.push(squeeze(value));
      const parsed = /^\s*[[{"]/.test(value) ? parseJson(value) : undefined;
      if (parsed?.ok && parsed.value !== value) walk(parsed.value);
    } else if (typeof value === 'object' && value !== null) for (const member of Object.values(value)) walk(member);
  };
  walk(body);
  return parts.join('\n');
}

const UNSEEN = 'The model does not see it.';

function textFindings({ texts }: RequestMeaning, heard: string): HopFinding[] {
  return texts.flatMap(({ role, text, pointer }) => {
    if (isHeard(text, heard)) return [];
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    const missing = lines.filter((line) => !isHeard(line, heard));
    // All lines are there, in another order or with something between them.
    if (missing.length === 0) return [];
    const whole = missing.length === lines.length;
    const note = whole
      ? `A text of role ${role}.`
      : `${missing.length} of ${lines.length} lines of a text of role ${role}.`;
    return [finding(whole ? 'dropped' : 'changed', 'request', pointer, { before: missing[0], note, harm: UNSEEN })];
  });
}

function isHeard(text: string, heard: string): boolean {
  return heard.includes(squeeze(text)) || heard.includes(squeeze(JSON.stringify(text).slice(1, -1)));
}

/** Shorter lines may be what joins texts. */
const SHORTEST_LINE = 16;
const SHORTEST_OVERLAP = 8;

/** What the model is told that no client said. */
function addedTexts({ texts }: RequestMeaning, said: string): HopFinding[] {
  const known = said.split('\n').filter((line) => line.length >= 4);
  return texts.flatMap(({ role, text, pointer }: Said) => {
    const lines = text.split('\n').filter((line) => !isHeard(line, said) && ownWords(line, known) >= SHORTEST_LINE);
    const [first] = lines;
    if (first === undefined) return [];
    const note = `${lines.length === 1 ? 'A line' : `${lines.length} lines`} of role ${role} that the client did not send; the pointer is that of the upstream request.`;
    return [finding('added', 'request', pointer, { after: first, note })];
  });
}

/** Characters of a line that are left without what the client said: gateways put its texts behind each other, with or without a frame. */
function ownWords(line: string, known: readonly string[]): number {
  const own = squeeze(line);
  if (own.length < SHORTEST_LINE) return own.length;
  // A text may begin or end within the line, so both ends are looked for as well as the whole.
  let rest = own;
  for (const text of known) {
    if (rest.includes(text)) rest = rest.replace(text, '');
    const head = overlap(rest, text);
    const tail = overlap(text, rest);
    rest = rest.slice(tail, rest.length - head < tail ? undefined : rest.length - head);
  }
  return rest.length;
}

/** Characters at the end of `a` that are the beginning of `b`. */
function overlap(a: string, b: string): number {
  for (let length = Math.min(a.length, b.length); length >= SHORTEST_OVERLAP; length--) {
    if (a.endsWith(b.slice(0, length))) return length;
  }
  return 0;
}

function toolFindings(asked: readonly OfferedTool[], made: readonly OfferedTool[]): HopFinding[] {
  const found: HopFinding[] = [];
  for (const tool of asked) {
    const there = made.find(({ name }) => isSameTool(tool.name, name));
    if (!there) {
      const note = tool.hosted
        ? `The tool ${tool.name}, which the provider of the client's protocol runs.`
        : `The tool ${tool.name}.`;
      const harm = tool.hosted ? undefined : UNCALLABLE;
      found.push(finding('dropped', 'request', tool.pointer, { before: tool.name, note, harm }));
    } else if (tool.parameters?.length && !there.hosted && !there.parameters?.length) {
      const harm = 'The model has to guess how to call it.';
      found.push(
        finding('dropped', 'request', `${tool.pointer}/parameters`, {
          before: tool.parameters,
          note: `All parameters of ${tool.name}.`,
          harm,
        }),
      );
    }
  }
  for (const tool of made) {
    if (tool.hosted || asked.some(({ name }) => isSameTool(name, tool.name))) continue;
    const note = `The tool ${tool.name}; the pointer is that of the upstream request. ${UNKNOWN_TOOL}`;
    found.push(finding('added', 'request', tool.pointer, { after: tool.name, note }));
  }
  return found;
}

function callFindings(asked: readonly MadeCall[], made: readonly MadeCall[]): HopFinding[] {
  const found: HopFinding[] = [];
  const free = [...made];
  let renamed = 0;
  for (const call of asked) {
    const fits = (other: MadeCall) =>
      isSameTool(call.name, other.name) && sameArguments(call.arguments, other.arguments);
    const at = free.findIndex((other) => other.id === call.id && fits(other));
    const index = at >= 0 ? at : free.findIndex(fits);
    const [there] = index >= 0 ? free.splice(index, 1) : [];
    if (there && there.id !== call.id) renamed += 1;
    if (there) continue;
    const near = made.find(({ id, name }) => id === call.id && isSameTool(call.name, name));
    const harm = near ? 'The model sees another call than it made.' : UNSEEN;
    found.push(
      finding(near ? 'changed' : 'dropped', 'request', call.pointer, {
        before: call.arguments,
        after: near?.arguments,
        note: `A call of ${call.name}.`,
        harm,
      }),
    );
  }
  if (renamed > 0)
    found.push(
      finding('changed', 'request', 'ids of calls', { note: `${renamed} of ${asked.length} calls have other ids.` }),
    );
  return found;
}

/** Messages cannot go without a limit, and a choice of one call at a time is the same as its absence where it is the default. */
const NEEDED: Partial<Record<Protocol, readonly string[]>> = { messages: ['most output tokens'] };
const DEFAULTS: Record<string, unknown> = { 'several calls at once': true };

function settingFindings(asked: RequestMeaning, made: RequestMeaning, from: Protocol, to: Protocol): HopFinding[] {
  const found: HopFinding[] = [];
  const hasTools = asked.tools.length > 0 && made.tools.length > 0;
  for (const name of commonSettings(from, to)) {
    const [was, is] = [asked.settings.get(name), made.settings.get(name)];
    const [before, after] = [was?.value ?? DEFAULTS[name], is?.value ?? DEFAULTS[name]];
    if (textOf(before) === textOf(after)) continue;
    if (!hasTools && (name === 'several calls at once' || name === 'choice of tools')) continue;
    if (was === undefined && NEEDED[to]?.includes(name)) continue;
    if (
      name === 'choice of tools' &&
      typeof before === 'string' &&
      typeof after === 'string' &&
      isSameTool(before, after)
    )
      continue;
    const kind = was === undefined ? 'added' : is === undefined ? 'dropped' : 'changed';
    const pointer = was?.pointer ?? is!.pointer;
    // Many providers of the other protocol have no cache key, or refuse one.
    const isHarmless = kind === 'added' || name === 'cache key';
    const harm = isHarmless ? undefined : harmAt(pointer);
    found.push(
      finding(kind, 'request', pointer, { before: was?.value, after: is?.value, note: `The setting "${name}".`, harm }),
    );
  }
  return found;
}
