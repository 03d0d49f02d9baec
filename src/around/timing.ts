import { eventChunks, type Leg } from '../cassette/legs.ts';
import { fieldsOf, listOf, textOf } from '../report/fields.ts';
import { readTimeline, type TimedEvent } from '../report/timeline.ts';
import { finding, type HopFinding } from './finding.ts';

/** A stream that the provider gave out in less time than this is given on at once by every gateway, as far as one can tell. */
const SHORTEST_SPREAD_MS = 100;
/** Below this a delay is that of a busy machine. */
const SHORTEST_DELAY_MS = 500;

/** When how much of an answer was there, on the clock of both taps. */
interface Progress {
  /** Characters of text, thoughts and arguments so far. */
  chars: number;
  /** Unix milliseconds. */
  at: number;
}

/** Whether and how long a gateway held back what the provider streamed. Times are unix milliseconds of one clock. */
export function timingFindings(upstream: Leg, client: Leg): HopFinding[] {
  const [source, target] = [progressOf(upstream), progressOf(client)];
  const [first, last] = [source[0], source.at(-1)];
  const [got, gotLast] = [target[0], target.at(-1)];
  if (!first || !last || !got || !gotLast || source.length < 3) return [];
  const spread = last.at - first.at;
  if (spread < SHORTEST_SPREAD_MS) return [];
  const times = `the provider gave it out from ${ms(first.at, source)} to ${ms(last.at, source)} ms, the gateway from ${ms(got.at, source)} to ${ms(gotLast.at, source)} ms`;
  // All that came after the last of the source, and at once: nothing of it can have been given on as it came.
  if (got.at >= last.at && gotLast.at - got.at < spread / 5) {
    const harm = 'Nothing is shown until the answer is over, and idle timers run meanwhile.';
    return [finding('buffered', 'stream', 'deltas', { note: `Held back to the end: ${times}.`, harm })];
  }
  const delay = longestDelay(source, target);
  if (delay < SHORTEST_DELAY_MS) return [];
  return [finding('delayed', 'stream', 'deltas', { note: `Up to ${Math.round(delay)} ms later: ${times}.` })];
}

/** Whether a stream has deltas, and was over before it could be told whether they were held back. */
export function isTooShort(upstream: Leg): boolean {
  const progress = progressOf(upstream);
  const [first, last] = [progress[0], progress.at(-1)];
  return first !== undefined && last !== undefined && (progress.length < 3 || last.at - first.at < SHORTEST_SPREAD_MS);
}

function ms(at: number, source: readonly Progress[]): number {
  return Math.round(at - source[0]!.at);
}

/** The longest time for which the client had less than the provider had given out. */
function longestDelay(source: readonly Progress[], target: readonly Progress[]): number {
  let longest = 0;
  let at = 0;
  for (const point of source) {
    while (at < target.length && target[at]!.chars < point.chars) at += 1;
    const got = target[at];
    if (got) longest = Math.max(longest, got.at - point.at);
  }
  return longest;
}

function progressOf(leg: Leg): Progress[] {
  const start = Date.parse(leg.entry.startedDateTime);
  const points: Progress[] = [];
  let chars = 0;
  for (const event of readTimeline(eventChunks(leg)).events) {
    const more = deltaText(event).length;
    if (more === 0) continue;
    chars += more;
    points.push({ chars, at: start + event.ms });
  }
  return points;
}

/** What an event of any of the three protocols adds to the answer. */
export function deltaText({ type, json }: TimedEvent): string {
  const fields = fieldsOf(json);
  if (/^response\..*\.delta$/.test(type)) return textOf(fields.delta);
  if (type === 'content_block_delta') {
    const delta = fieldsOf(fields.delta);
    return textOf(delta.text) + textOf(delta.partial_json) + textOf(delta.thinking);
  }
  if (!Array.isArray(fields.choices)) return '';
  const delta = fieldsOf(fieldsOf(fields.choices[0]).delta);
  const calls = listOf(delta.tool_calls).map((call) => textOf(fieldsOf(fieldsOf(call).function).arguments));
  return textOf(delta.content) + textOf(delta.reasoning_content) + calls.join('');
}
