import { explainHop, type HopReport, isAround } from '../../around/explain-hop.ts';
import type { HopFinding } from '../../around/finding.ts';
import type { RecordedExchange } from '../../cassette/legs.ts';
import type { CassetteReader } from '../../cassette/store.ts';
import type { ClientVerdict, ExplainedHop, GatewayExplanation } from '../../report/explain-report.ts';
import { formatCount } from '../../report/format.ts';
import { oneLine } from '../../report/text.ts';
import type { Forecast } from '../../validate/diagnose/types.ts';
import { type Io, say } from '../io.ts';
import { joinCassette } from '../record/around.ts';
import { forecastFor } from './forecast.ts';

/** Findings of one kind and place that are listed before "… more". */
const LISTED = 12;

const CLIENTS = { responses: 'Responses clients', chat: 'Chat clients', messages: 'Messages clients' } as const;

/** The exchanges of a recording around a gateway; undefined for any other cassette. */
export async function hopsOf(
  cassette: CassetteReader,
  wanted: string | undefined,
  version: string | undefined,
): Promise<ExplainedHop[] | undefined> {
  const { around } = cassette.header;
  const exchanges = around && !around.joined ? joinCassette(cassette) : cassette.exchanges();
  const hops: ExplainedHop[] = [];
  let number = 0;
  for await (const exchange of exchanges) {
    number += 1;
    if (!around && !isAround(exchange)) return undefined;
    if (wanted !== undefined && wanted !== String(number) && wanted !== exchange.id) continue;
    const report = explainHop(exchange);
    hops.push({ number, ...report, clients: verdictsOf(exchange, report, version) });
  }
  return around || hops.length > 0 ? hops : undefined;
}

function verdictsOf(exchange: RecordedExchange, report: HopReport, version: string | undefined): ClientVerdict[] {
  const { client } = exchange;
  const why = [...new Set(report.findings.flatMap(({ harm }) => (harm === undefined ? [] : [harm])))];
  if (client._unasked) return [{ client: 'who pays for the provider', harmed: why.length > 0, why }];
  const forecast = forecastFor(exchange, version);
  const name = forecast?.client ?? (client._protocol === null ? 'clients' : CLIENTS[client._protocol]);
  const broke = forecast && breaksBecauseOfHop(exchange, forecast, version);
  if (broke) why.unshift(`${forecast.client}: ${forecast.reason}`);
  return [{ client: name, harmed: why.length > 0, why }];
}

/** Codex does not accept what the gateway said, and would have accepted what the provider said, or the provider spoke another protocol. */
function breaksBecauseOfHop(exchange: RecordedExchange, forecast: Forecast, version: string | undefined): boolean {
  if (forecast.action === 'accept') return false;
  const last = exchange.attempts.at(-1);
  if (last?._outcome !== 'complete' || last.response.status >= 300 || last.response.status === 0) return false;
  if (last._protocol !== exchange.protocol) return true;
  const asIfDirect = { ...last, request: exchange.client.request, _side: 'client' as const };
  const direct = forecastFor({ ...exchange, client: asIfDirect, attempts: [], outcome: 'complete' }, version);
  return direct?.action === 'accept';
}

/** Prints what the gateway did, exchange by exchange; what was done to several of them in the same way is told once. */
export function printHops(io: Io, gateway: string, hops: readonly ExplainedHop[]): void {
  const { bold, dim } = io.colour;
  say(io, `recorded around ${bold(gateway)}`);
  const told = new Map<string, number>();
  const touched = hops.filter(
    ({ findings, notJudged, broke }) => findings.length + notJudged.length > 0 || broke !== undefined,
  );
  for (const hop of touched) {
    say(io);
    const sure = hop.join && hop.join.by !== 'none' ? `, joined by ${hop.join.by} (${hop.join.certainty})` : '';
    say(
      io,
      `${bold(`exchange ${hop.number}`)} ${dim(`(${hop.exchange}${sure})`)}  ${oneLine(hop.request)}${hop.hop ? `  ${hop.hop}` : ''}`,
    );
    const before = [...new Set(hop.findings.flatMap((one) => told.get(keyOf(one)) ?? []))];
    const fresh = hop.findings.filter((one) => !told.has(keyOf(one)));
    for (const one of fresh) told.set(keyOf(one), hop.number);
    for (const [place, group] of groupsOf(fresh)) {
      say(io, `  ${io.colour.underline(place)}`);
      for (const one of group.slice(0, LISTED)) printFinding(io, one);
      if (group.length > LISTED) say(io, `    … and ${group.length - LISTED} more; --json has all`);
    }
    if (before.length > 0) {
      const count = hop.findings.length - fresh.length;
      say(io, `  ${dim(`and ${count} as in exchange ${before.join(', ')}`)}`);
    }
    if (hop.broke !== undefined) say(io, `  ${io.colour.yellow('broken')}  ${oneLine(hop.broke)}`);
    for (const what of hop.notJudged) say(io, `  ${dim(`not compared  ${what}`)}`);
    for (const { client, harmed, why } of hop.clients) {
      if (hop.findings.length === 0) continue;
      say(
        io,
        `  ${harmed ? io.colour.red('harms') : io.colour.green('harms nobody')}  ${harmed ? client : ''}`.trimEnd(),
      );
      for (const line of why) say(io, `    ${oneLine(line)}`);
    }
  }
  if (touched.length > 0) say(io);
  const well = hops.filter(({ findings }) => findings.length === 0);
  say(
    io,
    `${well.length} of ${formatCount(hops.length, 'exchange')} came through with nothing dropped, changed, held back or made up.`,
  );
  const short = well.filter(({ tooShort }) => tooShort).length;
  if (short > 0) say(io, `In ${short} of them the stream was too short to tell whether it was held back.`);
  const broken = hops.filter(({ broke }) => broke !== undefined).length;
  if (broken > 0)
    say(io, `In ${broken} of all the provider's answer was not whole; --no-hop says what the client makes of that.`);
}

/** Places in conversations move from one request to the next. */
function keyOf({ kind, place, path, note = '', harm = '' }: HopFinding): string {
  return [kind, place, path.replace(/\/\d+/g, '/*'), note.replace(/\d+/g, '*'), harm].join('\n');
}

function groupsOf(findings: readonly HopFinding[]): Map<string, HopFinding[]> {
  const groups = new Map<string, HopFinding[]>();
  for (const one of findings) groups.set(one.place, [...(groups.get(one.place) ?? []), one]);
  return groups;
}

function printFinding(io: Io, { kind, path, before, after, note, harm }: HopFinding): void {
  const { red, yellow, dim } = io.colour;
  say(
    io,
    `    ${(harm === undefined ? yellow : red)(kind.padEnd(8))}  ${oneLine(path)}${note === undefined ? '' : `  ${dim(oneLine(note))}`}`,
  );
  if (before !== undefined) say(io, dim(`              - ${oneLine(before)}`));
  if (after !== undefined) say(io, dim(`              + ${oneLine(after)}`));
}

/** The report as JSON. */
export function hopsJson(path: string, gateway: string, hops: ExplainedHop[]): GatewayExplanation {
  return { event: 'explain', cassette: path, gateway, hops };
}
