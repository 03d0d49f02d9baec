import { parseJson } from '../../../decode/json.ts';
import type { SseEvent } from '../../../decode/types.ts';
import type { Protocol } from '../../../util/types.ts';
import type { Trial } from '../../harness/trial.ts';
import { answerItems } from '../../provider/default-answer.ts';
import type { StreamEvent } from '../../provider/events.ts';

/** Words that stand nowhere else in an answer. */
export const TEXT = 'alpha bravo charlie delta echo foxtrot golf hotel';

/** Lets the words of an answer out one by one. */
export interface WordGate {
  words: string[];
  /** Lets one more word out. */
  release(): void;
  releaseAll(): void;
}

/** Makes the upstream say a text whose every word waits for its release. What stands before the first word is not held. */
export function sayWithGate(t: Trial, text: string): WordGate {
  const words = text.split(' ');
  let released = 0;
  let wake = () => {};
  let changed = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const release = (count: number) => {
    released = Math.min(released + count, words.length);
    wake();
    changed = new Promise((resolve) => {
      wake = resolve;
    });
  };
  t.upstream.answer((request, context) => {
    const answer = answerItems({ items: [{ type: 'message', text }] })(request, context);
    if (answer.kind !== 'events') return answer;
    const due = wordsBefore(answer.events, words);
    return {
      ...answer,
      async hold(index) {
        while (released < due[index]!) await changed;
      },
    };
  });
  return { words, release: () => release(1), releaseAll: () => release(words.length) };
}

/** Ends the trial where the provider was asked for a document: it cannot break off in its middle, or fail there. */
export function needStream(t: Trial): void {
  if (t.upstream.calls.some(({ request }) => request.json?.stream !== true))
    t.stop('inconclusive', 'the provider was asked for a document, and only a stream can do this');
}

/** For each event, how many words are out once it is written. */
function wordsBefore(events: readonly StreamEvent[], words: readonly string[]): number[] {
  let count = 0;
  return events.map(({ data }) => {
    const text = typeof data === 'string' ? data : JSON.stringify(data);
    if (count < words.length && text.includes(words[count]!)) count++;
    return count;
  });
}

type Json = Record<string, unknown>;

/** The JSON object that an event carries; undefined for `[DONE]`, and for what is none. */
export function dataOf({ data }: SseEvent): Json | undefined {
  const parsed = parseJson(data);
  return parsed.ok && typeof parsed.value === 'object' && parsed.value !== null ? (parsed.value as Json) : undefined;
}

const PIECES: Record<Protocol, (data: Json) => unknown> = {
  responses: ({ type, delta }) => (type === 'response.output_text.delta' ? delta : undefined),
  messages: ({ type, delta }) => (type === 'content_block_delta' ? (delta as Json | undefined)?.text : undefined),
  chat: ({ choices }) =>
    ((Array.isArray(choices) ? choices[0] : undefined) as { delta?: Json } | undefined)?.delta?.content,
};

/** The piece of the answer's text that an event carries; empty where it carries none, or all of it once more. */
export function textIn(protocol: Protocol, event: SseEvent): string {
  const piece = PIECES[protocol](dataOf(event) ?? {});
  return typeof piece === 'string' ? piece : '';
}
