import {
  asNumber,
  asObject,
  asString,
  dataValue,
  type Grammar,
  type GrammarEvent,
  type JsonObject,
  quote,
  type StreamEnd,
  type Violation,
} from '../grammar.ts';
import { CHANNELS } from './channels.ts';
import { ItemTracker, type Report } from './items.ts';
import { RESPONSES_RULES, type ResponsesRule } from './rules.ts';

/** Order of a Responses stream. Unknown events are let through: they may be newer than this table. */
export const RESPONSES_GRAMMAR: Grammar = { rules: RESPONSES_RULES, check };

/** Events that end a response, and the status that it then has. */
const TERMINAL: Readonly<Record<string, string>> = {
  'response.completed': 'completed',
  'response.failed': 'failed',
  'response.incomplete': 'incomplete',
};

const DONE_SENTINEL = '[DONE]';

function check(events: readonly GrammarEvent[], end: StreamEnd): Violation<ResponsesRule>[] {
  const run = new Run();
  events.forEach((event, index) => {
    run.read(index, event);
  });
  return run.finish(end);
}

class Run {
  readonly #violations: Violation<ResponsesRule>[] = [];
  readonly #items = new ItemTracker();
  #index = -1;
  #started = false;
  #sequence: number | undefined;
  #responseId: string | undefined;
  #terminal: string | undefined;
  #sentinel = false;

  read(index: number, source: GrammarEvent): void {
    const { name, data } = source;
    this.#index = index;
    if (this.#sentinel) this.#report('after-done-sentinel', 'an event after `[DONE]`, where the SDKs stop reading');
    if (data === DONE_SENTINEL) {
      this.#sentinel = true;
      this.#report('done-sentinel', 'a Responses stream has no `[DONE]`; it ends with its terminal event');
      return;
    }
    const event = asObject(dataValue(source));
    if (!event) {
      this.#report('not-json', `the data is no JSON object: ${quote(data)}`);
      return;
    }
    const type = asString(event.type);
    if (type === undefined) {
      this.#readUntyped(event, name);
      return;
    }
    this.#checkOrder(type, name, event);
    this.#handle(type, event);
  }

  finish(end: StreamEnd): Violation<ResponsesRule>[] {
    if (this.#terminal === undefined) {
      const how = end === 'truncated' ? 'the connection broke off' : 'the stream ended';
      this.#report('no-terminal', `${how} before response.completed, response.failed or response.incomplete`);
    }
    return this.#violations;
  }

  #readUntyped(event: JsonObject, name: string | undefined): void {
    const error = asObject(event.error);
    // What ends the stream in its own wrong way is one fault, not a missing terminal event as well.
    if (error) this.#terminal ??= 'error';
    else if (Array.isArray(event.choices)) this.#terminal ??= 'a Chat chunk';
    else if (name !== undefined && Object.hasOwn(TERMINAL, name)) this.#terminal ??= name;
    this.#report('no-type', explainUntyped(event, error), name === undefined ? {} : { value: name });
  }

  #checkOrder(type: string, name: string | undefined, event: JsonObject): void {
    if (name === undefined) this.#report('event-line-missing', 'no `event:` line');
    else if (name !== type)
      this.#report('event-line', `the \`event:\` line says ${name}, the data ${type}`, {
        pointer: '/type',
        value: type,
      });
    this.#checkSequence(event);
    if (this.#terminal !== undefined) {
      const rule = Object.hasOwn(TERMINAL, type) ? 'terminal-twice' : 'after-terminal';
      this.#report(rule, `${type} after ${this.#terminal}, which ends the stream`);
    }
    // Keep-alive events and errors may come before anything else.
    if (!this.#started && type.startsWith('response.') && type !== 'response.created') {
      this.#report('first-event', `the first event is ${type}, not response.created`);
    }
    this.#started ||= type.startsWith('response.');
  }

  #checkSequence(event: JsonObject): void {
    const sequence = asNumber(event.sequence_number);
    if (sequence === undefined) return;
    const expected = this.#sequence === undefined ? 0 : this.#sequence + 1;
    const at = { pointer: '/sequence_number', value: sequence };
    if (this.#sequence !== undefined && sequence <= this.#sequence) {
      this.#report('sequence-falls', `sequence_number ${sequence} after ${this.#sequence}`, at);
    } else if (sequence !== expected) {
      this.#report('sequence-gap', `sequence_number ${sequence} where ${expected} is due`, at);
    }
    this.#sequence = sequence;
  }

  #handle(type: string, event: JsonObject): void {
    const channel = /^(.+)\.(delta|done)$/.exec(type);
    if (channel && Object.hasOwn(CHANNELS, channel[1]!)) {
      if (channel[2] === 'delta') this.#items.delta(channel[1]!, event, this.#report);
      else this.#items.channelDone(channel[1]!, event, this.#report);
      return;
    }
    if (Object.hasOwn(this.#handlers, type)) this.#handlers[type]!(event);
  }

  readonly #handlers: Readonly<Record<string, (event: JsonObject) => void>> = {
    'response.created': (event) => this.#checkResponseId(event),
    'response.in_progress': (event) => this.#checkResponseId(event),
    'response.queued': (event) => this.#checkResponseId(event),
    'response.output_item.added': (event) => this.#items.add(event, this.#report),
    'response.output_item.done': (event) => this.#itemDone(event),
    'response.content_part.added': (event) => this.#items.partAdded('content', event, this.#report),
    'response.content_part.done': (event) => this.#items.partDone('content', event, this.#report),
    'response.reasoning_summary_part.added': (event) => this.#items.partAdded('summary', event, this.#report),
    'response.reasoning_summary_part.done': (event) => this.#items.partDone('summary', event, this.#report),
    'response.completed': (event) => this.#end('response.completed', event),
    'response.failed': (event) => this.#end('response.failed', event),
    'response.incomplete': (event) => this.#end('response.incomplete', event),
    error: (event) => {
      this.#terminal ??= 'error';
      const said = asString(event.message) ?? asString(asObject(event.error)?.message) ?? '';
      this.#report('error-event', `Codex does not read \`error\` events: ${quote(said)} is lost; send response.failed`);
    },
  };

  #itemDone(event: JsonObject): void {
    const type = asObject(event.item)?.type;
    if (type === 'local_shell_call') {
      const message = 'Codex 0.169.0 ignores `local_shell_call`; send a `function_call` of a tool that it offered';
      this.#report('item-ignored', message, { pointer: '/item/type', value: type });
    }
    this.#items.itemDone(event, this.#report);
  }

  #end(type: string, event: JsonObject): void {
    const response = asObject(event.response) ?? {};
    this.#checkResponseId(event);
    const status = asString(response.status);
    if (status !== undefined && status !== TERMINAL[type]) {
      this.#report('status-differs', `${type} with status ${status}`, { pointer: '/response/status', value: status });
    }
    if (type === 'response.completed' && this.#terminal === undefined) this.#items.complete(response, this.#report);
    this.#terminal ??= type;
  }

  #checkResponseId(event: JsonObject): void {
    const id = asString(asObject(event.response)?.id);
    if (id === undefined) return;
    if (this.#responseId !== undefined && id !== this.#responseId) {
      this.#report('response-id', `the response was ${this.#responseId} before`, {
        pointer: '/response/id',
        value: id,
      });
    }
    this.#responseId = id;
  }

  readonly #report: Report = (rule, message, at = {}) => {
    this.#violations.push({ rule, event: this.#index, message, ...at });
  };
}

function explainUntyped(event: JsonObject, error: JsonObject | undefined): string {
  const said = asString(error?.message) ?? '';
  if (error)
    return `an error without \`type\`, which Codex does not read: ${quote(said)} is lost; send response.failed`;
  if (Array.isArray(event.choices)) return 'this is a Chat chunk; a Responses stream is due';
  return '`type` is missing from the data; the `event:` line does not stand in for it';
}
