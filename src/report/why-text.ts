import type { RuledDifference } from '../replay/request-difference.ts';
import type { ComparedRecording, EqualRecording, MatchExplanation, RecordingName } from '../replay/why.ts';
import { formatCount } from './format.ts';
import type { Style } from './leg-text.ts';
import { oneLine, printable } from './text.ts';

/** Differences of one recording, and equal recordings, that are listed unless all are wanted. */
const LISTED = 12;

/** What `tapedeck why` says, line by line. `verbose`: every place, and those that the field rules took away. */
export function explanationLines(why: MatchExplanation, style: Style, verbose: boolean): string[] {
  const { colour } = style;
  const { key, answer, equal, closest, routes } = why;
  const query = key.query === '' ? '' : `?${key.query}`;
  const lines = [`${colour.dim('key     ')} ${oneLine(key.route + query)}  body ${key.body}`];
  lines.push(`${VERDICTS[why.verdict](why, style)}`);
  if (equal.length > 1 || why.verdict === 'exhausted') lines.push(`${colour.dim('equal   ')} ${equalText(equal)}`);
  if (answer && (verbose || answer.passes.length > 0)) lines.push(...recordingLines(answer, style, verbose));
  for (const one of closest) lines.push('', ...recordingLines(one, style, verbose));
  if (routes) lines.push(...routeLines(routes, style));
  return lines;
}

const VERDICTS: Record<MatchExplanation['verdict'], (why: MatchExplanation, style: Style) => string> = {
  match: ({ answer, equal }, { colour }) => {
    const { status, outcome, repeated } = answer!;
    const place = equal.findIndex(({ state }) => state === 'next') + 1;
    const which =
      equal.length === 1 ? 'the only equal recording' : `number ${place} of ${equal.length} equal recordings`;
    const again = repeated ? ', once more' : '';
    return `${colour.green('match   ')} ${nameText(answer!)} answers${again}: ${status}, ${outcome}; ${which}`;
  },
  exhausted: ({ equal }, { colour }) => {
    const isServed = equal.every(({ state }) => state === 'served');
    const why = isServed ? 'all were served before' : 'what is left belongs to another session';
    const count = formatCount(equal.length, 'equal recording');
    return `${colour.red('miss    ')} ${count}, and ${isServed && equal.length === 1 ? 'it was served before' : why}`;
  },
  unknown: (_why, { colour }) => `${colour.red('miss    ')} no recording is equal`,
};

function nameText({ number, id, attempt }: RecordingName): string {
  return `exchange ${number} (${oneLine(id)})${attempt === undefined || attempt === 1 ? '' : `, attempt ${attempt}`}`;
}

function equalText(equal: readonly EqualRecording[]): string {
  const listed = equal.slice(0, LISTED).map(({ number, state }) => `${number} ${state}`);
  return [...listed, ...(equal.length > LISTED ? [`… and ${equal.length - LISTED} more`] : [])].join(', ');
}

function routeLines(routes: readonly { route: string; recordings: number }[], { colour }: Style): string[] {
  if (routes.length === 0) return [`${colour.dim('cassette')} holds no request`];
  const listed = routes.slice(0, LISTED).map(({ route, recordings }) => `${oneLine(route)} (${recordings})`);
  return [`${colour.dim('cassette')} has ${listed.join(', ')}${routes.length > LISTED ? ', …' : ''}`];
}

function recordingLines(one: ComparedRecording, style: Style, verbose: boolean): string[] {
  const { colour } = style;
  const { counts, passes } = one;
  const lines: string[] = [];
  if (counts.length > 0) {
    const count = one.differing > 0 ? formatCount(one.differing, 'value') : formatCount(counts.length, 'part');
    lines.push(`${colour.yellow('closest ')} ${nameText(one)}: ${count} ${isOne(one) ? 'differs' : 'differ'}`);
    lines.push(...placesLines(counts, style, verbose));
  }
  if (passes.length === 0) return lines;
  const told = verbose ? '' : '; --verbose lists them';
  lines.push(`  ${colour.dim(`not counted: ${formatCount(passes.length, 'place')} (${rulesText(passes)})${told}`)}`);
  if (verbose) lines.push(...placesLines(passes, style, true));
  return lines;
}

function isOne({ differing, counts }: ComparedRecording): boolean {
  return (differing || counts.length) === 1;
}

function placesLines(places: readonly RuledDifference[], { colour }: Style, all: boolean): string[] {
  const listed = all ? places : places.slice(0, LISTED);
  const lines = listed.flatMap((one) => [
    `  ${colour.bold(placeText(one))}  ${colour.dim(ruleText(one))}`,
    `    ${colour.red('recorded')}  ${printable(one.recorded)}`,
    `    ${colour.green('asked')}     ${printable(one.asked)}`,
  ]);
  const more = places.length - listed.length;
  return more > 0 ? [...lines, `  … and ${more} more; --verbose lists them`] : lines;
}

function placeText({ in: part, pointer }: RuledDifference): string {
  return part === 'query' ? '(the query)' : oneLine(pointer) || '(the whole body)';
}

function ruleText({ rule, by, recorded, asked }: RuledDifference): string {
  if (by.length > 0) return `${rule} ${by.join(' ')}`;
  // The word alone would say that something was replaced; within a list or an object other rules may have done so.
  const isWhole = [recorded, asked].every((value) => typeof value !== 'object' || value === null);
  return rule === 'scrub' && isWhole ? 'scrub (nothing replaced)' : rule;
}

/** `2 live, 5 scrub`. */
function rulesText(places: readonly RuledDifference[]): string {
  const counts = new Map<string, number>();
  for (const { rule } of places) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  return [...counts].map(([rule, count]) => `${count} ${rule}`).join(', ');
}
