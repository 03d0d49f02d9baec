import type { JsonObject } from '../../src/protocols/grammar.ts';
import type { Dialect } from '../../src/translate/dialects.ts';
import type { BackContext, Plan, StreamEvent, TranslateContext } from '../../src/translate/types.ts';
import type { Loss } from '../../src/util/types.ts';
import { validateDocument } from '../../src/validate/document.ts';
import type { Finding, Profile } from '../../src/validate/findings.ts';

/** 2026-01-02T03:04:05Z, in unix milliseconds. */
export const FIXED_NOW = 1_767_323_045_000;

/** A context whose n-th id is its prefix and n, from 1. */
export function makeContext(dialect: Dialect): TranslateContext {
  let made = 0;
  return { dialect, now: () => FIXED_NOW, newId: (prefix) => `${prefix}${++made}` };
}

/** The context of a way back whose request was `request`. */
export function makeBackContext(dialect: Dialect, request: JsonObject = {}, plan: Partial<Plan> = {}): BackContext {
  const model = typeof request.model === 'string' ? request.model : 'test-model';
  const whole: Plan = { request, model, tools: new Map(), callIds: new Map(), stream: true, ...plan };
  return { ...makeContext(dialect), plan: whole };
}

/** Events as the text of a stream. */
export function sseText(events: readonly StreamEvent[]): string {
  return events.map(({ name, data }) => `${name === undefined ? '' : `event: ${name}\n`}data: ${data}\n\n`).join('');
}

/** What `validate` says of the events as a stream of that protocol. */
export function judgeStream(
  protocol: 'responses' | 'chat' | 'messages',
  events: readonly StreamEvent[],
  profiles: Profile[] = ['strict'],
): Finding[] {
  return validateDocument(`${protocol}.stream`, sseText(events), profiles);
}

/** The JSON of the events' data. */
export function parseEvents(events: readonly StreamEvent[]): JsonObject[] {
  return events.map(({ data }) => JSON.parse(data) as JsonObject);
}

/** A copy without what the dialect knows beyond its protocol. @param extras JSON pointers with `*` for any index */
export function withoutExtras(body: JsonObject, extras: readonly string[]): JsonObject {
  const copy = structuredClone(body);
  for (const extra of extras) removeAt(copy, extra.slice(1).split('/'));
  return copy;
}

function removeAt(value: unknown, [step, ...rest]: string[]): void {
  if (typeof value !== 'object' || value === null || step === undefined) return;
  const object = value as JsonObject;
  const keys = step === '*' ? Object.keys(object) : [step];
  for (const key of keys) {
    if (rest.length === 0) delete object[key];
    else removeAt(object[key], rest);
  }
}

/** What kind of thing is lost where. */
export function placesOf(losses: readonly Loss[]): string[] {
  return losses.map(({ path, kind, reason }) => {
    if (!reason.includes(' ')) throw new Error(`no reason why ${path} is lost`);
    return `${kind} ${path}`;
  });
}
