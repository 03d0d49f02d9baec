import type { JsonObject } from '../../protocols/grammar.ts';

export type Role = 'user' | 'assistant' | 'system';

export interface Turn {
  role: Role;
  content: JsonObject[];
}

/** What the provider is told about a call of which the history has no output. */
const NO_OUTPUT = 'No output of this call is known.';

/** What could not be kept in its place. */
export type TellLoss = (path: string, kind: 'item' | 'value', reason: string) => void;

/**
 * Puts the blocks of a history into turns as the Messages API wants them: neighbours of one role are one turn, thinking
 * stands before the calls of its turn and never last, every call has a result, all results of a turn's calls stand at the
 * beginning of the one user turn behind it, and no result lacks its call.
 */
export class Conversation {
  readonly #turns: Turn[] = [];
  readonly #tellLoss: TellLoss;
  /** Where the blocks of thinking and the calls come from. */
  readonly #paths = new Map<JsonObject, string>();
  /** Calls of the last turn, as the provider is told them, while results or messages for the turn behind gather. */
  #calls = new Map<string, { path: string; state: 'unanswered' | 'waiting' | 'answered' }>();
  #results: JsonObject[] = [];
  #deferred: Turn[] = [];

  constructor(tellLoss: TellLoss) {
    this.#tellLoss = tellLoss;
  }

  /** What a model said. */
  addAssistant(blocks: readonly JsonObject[]): void {
    this.#assistantTurn().push(...blocks);
  }

  /** Thinking that may not be changed, only placed: before the calls of its turn, as the API asks. */
  addThinking(blocks: readonly JsonObject[], path: string): void {
    const content = this.#assistantTurn();
    const firstCall = content.findIndex(({ type }) => type === 'tool_use');
    content.splice(firstCall < 0 ? content.length : firstCall, 0, ...blocks);
    for (const block of blocks) this.#paths.set(block, path);
  }

  /** @param answered whether a result for it comes later */
  addCall(block: JsonObject & { id: string }, path: string, answered: boolean): void {
    this.#assistantTurn().push(block);
    this.#calls.set(block.id, { path, state: answered ? 'waiting' : 'unanswered' });
  }

  /** @param block answers a call that was said to be answered later */
  addResult(block: JsonObject & { tool_use_id: string }): void {
    this.#calls.get(block.tool_use_id)!.state = 'answered';
    this.#results.push(block);
  }

  /** What stands between calls and their results moves behind the results. */
  addMessage(role: 'user' | 'system', blocks: readonly JsonObject[]): void {
    if (blocks.length === 0) return;
    if (this.#isWaiting()) this.#deferred.push({ role, content: [...blocks] });
    else {
      this.#settleCalls();
      this.#turn(role).push(...blocks);
    }
  }

  /** The turns; nothing may be added afterwards. */
  finish(): Turn[] {
    this.#settleCalls();
    this.#closeAssistant();
    return this.#turns;
  }

  #assistantTurn(): JsonObject[] {
    // Calls that follow each other are parallel, also when some output or message stands between them.
    if (this.#results.length > 0 && !this.#isWaiting()) this.#settleCalls();
    return this.#turn('assistant');
  }

  #isWaiting(): boolean {
    for (const { state } of this.#calls.values()) if (state === 'waiting') return true;
    return false;
  }

  /** Ends the calls of the last turn with the user turn that holds their results. */
  #settleCalls(): void {
    if (this.#calls.size === 0) return;
    for (const [id, { path, state }] of this.#calls) {
      if (state === 'answered') continue;
      this.#tellLoss(path, 'item', 'the call has no output, which Messages refuses: it is told that none is known');
      this.#results.push({ type: 'tool_result', tool_use_id: id, content: NO_OUTPUT, is_error: true });
    }
    this.#turn('user').push(...this.#results);
    for (const { role, content } of this.#deferred) this.#turn(role).push(...content);
    this.#calls = new Map();
    this.#results = [];
    this.#deferred = [];
  }

  /** The content of the last turn when it has that role, else of a new one. */
  #turn(role: Role): JsonObject[] {
    if (this.#turns.at(-1)?.role !== role) this.#closeAssistant();
    const last = this.#turns.at(-1);
    if (last?.role === role) return last.content;
    const turn: Turn = { role, content: [] };
    this.#turns.push(turn);
    return turn.content;
  }

  /** Thinking at the end of a turn is refused: its answer is not part of the history. */
  #closeAssistant(): void {
    const last = this.#turns.at(-1);
    if (last?.role !== 'assistant') return;
    while (isThinking(last.content.at(-1))) {
      const path = this.#paths.get(last.content.pop()!)!;
      this.#tellLoss(path, 'item', 'thinking that nothing follows in its turn is refused');
    }
    if (last.content.length === 0) this.#turns.pop();
  }
}

export function isThinking(block: JsonObject | undefined): boolean {
  return block?.type === 'thinking' || block?.type === 'redacted_thinking';
}
