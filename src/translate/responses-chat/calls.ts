import { asObject, parseData } from '../../protocols/grammar.ts';
import type { Losses } from '../shared/losses.ts';
import type { ResponsesWriter } from '../shared/responses-writer.ts';
import { openToolCall, type ToolCall } from '../shared/tool-call.ts';
import type { PlannedTool } from '../types.ts';

/** What calls need of the answer that they belong to. */
export interface CallHost {
  writer: ResponsesWriter;
  tools: ReadonlyMap<string, PlannedTool>;
  losses: Losses;
  /** A call is about to be told: what is whole before it gets its end. */
  beforeCall(): void;
  /** The client's id of a call that the provider named so, or not at all. */
  callId(providerId: string): string;
}

/** Where calls stand in an answer, for losses. */
export const CALLS_PATH = '/choices/0/message/tool_calls';

/** A call while it streams. Providers send its name and id late, in pieces, again and again, or never. */
export class GrowingCall {
  id = '';
  name = '';
  closed = false;
  #arguments = '';
  readonly #host: CallHost;
  #call: ToolCall | undefined;
  #judged: { length: number; whole: boolean } | undefined;

  constructor(host: CallHost) {
    this.#host = host;
  }

  get hasArguments(): boolean {
    return this.#arguments !== '';
  }

  /** Whether the client has been told of it. */
  get told(): boolean {
    return this.#call !== undefined;
  }

  /** Whether the arguments are a whole JSON object. */
  get whole(): boolean {
    const { length } = this.#arguments;
    // Asked again and again while other calls begin; only longer arguments can give another answer.
    if (this.#judged?.length !== length) {
      this.#judged = { length, whole: asObject(parseData(this.#arguments)) !== undefined };
    }
    return this.#judged.whole;
  }

  push(id: string, name: string, text: string): void {
    const { losses, tools } = this.#host;
    if (this.closed) {
      if (text !== '') losses.add(CALLS_PATH, 'event', 'arguments came after the call was whole');
      return;
    }
    this.#arguments += text;
    if (this.#call) {
      if (grow(this.name, name) !== this.name) losses.add(CALLS_PATH, 'value', 'a name came after the arguments');
      this.#call.push(text);
      return;
    }
    this.id = grow(this.id, id);
    this.name = grow(this.name, name);
    // The name of a tool with an id is told at once; any other name may still grow until arguments come.
    if (this.name !== '' && (this.hasArguments || (this.id !== '' && tools.has(this.name)))) this.#open();
  }

  /** The call is over, once; only an answer that is whole may say so. */
  close(): void {
    if (this.name === '') {
      this.#host.losses.add(CALLS_PATH, 'item', 'a call without a name calls nothing');
      return;
    }
    const call = this.#call ?? this.#open();
    this.closed = true;
    const custom = this.#host.tools.get(this.name)?.kind === 'custom';
    // No arguments are an empty object: Codex and every tool parse them.
    if (!this.hasArguments && !custom) call.push('{}');
    const problem = call.end();
    if (problem !== undefined) this.#host.losses.add(CALLS_PATH, 'value', problem);
  }

  #open(): ToolCall {
    const { writer, tools } = this.#host;
    this.#host.beforeCall();
    const call = { callId: this.#host.callId(this.id), name: this.name, tool: tools.get(this.name) };
    this.#call = openToolCall(writer, call);
    this.#call.push(this.#arguments);
    return this.#call;
  }
}

/** A name or id after one more piece, which may be the next part of it, all of it so far, or the same again. */
function grow(known: string, piece: string): string {
  return piece.startsWith(known) ? piece : known + piece;
}
