import type { Fault } from '../../conformance/harness/trial.ts';
import { formatCount, formatNumber } from '../format.ts';
import { oneLine, truncateText } from '../text.ts';
import {
  type CheckFacts,
  type CheckResult,
  type ConformanceReport,
  type Counts,
  exitOfReport,
  type Readiness,
  type RouteFacts,
  VERDICTS,
} from './model.ts';

/** What every report of a conformance run says in the same words. */

/** Of many faults in one answer the first ones say what is wrong; the rest is in the JSON report and in the evidence. */
export const MOST_FAULTS = 5;

/** Longer values are in the evidence. */
const MOST_OF_VALUE = 400;

/** Where a result is from: `responses->chat gpt-5.5`; empty: the gateway as a whole. */
export function placeOfResult({ route, model, client }: CheckResult, { options }: ConformanceReport): string {
  const several = options.models.length > 1;
  return [route, several ? model : undefined, client].filter((part) => part !== undefined).join(' ');
}

/** One line about the gateway and how it was tried. */
export function headOf({ gateway, mode, options, tool }: ConformanceReport): string {
  const { name, version, url } = gateway;
  const known = [name, version].filter((part) => part !== undefined).join(' ');
  const how = [
    mode,
    ...(mode === 'hermetic' && options.strictness === 'off' ? ['lenient provider'] : []),
    ...(options.models.length > 0 ? [options.models.join(' and ')] : []),
    ...(options.level === 'all' ? [] : [`level ${options.level}`]),
    ...(options.profiles.length > 0 ? [`profile ${options.profiles.join(' + ')}`] : []),
    `tapedeck ${tool}`,
  ];
  return oneLine(`${known === '' ? url : `${known} at ${url}`} (${how.join(', ')})`);
}

/** `responses->chat`, or why there is no way through. */
export function routeText({ client, model, upstream, state, detail }: RouteFacts, several: boolean): string {
  const name = `${client}${upstream === undefined ? '' : `->${upstream}`}${several ? ` ${model}` : ''}`;
  if (state === 'open') return name;
  return oneLine(
    `${name} ${state === 'failed' ? 'failed' : 'not offered'}${detail === undefined ? '' : `: ${detail}`}`,
  );
}

/** What a fault says, in plain lines: the message, its place, and both values. */
export function faultLines({ message, where, pointer, expected, actual, rule, source, assumed }: Fault): string[] {
  const place = [where, pointer].filter((part) => part !== undefined && part !== '').join(' ');
  return [
    oneLine(message),
    ...(place === '' ? [] : [`at ${oneLine(place)}`]),
    ...(expected === undefined ? [] : [`- ${valueText(expected)}`]),
    ...(actual === undefined ? [] : [`${expected === undefined ? 'is' : '+'} ${valueText(actual)}`]),
    ...(rule === undefined ? [] : [oneLine(`rule ${rule}${source === undefined ? '' : ` (${source})`}`)]),
    ...(assumed ? ['assumed: no real provider was seen to refuse this'] : []),
  ];
}

function valueText(value: unknown): string {
  return truncateText(oneLine(JSON.stringify(value) ?? 'undefined'), MOST_OF_VALUE);
}

/** In one line: why a result is no pass. */
export function whyOf({ reason, faults = [] }: CheckResult): string {
  return oneLine(reason ?? faults[0]?.message ?? '');
}

/** All of a result in plain lines. */
export function plainResult(result: CheckResult, report: ConformanceReport): string[] {
  const check = report.checks.find(({ id }) => id === result.check)!;
  const place = placeOfResult(result, report);
  return plainGroup({ check, result, places: place === '' ? [] : [place] });
}

/** All of a group in plain lines, but for its name. */
export function plainGroup({ check, result }: ResultGroup): string[] {
  const { reason, faults = [], control, evidence, reproduce } = result;
  return [
    `${check.level} ${oneLine(check.requirement)} (${oneLine(check.source)})`,
    ...(reason === undefined ? [] : [oneLine(reason)]),
    ...faults.slice(0, MOST_FAULTS).flatMap(faultLines),
    ...(faults.length > MOST_FAULTS ? [`… and ${faults.length - MOST_FAULTS} more`] : []),
    ...(control === undefined ? [] : [`our own proxy: ${control}`]),
    ...(evidence === undefined ? [] : [`see tapedeck show ${evidence.gateway}`]),
    ...(reproduce === undefined ? [] : [`run ${oneLine(reproduce)}`]),
  ];
}

/** Results of one check that say the same of several routes. */
export interface ResultGroup {
  check: CheckFacts;
  /** The first of them. */
  result: CheckResult;
  places: string[];
}

/** Joins results that differ in their route alone, in their order. */
export function groupResults(report: ConformanceReport, wanted: (result: CheckResult) => boolean): ResultGroup[] {
  const facts = new Map(report.checks.map((check) => [check.id, check]));
  const groups = new Map<string, ResultGroup>();
  for (const result of report.results.filter(wanted)) {
    const { check, verdict, reason, faults = [], notes, change, waived } = result;
    const key = JSON.stringify([check, verdict, reason, faults.map(({ message }) => message), notes, change, waived]);
    const group = groups.get(key);
    const place = placeOfResult(result, report);
    if (group) group.places.push(place);
    else groups.set(key, { check: facts.get(check)!, result, places: place === '' ? [] : [place] });
  }
  return [...groups.values()];
}

/** Groups that have one reason, in their order. */
export function groupReasons(groups: readonly ResultGroup[]): { why: string; groups: ResultGroup[] }[] {
  const found = new Map<string, ResultGroup[]>();
  for (const group of groups) {
    const why = whyOf(group.result);
    found.set(why, [...(found.get(why) ?? []), group]);
  }
  return [...found].map(([why, same]) => ({ why, groups: same }));
}

/** What makes the run fail comes first, then what is waived or known. */
export function rankFailures(groups: readonly ResultGroup[]): ResultGroup[] {
  const rank = ({ result: { change, waived } }: ResultGroup) =>
    waived ? 3 : change === 'known' ? 2 : change === 'regressed' ? 0 : 1;
  return [...groups].sort((a, b) => rank(a) - rank(b));
}

/** Why a failure counts otherwise than others, or not at all. */
export function standingOf({ change, waived }: CheckResult): string[] {
  return [
    ...(change === undefined ? [] : [change]),
    ...(waived === undefined ? [] : [oneLine(`waived until ${waived.expires}: ${waived.reason} (${waived.link})`)]),
  ];
}

/** `must: 231 of 231 ran, 229 passed, 2 failed; should: 40 of 41 passed`. */
export function tallyText({ must, should }: Readiness): string {
  const failed = must.failed > 0 ? `, ${formatNumber(must.failed)} failed` : '';
  const weaker =
    should.all === 0 ? '' : `; should: ${formatNumber(should.passed)} of ${formatNumber(should.all)} passed`;
  return `must: ${formatNumber(must.ran)} of ${formatNumber(must.all)} ran, ${formatNumber(must.passed)} passed${failed}${weaker}`;
}

/** `12 results of 9 checks: 10 pass, 2 fail (1 waived)`. */
export function countsText(counts: Counts): string {
  const { results, checks, waived } = counts;
  const each = VERDICTS.filter((verdict) => counts[verdict] > 0 || verdict === 'fail').map(
    (verdict) => `${formatNumber(counts[verdict])} ${verdict}`,
  );
  const told = waived === 0 ? '' : ` (${formatNumber(waived)} waived)`;
  return `${formatCount(results, 'result')} of ${formatCount(checks, 'check')}: ${each.join(', ')}${told}`;
}

/** What the baseline says, in lines: counts, and routes that are gone. */
export function baselineLines({ baseline }: ConformanceReport): string[] {
  if (!baseline) return [];
  const { counts, lost, tool, gateway } = baseline;
  const each = Object.entries(counts).map(([change, count]) => `${count} ${change}`);
  const of = [gateway.name, gateway.version, `tapedeck ${tool}`].filter((part) => part !== undefined).join(' ');
  return [
    oneLine(`${each.join(', ')} (${of})`),
    ...lost.map(({ client, model }) => oneLine(`the route for ${client} clients with ${model} is open no more`)),
  ];
}

/** Waivers that are of no use, in lines. */
export function waiverLines({ waivers = [] }: ConformanceReport): string[] {
  const why = { expired: 'expired', unused: 'nothing fails that it speaks of', unknown: 'there is no such check' };
  return waivers.flatMap(({ id, route, model, client, state, expires }) => {
    if (state === 'used') return [];
    const told = state === 'expired' ? `${why[state]} on ${expires}` : why[state];
    const about = [id, route, model, client].filter((part) => part !== undefined);
    return [oneLine(`${about.join(' ')}: ${told}`)];
  });
}

/** Whether a run is one that makes a build fail. */
export function isBadReport(report: ConformanceReport): boolean {
  return exitOfReport(report) !== 0;
}

/** The verdicts that are told in a list of their own, after failures and warnings. */
export const SILENT_VERDICTS = ['unsupported', 'inconclusive'] as const;
