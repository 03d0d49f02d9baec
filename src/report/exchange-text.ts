import { parseJson } from '../decode/json.ts';
import type { ExchangeView, LegView } from './exchange-view.ts';
import { formatCount, formatMs } from './format.ts';
import { indentJson } from './json-text.ts';
import type { LegDifference } from './leg-difference.ts';
import {
  answerLines,
  closeText,
  effectiveLines,
  endText,
  headerLines,
  interimLines,
  labelled,
  legTitle,
  requestLines,
  type Style,
  timelineLines,
} from './leg-text.ts';
import { oneLine, printable, truncateText } from './text.ts';

/** One exchange in full: the client's legs whole, the upstream's as what differs from them. */
export function exchangeLines(view: ExchangeView, style: Style): string[] {
  const { colour } = style;
  const state = view.outcome === 'complete' ? colour.green(view.outcome) : colour.red(view.outcome);
  const lines = [
    `${colour.bold(`exchange ${view.number}`)}  ${colour.dim(oneLine(view.id))}  ${state}  ${formatMs(view.durationMs)}`,
    labelled('started', view.started, style),
    labelled('protocol', view.protocol ?? 'none that is known', style),
  ];
  if (view.connection !== undefined) lines.push(labelled('WebSocket', view.connection, style));
  if (view.attempts !== 1) lines.push(labelled('attempts', String(view.attempts), style));
  for (const leg of view.legs) {
    lines.push('', ...(PRINTERS[leg.leg] ?? printWhole)(leg, view, style));
    if (leg.leg === 'client-request' && view.effectiveInput) lines.push(...effectiveLines(view.effectiveInput, style));
  }
  if (view.losses.length > 0) {
    lines.push('', colour.bold(formatCount(view.losses.length, 'loss', 'losses')));
    for (const { hop, path, kind, weight, reason } of view.losses) {
      lines.push(`  ${truncateText(oneLine(`${weight} ${hop} ${path} ${kind}: ${reason}`), style.columns - 2)}`);
    }
  }
  return lines;
}

type Printer = (leg: LegView, view: ExchangeView, style: Style) => string[];

const PRINTERS: Record<LegView['leg'], Printer> = {
  'client-request': printWhole,
  'upstream-request': (leg, view, style) => [
    legTitle(leg, view.attempts, style),
    ...differenceLines(leg.difference, 'the client request', style),
  ],
  'upstream-response': (leg, view, style) => {
    const same = leg.difference !== undefined && leg.difference.body !== 'differs';
    if (!same)
      return [...printWhole(leg, view, style), ...differenceLines(leg.difference, 'the client response', style)];
    const lines = [
      legTitle(leg, view.attempts, style),
      ...interimLines(leg.informational ?? [], style),
      ...differenceLines(leg.difference, 'the client response', style),
    ];
    return leg.end === undefined ? lines : [...lines, labelled('end', endText(leg.end), style)];
  },
  'client-response': printWhole,
};

function printWhole(leg: LegView, view: ExchangeView, style: Style): string[] {
  return [legTitle(leg, view.attempts, style), ...detailLines(leg, style, false)];
}

function detailLines(leg: LegView, style: Style, whole: boolean): string[] {
  const lines = interimLines(leg.informational ?? [], style, whole);
  if (leg.response?.status !== 0) {
    lines.push(labelled('headers', String(leg.headers.length), style), ...headerLines(leg.headers, style, whole));
    lines.push(labelled('body', leg.body === undefined ? 'none' : leg.body.facts, style));
  }
  if (leg.asks) lines.push(...requestLines(leg.asks, style));
  if (leg.events) lines.push(...timelineLines(leg.events, style));
  if (leg.rest)
    lines.push(
      labelled('left over', `${leg.rest.text.length} characters without a blank line: ${leg.rest.text}`, style),
    );
  if (leg.answer) lines.push(...answerLines(leg.answer, style));
  if (leg.trailers)
    lines.push(labelled('trailers', String(leg.trailers.length), style), ...headerLines(leg.trailers, style));
  if (leg.end) lines.push(labelled('end', endText(leg.end), style));
  if (leg.closed) lines.push(labelled('WebSocket', closeText(leg.closed), style));
  return lines;
}

function differenceLines(difference: LegDifference | undefined, what: string, style: Style): string[] {
  if (difference === undefined) return [];
  const body =
    difference.body === 'none' ? 'none, like' : `${difference.body}${difference.body === 'differs' ? ' from' : ' as'}`;
  return [
    labelled('body', difference.body === 'unknown' ? 'cannot be compared' : `${body} ${what}`, style),
    ...difference.lines.map((line) => `    ${truncateText(oneLine(line), style.columns - 4)}`),
  ];
}

/** One leg with its full decoded body; a JSON body is indented, token by token as it is written. */
export function legLines(leg: LegView, attempts: number, style: Style): string[] {
  return [legTitle(leg, attempts, style), ...detailLines(leg, style, true), '', ...bodyLines(leg)];
}

function bodyLines(leg: LegView): string[] {
  const text = leg.body?.text;
  if (text === undefined) return [];
  return printable(parseJson(text).ok ? indentJson(text) : text).split('\n');
}
