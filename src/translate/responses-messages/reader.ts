import { asNumber, asObject, asString, type JsonObject } from '../../protocols/grammar.ts';
import { entryOf } from '../../util/entries.ts';
import { createLosses, type Losses, pointerStep } from '../shared/losses.ts';
import type { ResponseEnd } from '../shared/response-object.ts';
import { createResponsesWriter, type ResponsesWriter } from '../shared/responses-writer.ts';
import type { BackContext, SourceEnd } from '../types.ts';
import { type BlockReader, type BlockScope, closeMessage, openBlock } from './blocks.ts';
import { endingOf, failureOf } from './ends.ts';
import { ANSWER_HOP } from './request.ts';
import { writeUsage } from './usage.ts';
import { createSearches } from './web-search.ts';

/** Fields of a message that are read, or that name it, which a response does with an id of its own. */
const READ_FIELDS: ReadonlySet<string> = new Set([
  'id',
  'type',
  'role',
  'model',
  'content',
  'stop_reason',
  'stop_details',
  'usage',
]);

/** Reads a message of the provider, streamed or whole, and writes the response. Never throws, whatever comes. */
export class MessageReader {
  readonly writer: ResponsesWriter;
  readonly losses: Losses;
  readonly #scope: BlockScope;
  /** By index, as long as they are not stopped or wait for the end. */
  readonly #blocks = new Map<unknown, BlockReader>();
  readonly #stopped = new Set<BlockReader>();
  #begun = false;
  /** Of the blocks so far. */
  #count = 0;
  #usage: JsonObject = {};
  #stopReason: string | undefined;
  #stopDetails: JsonObject | undefined;

  constructor(context: BackContext) {
    this.losses = createLosses(ANSWER_HOP);
    this.writer = createResponsesWriter(context);
    const searches = createSearches(this.writer, this.losses);
    this.#scope = { context, writer: this.writer, losses: this.losses, searches, message: undefined };
  }

  /** One event of a stream, parsed. */
  readEvent(event: JsonObject): void {
    if (this.writer.finished) return;
    const type = asString(event.type);
    if (type === 'content_block_delta') {
      this.#readDelta(event);
      return;
    }
    const handler = entryOf(this.#handlers, type);
    if (handler) handler(event);
    else if (event.error !== undefined) this.#finishAs(failureOf(event));
    else this.losses.add('', 'event', `Responses has no event for ${JSON.stringify(type ?? null)}`);
  }

  /** A whole answer. */
  readMessage(message: JsonObject): void {
    // Some servers answer as the SDK lets one ask: with a string.
    const content = typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content;
    if (!Array.isArray(content)) {
      this.#finishAs(
        message.error === undefined ? broken('The answer of the provider is no message.') : failureOf(message),
      );
      return;
    }
    this.#readHead(message);
    content.forEach((value, index) => {
      this.#startBlock(index, asObject(value) ?? {});
      this.#stopBlock(index);
    });
    this.#readEnding(message);
    this.#finish();
  }

  /** The source is over. */
  end(how: SourceEnd): void {
    if (this.writer.finished) return;
    // Some servers leave `message_stop` out; the reason says as much when HTTP says that the body is whole.
    if (how === 'done' && this.#stopReason !== undefined) this.#finish();
    else if (how === 'done') this.#finishAs(broken('The provider ended its stream before the message was over.'));
    else this.#finishAs(broken('The connection to the provider broke off before the message was over.'));
  }

  #finishAs(end: ResponseEnd): void {
    const usage = writeUsage(this.#usage, this.losses);
    this.writer.finish({ ...end, ...(usage && { usage }) });
  }

  readonly #handlers: Readonly<Record<string, (event: JsonObject) => void>> = {
    message_start: (event) => {
      this.#readHead(asObject(event.message) ?? {});
      this.writer.begin();
    },
    content_block_start: (event) => this.#startBlock(event.index, asObject(event.content_block) ?? {}),
    content_block_stop: (event) => this.#stopBlock(event.index),
    message_delta: (event) => {
      this.#addUsage(event.usage);
      this.#readEnding(asObject(event.delta) ?? {});
    },
    message_stop: () => {
      if (this.#begun) this.#finish();
      else this.#finishAs(broken('The provider ended a message that it did not begin.'));
    },
    // Keeps the connection open and says nothing.
    ping: () => {},
    error: (event) => {
      const { request_id: id } = event;
      if (id != null) {
        this.losses.add('/request_id', 'field', 'a failed response has no place for it');
      }
      this.#finishAs(failureOf(event));
    },
  };

  #readHead(message: JsonObject): void {
    this.#begun = true;
    this.#addUsage(message.usage);
    this.#tellUnread(message);
  }

  #readEnding(ending: JsonObject): void {
    this.#stopReason = asString(ending.stop_reason) ?? this.#stopReason;
    this.#stopDetails = asObject(ending.stop_details) ?? this.#stopDetails;
    this.#tellUnread(ending);
  }

  #tellUnread(fields: JsonObject): void {
    for (const [name, value] of Object.entries(fields)) {
      if (value === null || READ_FIELDS.has(name)) continue;
      this.losses.add(pointerStep(name), 'field', 'a response has no place for it');
    }
  }

  /** Counts are of the whole message so far; what a later event does not count stays. */
  #addUsage(usage: unknown): void {
    for (const [name, value] of Object.entries(asObject(usage) ?? {})) {
      if (value !== null) this.#usage[name] = value;
    }
  }

  #startBlock(index: unknown, block: JsonObject): void {
    this.#stopBlock(index);
    // A server that leaves indexes out has one block open at a time.
    const place = typeof index === 'number' ? index : this.#count;
    this.#begun = true;
    this.#count += 1;
    this.#blocks.set(index, openBlock(block, `/content/${place}`, this.#scope));
  }

  #readDelta(event: JsonObject): void {
    const delta = asObject(event.delta);
    const block = this.#blocks.get(event.index);
    if (block && delta) block.delta(delta);
    else this.losses.add(`/content/${asNumber(event.index)}`, 'event', 'a delta for a block that is not open');
  }

  #stopBlock(index: unknown): void {
    const block = this.#blocks.get(index);
    if (!block) return;
    this.#blocks.delete(index);
    block.stop();
    if (block.settle) this.#stopped.add(block);
  }

  #finish(): void {
    for (const index of [...this.#blocks.keys()]) this.#stopBlock(index);
    const ending = endingOf(this.#stopReason, this.losses);
    closeMessage(this.#scope, ending.how === 'completed' ? 'completed' : 'incomplete');
    for (const block of this.#stopped) block.settle!(ending.how === 'completed');
    this.#scope.searches.settle();
    this.#tellRefusal();
    this.#finishAs(ending);
  }

  /**
   * Why the provider refused stands in no field of a response but in its words. An item of its own: Codex 0.169.0 drops an
   * item with a refusal, and would drop the text before it as well.
   */
  #tellRefusal(): void {
    if (!this.#stopDetails) return;
    const explanation = asString(this.#stopDetails.explanation);
    if (explanation) {
      const item = this.writer.open({ type: 'message' });
      item.refusal(explanation);
      item.close();
    }
    if (typeof this.#stopDetails.category === 'string') {
      this.losses.add('/stop_details/category', 'field', 'a response does not say what kind of refusal it is');
    }
  }
}

function broken(message: string): ResponseEnd {
  return { how: 'failed', code: 'server_error', message };
}
