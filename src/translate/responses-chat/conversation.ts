import type { JsonObject } from '../../protocols/grammar.ts';
import type { Losses } from '../shared/losses.ts';
import { isText, joinText, type Part } from './content.ts';

export type Role = 'system' | 'developer' | 'user' | 'assistant' | 'tool';

/** A message of the request to be. */
export interface Draft {
  role: Role;
  parts: Part[];
  /** JSON pointer of what it was made of, for losses. */
  path: string;
  calls?: JsonObject[] | undefined;
  refusal?: string;
  /** Of a tool's message: the call that it answers. */
  callId?: string;
  thoughts?: Thoughts | undefined;
}

/** What a model thought before what it said. */
export interface Thoughts {
  text: string;
  /** What only the provider can read, as it gave it. */
  details: unknown[];
  /** Of the items that they come from. */
  paths: string[];
}

/** What the provider is told about a call of which the history has no output. */
const NO_OUTPUT = 'No output of this call is known.';

/** Calls of an assistant's message while their outputs come in. */
interface OpenCalls {
  draft: Draft;
  /** Those of the draft. */
  calls: JsonObject[];
  /** By the provider's id. */
  states: Map<string, { path: string; answered: boolean }>;
  /** How many of them wait. */
  waiting: number;
  outputs: Draft[];
  /** Images of the outputs, which no tool's message may hold. */
  images: Part[];
  /** Messages that came between the calls and their outputs. */
  deferred: Draft[];
}

/**
 * Puts a history into the order that Chat Completions wants: calls stand in the assistant's message before them when there
 * is one, the outputs of all calls of a message follow it at once, every call has an output and every output its call.
 */
export class Conversation {
  readonly #drafts: Draft[] = [];
  readonly #losses: Losses;
  #open: OpenCalls | undefined;
  #thoughts: Thoughts | undefined;

  constructor(losses: Losses) {
    this.#losses = losses;
  }

  /** A message of anyone but the assistant. What stands between calls and their outputs moves behind the outputs. */
  addMessage(role: Role, parts: Part[], path: string): void {
    if (role === 'user') this.#dropThoughts();
    if (this.#isWaiting()) this.#open!.deferred.push({ role, parts, path });
    else {
      this.#settle();
      this.#drafts.push({ role, parts, path });
    }
  }

  /** What the assistant said; between calls and their outputs it joins the message of the calls. */
  addAssistant(text: string, refusal: string | undefined, path: string): void {
    const draft = this.#isWaiting() ? this.#joinThoughts(this.#open!.draft) : this.#newAssistant(path);
    if (text !== '') draft.parts.push({ type: 'text', text });
    if (refusal !== undefined) draft.refusal = (draft.refusal ?? '') + refusal;
  }

  /** Thoughts belong to what the assistant says or calls next. */
  addThoughts(text: string, details: readonly unknown[], path: string): void {
    this.#thoughts ??= { text: '', details: [], paths: [] };
    this.#thoughts.text = joinTexts(this.#thoughts.text, text);
    for (const detail of details) this.#thoughts.details.push(detail);
    this.#thoughts.paths.push(path);
  }

  /** @param awaited whether an output for it comes later */
  addCall(call: JsonObject & { id: string }, path: string, awaited: boolean): void {
    const open = this.#isWaiting() ? this.#open! : this.#openCalls(path);
    this.#joinThoughts(open.draft);
    open.calls.push(call);
    open.states.set(call.id, { path, answered: false });
    if (awaited) open.waiting += 1;
  }

  /** @param callId of a call that was added as one with an output, and has got none */
  addOutput(callId: string, parts: readonly Part[], path: string): void {
    // While a call waits, nothing ends the open calls.
    const open = this.#open!;
    open.states.get(callId)!.answered = true;
    open.waiting -= 1;
    open.outputs.push({ role: 'tool', parts: parts.filter(isText), path, callId });
    const images = parts.filter((part) => !isText(part));
    if (images.length > 0) {
      this.#losses.add(path, 'part', "a tool's message holds text alone: the rest is told by the user behind it");
      open.images.push({ type: 'text', text: `Output of the tool call ${callId}:` });
      for (const image of images) open.images.push(image);
    }
  }

  /** The messages in order; nothing may be added afterwards. */
  finish(): Draft[] {
    this.#settle();
    this.#dropThoughts();
    return this.#drafts;
  }

  #isWaiting(): boolean {
    return this.#open !== undefined && this.#open.waiting > 0;
  }

  #openCalls(path: string): OpenCalls {
    this.#settleUnless(this.#open?.outputs.length === 0);
    const last = this.#drafts.at(-1);
    const draft = last?.role === 'assistant' && !this.#thoughts ? last : this.#newAssistant(path);
    draft.calls ??= [];
    this.#open ??= { draft, calls: draft.calls, states: new Map(), waiting: 0, outputs: [], images: [], deferred: [] };
    return this.#open;
  }

  #newAssistant(path: string): Draft {
    this.#settle();
    const draft: Draft = { role: 'assistant', parts: [], path, thoughts: this.#thoughts };
    this.#thoughts = undefined;
    this.#drafts.push(draft);
    return draft;
  }

  /** Thoughts between parallel calls: one message has them all. */
  #joinThoughts(draft: Draft): Draft {
    const more = this.#thoughts;
    if (!more) return draft;
    this.#thoughts = undefined;
    const first = draft.thoughts;
    draft.thoughts = first
      ? { ...more, text: joinTexts(first.text, more.text), details: [...first.details, ...more.details] }
      : more;
    return draft;
  }

  /** Unanswered calls with nothing behind them may still get company. */
  #settleUnless(growing: boolean): void {
    if (!growing || this.#thoughts) this.#settle();
  }

  /** Ends the open calls with their outputs, and what was put off. */
  #settle(): void {
    const open = this.#open;
    if (!open) return;
    this.#open = undefined;
    for (const output of open.outputs) this.#drafts.push(output);
    for (const [callId, { path, answered }] of open.states) {
      if (answered) continue;
      this.#losses.add(path, 'item', 'the call has no output, which providers refuse: it is told that none is known');
      this.#drafts.push({ role: 'tool', parts: [{ type: 'text', text: NO_OUTPUT }], path, callId });
    }
    if (open.images.length > 0) this.#drafts.push({ role: 'user', parts: open.images, path: open.draft.path });
    for (const message of open.deferred) this.#drafts.push(message);
  }

  /** Thoughts that nothing follows. */
  #dropThoughts(): void {
    for (const path of this.#thoughts?.paths ?? []) {
      this.#losses.add(path, 'item', 'thoughts that no message or call follows have no message to stand in');
    }
    this.#thoughts = undefined;
  }
}

/** What stands between texts that become one. */
const JOINT = '\n\n';

export function joinTexts(a: string, b: string): string {
  return a === '' || b === '' ? a + b : a + JOINT + b;
}

/** The content of a message: text alone is a string, which every provider takes. */
export function contentOf(parts: readonly Part[]): string | Part[] {
  return parts.every(isText) ? joinText(parts, JOINT) : [...parts];
}
