import type { EventDifference, PlaceDifference } from '../replay/answer-difference.ts';
import type { CassetteDifference, DifferentPair, ExchangeName } from '../replay/cassette-difference.ts';
import type { ComparedLeg } from '../replay/exchange-difference.ts';
import { formatCount } from './format.ts';
import type { Style } from './leg-text.ts';
import { oneLine, printable } from './text.ts';

/** Places of one list that are told. */
const LISTED = 12;

/** What `tapedeck diff` says, line by line: pairs that differ leg by leg, what only one side has, and the counts. */
export function differenceLines(found: CassetteDifference, style: Style): string[] {
  const { colour } = style;
  const lines = found.different.flatMap((pair) => [...pairLines(pair, style), '']);
  for (const one of found.onlyA) lines.push(`${colour.red('only in a')}  ${nameText(one)}`);
  for (const one of found.onlyB) lines.push(`${colour.green('only in b')}  ${nameText(one)}`);
  if (found.onlyA.length + found.onlyB.length > 0) lines.push('');
  if (found.moved.length > 0) {
    const moves = found.moved.slice(0, LISTED).map(({ a, b }) => `${a} as ${b}`);
    const more = found.moved.length > LISTED ? ', …' : '';
    lines.push(`${colour.yellow('in another order')}  ${moves.join(', ')}${more}`, '');
  }
  const counts = [
    `${found.same} same`,
    `${found.different.length} different`,
    `${found.onlyA.length} only in a`,
    `${found.onlyB.length} only in b`,
  ];
  return [...lines, counts.join(', ')];
}

function nameText({ number, id, method, path, status, outcome }: ExchangeName): string {
  const answer = status === 0 ? 'no answer' : String(status);
  const end = outcome === 'complete' ? '' : `, ${outcome}`;
  return `exchange ${number} (${oneLine(id)})  ${oneLine(`${method} ${path}`)} → ${answer}${end}`;
}

function pairLines({ a, b, by, outcome, legs }: DifferentPair, style: Style): string[] {
  const { bold, dim } = style.colour;
  const paired = by === 'key' ? 'equal requests' : 'requests differ';
  const lines = [`${bold('different')}  ${nameText(a)}`, `      with  ${nameText(b)}  ${dim(paired)}`];
  if (outcome) lines.push(`  outcome: ${sides(outcome.a, outcome.b, style)}`);
  const told = new Map<string, string>();
  for (const leg of legs) {
    const title = `  ${bold(legText(leg))}`;
    const own = legLines(leg, style);
    const before = told.get(own.join('\n'));
    // A gateway that hands through says everything twice.
    if (before !== undefined && !leg.only) lines.push(`${title}  ${dim(`as the ${before}`)}`);
    else lines.push(...(leg.only ? [`${title}  only in ${leg.only}`] : [title, ...own]));
    told.set(own.join('\n'), legText(leg));
  }
  return lines;
}

function legText({ leg, attempt = 1 }: ComparedLeg): string {
  return leg.replace('-', ' ') + (attempt === 1 ? '' : `, attempt ${attempt}`);
}

function sides(a: string, b: string, { colour }: Style): string {
  return `${colour.red(`a ${printable(a)}`)}, ${colour.green(`b ${printable(b)}`)}`;
}

function legLines({ head, body, events, answer }: ComparedLeg, style: Style): string[] {
  return [
    ...section('head', head, style),
    ...section('body', body, style),
    ...section(events.length > 0 ? 'what the events amount to' : 'answer', answer, style),
    ...eventLines(events, style),
  ];
}

function section(title: string, places: readonly PlaceDifference[], style: Style): string[] {
  if (places.length === 0) return [];
  return [`    ${style.colour.dim(title)}`, ...placeLines(places, '      ', style)];
}

function placeLines(places: readonly PlaceDifference[], indent: string, { colour }: Style): string[] {
  const lines = places
    .slice(0, LISTED)
    .flatMap(({ pointer, a, b }) => [
      `${indent}${oneLine(pointer) || '(the whole)'}`,
      `${indent}  ${colour.red(`a  ${printable(a)}`)}`,
      `${indent}  ${colour.green(`b  ${printable(b)}`)}`,
    ]);
  return [...lines, ...restLine(places.length, indent)];
}

function eventLines(events: readonly EventDifference[], style: Style): string[] {
  if (events.length === 0) return [];
  const lines = events.slice(0, LISTED).flatMap((event) => {
    const type = oneLine(event.type);
    if (event.b === undefined) return [`      ${style.colour.red(`only in a  event ${event.a} ${type}`)}`];
    if (event.a === undefined) return [`      ${style.colour.green(`only in b  event ${event.b} ${type}`)}`];
    const number = event.a === event.b ? `${event.a}` : `${event.a} of a, ${event.b} of b`;
    return [`      event ${number} ${type}`, ...placeLines(event.fields, '        ', style)];
  });
  return [
    `    ${style.colour.dim(`${formatCount(events.length, 'event')} ${events.length === 1 ? 'differs' : 'differ'}`)}`,
    ...lines,
    ...restLine(events.length, '      '),
  ];
}

function restLine(count: number, indent: string): string[] {
  return count > LISTED ? [`${indent}… and ${count - LISTED} more; --json has all`] : [];
}
