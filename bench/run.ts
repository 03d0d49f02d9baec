import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { measure, type Plan, SCENARIOS } from './measure.ts';
import { DIST, type Mode, PEERS, type Peer, startBaseline } from './peers.ts';
import { end, nextMessage, startScript } from './processes.ts';
import { type Report, renderJson, renderMarkdown } from './report.ts';

const USAGE = `npm run bench -- [options]
  --quick            two short rounds, a look rather than a measurement; writes no file
  --json             the result as JSON on stdout
  --peers A,B        only these: ${Object.keys(PEERS).join(', ')}
  --scenarios A,B    only those whose names begin so: ${SCENARIOS.map(({ name }) => name.replace(',', '')).join(', ')}
  --rounds N         instead of 5
  --dist DIR         the build to measure (default: dist)
  --baseline DIR     another built dist/ beside this one (of the same peers), to see what a change did
  --out FILE         where the Markdown goes (default: docs/performance.md)
A selection (--peers, --scenarios, --baseline) is printed, and written only with --out.`;

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    peers: { type: 'string' },
    scenarios: { type: 'string' },
    rounds: { type: 'string' },
    dist: { type: 'string', default: DIST },
    baseline: { type: 'string' },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

function chosen(list: string | undefined): (name: string) => boolean {
  const wanted = list?.split(',').map((name) => name.trim());
  return (name) => wanted?.some((one) => name.replace(',', '').startsWith(one)) ?? true;
}

async function run(folder: string): Promise<Report> {
  const provider = startScript('stub.ts');
  const { port: upstreamPort } = await nextMessage<{ port: number }>(provider);
  const generator = startScript('load.ts');
  const setup = { upstreamPort, folder, dist: resolve(flags.dist) };
  const peers: Peer[] = [];
  const skipped: string[] = [];
  try {
    for (const name of Object.keys(PEERS).filter(chosen(flags.peers))) {
      const peer = await PEERS[name]!(setup);
      if ('skipped' in peer) skipped.push(peer.skipped);
      else peers.push(peer);
    }
    if (flags.baseline !== undefined) {
      const other = { ...setup, dist: resolve(flags.baseline) };
      for (const mode of ['proxy', 'translate', 'record'] satisfies Mode[]) {
        if (chosen(flags.peers)(`tapedeck ${mode}`)) peers.push(await startBaseline(mode, other));
      }
    }
    const plan: Plan = {
      scenarios: SCENARIOS.filter(({ name }) => chosen(flags.scenarios)(name)),
      rounds: Number(flags.rounds ?? (flags.quick ? 2 : 5)),
      forMs: flags.quick ? 400 : 1400,
      warmMs: flags.quick ? 300 : 1000,
    };
    const measured = await measure(generator, peers, plan, (text) => process.stderr.write(`${text}\n`));
    const { rounds, forMs } = plan;
    const machine = `${availableParallelism()} ${process.arch} cores, ${process.platform}, Node ${process.version}`;
    return { date: new Date().toISOString().slice(0, 10), machine, rounds, forMs, measured, skipped };
  } finally {
    // Whatever was recorded is thrown away, so nobody waits for it to become a cassette.
    for (const peer of peers) if (peer.process) await end(peer.process, 'SIGKILL');
    await end(generator);
    await end(provider);
  }
}

if (flags.help) process.stdout.write(`${USAGE}\n`);
else {
  const folder = mkdtempSync(join(tmpdir(), 'tapedeck-bench-'));
  try {
    const report = await run(folder);
    for (const remark of report.skipped) process.stderr.write(`left out: ${remark}\n`);
    for (const { peer, errors } of report.measured) {
      if (errors > 0) process.stderr.write(`${peer}: ${errors} wrong answers\n`);
    }
    const text = renderMarkdown(report);
    process.stdout.write(flags.json ? `${JSON.stringify(renderJson(report), null, 2)}\n` : text);
    const partial = [flags.peers, flags.scenarios, flags.baseline].some((flag) => flag !== undefined) || flags.quick;
    const out = flags.out ?? (partial ? undefined : join(DIST, '..', 'docs', 'performance.md'));
    if (out !== undefined) writeFileSync(out, text);
    if (report.measured.some(({ errors }) => errors > 0)) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
