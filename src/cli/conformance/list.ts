import { areaOf, type Check } from '../../conformance/check.ts';
import { EXIT } from '../../errors.ts';
import type { RunMode } from '../../report/conformance/model.ts';
import { formatCount } from '../../report/format.ts';
import { type Column, formatTable } from '../../report/table.ts';
import type { Arguments } from '../command.ts';
import { type Io, remark, say, sayJson } from '../io.ts';
import type { Settings } from './settings.ts';

/** What a check needs, by the way to run that gives it. */
const MODES_OF_NEED: Record<Check['needs'], readonly RunMode[]> = {
  gateway: ['basic', 'hermetic', 'live'],
  model: ['hermetic', 'live'],
  upstream: ['hermetic'],
};

/** `--list`: every check that is asked for, whatever it needs. */
export function sayChecks(all: readonly Check[], args: Arguments, io: Io): number {
  // Several real clients may be asked for by one check.
  const checks = [...new Map(all.map((check) => [check.id, check])).values()];
  if (args.json === true) sayJson(io, { event: 'checks', checks: checks.map(factsOf) });
  else {
    sayTable(checks, io);
    say(io);
    say(io, formatCount(checks.length, 'check'));
  }
  return EXIT.ok;
}

/** `--dry-run`: what a run would try, and what it leaves out for want of a model or a provider. Nothing is sent, so routes are not known. */
export function sayPlan(checks: readonly Check[], mode: RunMode, args: Arguments, io: Io): number {
  const tried = checks.filter(({ needs }) => MODES_OF_NEED[needs].includes(mode));
  const left = checks.filter((check) => !tried.includes(check));
  if (args.json === true) {
    sayJson(io, {
      event: 'plan',
      mode,
      checks: tried.map(factsOf),
      left: left.map(({ id, needs }) => ({ id, needs })),
    });
    return EXIT.ok;
  }
  sayTable(tried, io);
  say(io);
  say(io, `${formatCount(tried.length, 'check')} would be tried, on every route that they apply to.`);
  const needing = (need: Check['needs']) => left.filter(({ needs }) => needs === need).length;
  if (needing('model') > 0)
    say(io, `${formatCount(needing('model'), 'check')} more with a model: --hermetic or --live.`);
  if (needing('upstream') > 0)
    say(io, `${formatCount(needing('upstream'), 'check')} more with the provider played: --hermetic.`);
  return EXIT.ok;
}

function factsOf(check: Check) {
  const { id, revision, requirement, source, level, profiles, needs, alone } = check;
  return { id, revision, area: areaOf(check), requirement, source, level, profiles, needs, alone: alone ?? null };
}

const COLUMNS: readonly Column<Check>[] = [
  { title: 'id', value: ({ id }) => id },
  { title: 'level', value: ({ level }) => level },
  { title: 'needs', value: ({ needs }) => needs, drop: 1 },
  { title: 'profiles', value: ({ profiles }) => profiles.join(' '), drop: 2 },
  { title: 'requirement', value: ({ requirement }) => requirement, flexible: { min: 30 } },
];

function sayTable(checks: readonly Check[], io: Io): void {
  const width = io.stdout.isTTY ? io.stdout.columns : undefined;
  for (const line of formatTable(COLUMNS, checks, width, io.colour.dim)) say(io, line);
}

/** After a run that could not see much: both ways to see the rest. */
export function sayWaysToGoOn({ url }: Settings, io: Io): void {
  remark(io, 'This was what needs neither a model nor a provider. For the rest:');
  remark(io, `  tapedeck conformance ${url} --hermetic --upstream-port 9000`);
  remark(io, "    with the base URL of the gateway's provider set to http://127.0.0.1:9000/v1: no key, nothing to pay");
  remark(io, `  tapedeck conformance ${url} --live --model NAME --key-env NAME`);
  remark(io, '    with its real provider, as far as the client side shows it');
}
