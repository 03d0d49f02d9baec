import type { ChalkInstance } from 'chalk';
import type { EntryEnd, HarHeader, InterimResponse, WebSocketClose } from '../cassette/format.ts';
import type { AnswerSummary, Usage } from './answer-summary.ts';
import type { EffectiveInput } from './effective-input.ts';
import type { LegView } from './exchange-view.ts';
import { formatCount, formatMs, formatNumber } from './format.ts';
import type { ItemSummary, RequestSummary, ToolSummary } from './request-summary.ts';
import { formatTable } from './table.ts';
import { oneLine, padText, printable, truncateText, wrapText } from './text.ts';
import { foldTimeline, type TimedEvent, type TimelineRow } from './timeline.ts';

/** How to print: colours, and columns that a line may take. */
export interface Style {
  colour: ChalkInstance;
  columns: number;
}

/** Columns of the names on the left. */
const LABEL = 13;

/** `label   text`, indented by two and cut to the line. */
export function labelled(label: string, text: string, { colour, columns }: Style): string {
  return `  ${colour.dim(padText(label, LABEL))}${truncateText(oneLine(text), columns - LABEL - 2)}`;
}

/** Headers, one a line; cut to the line unless `whole`. */
export function headerLines(headers: readonly HarHeader[], { colour, columns }: Style, whole = false): string[] {
  return headers.map(({ name, value }) => {
    const text = oneLine(value);
    const room = columns - 6 - name.length;
    return `    ${colour.dim(`${oneLine(name)}:`)} ${whole ? text : truncateText(text, room)}`;
  });
}

/** Interim responses, each with its headers. */
export function interimLines(list: readonly InterimResponse[], style: Style, whole = false): string[] {
  return list.flatMap(({ ms, status, statusText, headers }) => [
    labelled('interim', `${`${status} ${statusText}`.trim()} after ${formatMs(ms)}`, style),
    ...headerLines(headers, style, whole),
  ]);
}

/** What a request asks for. */
export function requestLines(asks: RequestSummary, style: Style): string[] {
  const lines = [labelled('model', `${asks.model ?? '(none)'}${asks.stream ? ', streamed' : ''}`, style)];
  if (asks.instructions !== undefined) {
    lines.push(labelled('instructions', formatCount(asks.instructions, 'character'), style));
  }
  lines.push(labelled('input', formatCount(asks.items.length, 'item'), style));
  if (asks.items.length > 0) lines.push(...itemLines(asks.items, style));
  lines.push(...toolLines(asks.tools, style));
  const settings = Object.entries(asks.settings);
  if (settings.length > 0) {
    lines.push(labelled('settings', formatCount(settings.length, 'field'), style));
    for (const [name, value] of settings) {
      const label = oneLine(name);
      lines.push(`    ${style.colour.dim(label)} ${truncateText(oneLine(value), style.columns - 5 - label.length)}`);
    }
  }
  return lines;
}

/** Items of an input; with the exchange that each came with, where it is not the one that is shown. */
function itemLines(items: readonly (ItemSummary & { exchange?: string })[], style: Style): string[] {
  const from = (item: { exchange?: string }) => oneLine(item.exchange ?? '');
  const table = formatTable(
    [
      { title: '#', value: ({ number }) => String(number), align: 'right' },
      ...(items.some((item) => item.exchange)
        ? [{ title: 'from', value: ({ item }: NumberedItem) => from(item) }]
        : []),
      { title: 'role', value: ({ item }) => oneLine(item.role ?? ''), drop: 1 },
      { title: 'type', value: ({ item }) => oneLine(item.type) },
      { title: 'chars', value: ({ item }) => formatNumber(item.chars), align: 'right', drop: 2 },
      { title: 'says', value: ({ item }) => oneLine(item.text.slice(0, 4 * style.columns)), flexible: { min: 16 } },
    ],
    items.map((item, number): NumberedItem => ({ item, number })),
    style.columns - 4,
    style.colour.dim,
  );
  return table.map((line) => `    ${line}`);
}

interface NumberedItem {
  item: ItemSummary & { exchange?: string };
  number: number;
}

/** The whole input of a request that goes on from earlier responses. */
export function effectiveLines({ items, missing }: EffectiveInput, style: Style): string[] {
  const begins = missing === undefined ? '' : `, after ${missing}, which is not in the cassette`;
  const heading = labelled('with earlier', `${formatCount(items.length, 'item')}${begins}`, style);
  return items.length === 0 ? [heading] : [heading, ...itemLines(items, style)];
}

function toolLines(tools: readonly ToolSummary[], style: Style): string[] {
  if (tools.length === 0) return [labelled('tools', 'none', style)];
  const byKind = new Map<string, string[]>();
  for (const tool of tools) byKind.set(tool.kind, [...(byKind.get(tool.kind) ?? []), toolName(tool)]);
  const lines = [labelled('tools', String(tools.length), style)];
  for (const [kind, names] of byKind) {
    const label = `    ${oneLine(kind)}  `;
    const [first = '', ...more] = wrapText(oneLine(names.join(', ')), style.columns - label.length);
    lines.push((style.colour.dim(label) + first).trimEnd(), ...more.map((line) => ' '.repeat(label.length) + line));
  }
  return lines;
}

/** Tools that the provider runs have a kind and no name. */
function toolName({ name = '', inner }: ToolSummary): string {
  return inner === undefined ? name : `${name} {${inner.map(toolName).join(', ')}}`;
}

/** The time line of a stream. */
export function timelineLines(events: readonly TimedEvent[], style: Style): string[] {
  const rows = foldTimeline(events).map((row) => ({
    ...row,
    time:
      row.count === 1 || row.fromMs === row.toMs ? String(round(row.toMs)) : `${round(row.fromMs)}–${round(row.toMs)}`,
  }));
  const table = formatTable<TimelineRow & { time: string }>(
    [
      { title: 'ms', value: (row) => row.time, align: 'right', paint: (cell) => style.colour.dim(cell) },
      { title: 'event', value: (row) => oneLine(row.type) + (row.count > 1 ? ` ×${row.count}` : '') },
      { title: 'says', value: (row) => oneLine(row.text.slice(0, 4 * style.columns)), flexible: { min: 16 } },
    ],
    rows,
    style.columns - 4,
    style.colour.dim,
  );
  const heading = labelled('time line', formatCount(events.length, 'event'), style);
  return events.length === 0 ? [heading] : [heading, ...table.map((line) => `    ${line}`)];
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}

/** What a response says: error, reasoning, tool calls, text, usage. */
export function answerLines(answer: AnswerSummary, style: Style): string[] {
  const lines: string[] = [];
  const { error, finish, usage } = answer;
  if (error) lines.push(labelled('error', [error.code, error.message].filter(Boolean).join(': '), style));
  if (answer.reasoning) lines.push(labelled('reasoning', answer.reasoning, style));
  if (answer.toolCalls.length > 0) lines.push(labelled('tool calls', String(answer.toolCalls.length), style));
  for (const call of answer.toolCalls) {
    const id = call.callId === undefined ? '' : ` ${style.colour.dim(oneLine(call.callId))}`;
    lines.push(`    ${style.colour.dim(oneLine(call.kind))} ${style.colour.bold(oneLine(call.name))}${id}`);
    lines.push(
      ...printable(call.arguments)
        .split('\n')
        .map((line) => `      ${line}`),
    );
  }
  if (answer.others.length > 0) lines.push(labelled('other items', answer.others.join(', '), style));
  if (answer.text) {
    lines.push(labelled('text', formatCount(answer.text.length, 'character'), style));
    lines.push(
      ...printable(answer.text)
        .split('\n')
        .map((line) => `    ${line}`),
    );
  }
  if (finish !== undefined) lines.push(labelled('finish', finish, style));
  if (usage) lines.push(labelled('usage', usageText(usage), style));
  return lines;
}

function usageText({ input, cached, output, reasoning, total }: Usage): string {
  const part = (name: string, value: number | undefined): string[] =>
    value === undefined ? [] : [`${name} ${formatNumber(value)}`];
  return [
    ...part('input', input),
    ...part('of it cached', cached),
    ...part('output', output),
    ...part('of it reasoning', reasoning),
    ...part('total', total),
  ].join(', ');
}

/** Who ended the message, when and how. */
export function endText({ by, how, ms, detail }: EntryEnd): string {
  const manner = how === 'complete' ? 'complete' : `${how} by ${by}`;
  return `${manner} after ${formatMs(ms)}${detail === undefined ? '' : `: ${detail}`}`;
}

/** Who closed a WebSocket connection, and with what. */
export function closeText({ by, code, reason }: WebSocketClose): string {
  const how = code === 1006 ? 'without a close frame' : `with ${code}${reason === '' ? '' : `: ${reason}`}`;
  return `closed by ${by} ${how}`;
}

/** Title of a leg: its name, and the first line of the message. */
export function legTitle(view: LegView, attempts: number, { colour, columns }: Style): string {
  const which = view.attempt !== undefined && attempts > 1 ? ` ${view.attempt} of ${attempts}` : '';
  const name = `${view.leg.replace('-', ' ')}${which}`;
  const line = truncateText(oneLine(startLine(view)), columns - name.length - 2);
  return `${colour.bold(name)}  ${line}`;
}

function startLine({ request, response }: LegView): string {
  if (request)
    return `${request.method} ${request.url} ${request.httpVersion}${request.incomplete ? ', broke off' : ''}`;
  if (!response || response.status === 0) return 'no response';
  const head = `${response.status} ${response.statusText} ${response.httpVersion}`;
  return response.headMs === undefined ? head : `${head}, head after ${formatMs(response.headMs)}`;
}
