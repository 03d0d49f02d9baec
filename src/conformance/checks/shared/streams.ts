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

/** For each event, how many words are out once it is written. */
function wordsBefore(events: readonly StreamEvent[], words: readonly string[]): number[] {
  let count = 0;
  return events.map(({ data }) => {
    const text = typeof data === 'string' ? data : JSON.stringify(data);
    if (count < words.length && text.includes(words[count]!)) count++;
    return count;
  });
}

/** Whether an event carries a piece of the answer's text, and not all of it once more. */
export function isTextOf(protocol: Protocol, { data }: SseEvent): boolean {
  const parsed = parseJson(data);
  const event = (parsed.ok ? parsed.value : undefined) as Record<string, unknown> | undefined;
  if (protocol === 'responses') return event?.type === 'response.output_text.delta';
  if (protocol === 'messages') return event?.type === 'content_block_delta';
  return Array.isArray(event?.choices) && event.choices.length > 0;
}
