import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { baselineOf } from '../../../src/conformance/gateways/baseline.ts';
import type { ConformanceReport } from '../../../src/report/conformance/model.ts';
import { temporaryFolder } from '../../helpers/cassette-files.ts';
import { conformance, LABEL_CHECK, MISLABELLING_GATEWAY } from './kit.ts';

const RUN = ['--launch', MISLABELLING_GATEWAY, '--filter', LABEL_CHECK, '--no-out'];

let cwd: string;

beforeEach(() => {
  cwd = temporaryFolder();
});

async function put(name: string, value: unknown): Promise<void> {
  await writeFile(join(cwd, name), JSON.stringify(value));
}

/** The report of a run, as a file as well. */
async function reportFile(name: string): Promise<ConformanceReport> {
  await conformance([...RUN, '--reporter', `json=${name}`], { cwd });
  return JSON.parse(await readFile(join(cwd, name), 'utf8'));
}

describe('--baseline', () => {
  it('takes what failed before for known, and what did not for a regression', async () => {
    const before = await reportFile('before.json');
    const known = await conformance([...RUN, '--baseline', 'before.json'], { cwd });
    expect(known.code).toBe(0);
    expect(known.out).toContain('0 regressed, 0 fixed, 3 known');

    await put('better.json', { ...before, results: before.results.map((result) => ({ ...result, verdict: 'pass' })) });
    const worse = await conformance([...RUN, '--baseline', 'better.json'], { cwd });
    expect(worse.code).toBe(6);
    expect(worse.out).toContain(`✗ ${LABEL_CHECK} must [regressed]`);
  });

  it('takes the small form in which well-known gateways are kept', async () => {
    const before = await reportFile('before.json');
    const named = { ...before, gateway: { ...before.gateway, name: 'made-up', version: '1.2.3' } };
    await put('small.json', baselineOf(named, '2026-01-02'));
    const known = await conformance([...RUN, '--baseline', 'small.json'], { cwd });
    expect(known.code).toBe(0);
    expect(known.out).toContain('0 regressed, 0 fixed, 3 known');
    expect(known.out).toContain('made-up 1.2.3');
  });

  it('may be shipped, of a gateway that there is one of', async () => {
    const without = await conformance([...RUN, '--baseline', 'shipped'], { cwd });
    expect(without).toMatchObject({ code: 2 });
    expect(without.err).toContain('Add --gateway NAME');
    const unknown = await conformance(['--gateway', 'made-up', '--baseline', 'shipped', '--no-out'], { cwd });
    expect(unknown).toMatchObject({ code: 2 });
    expect(unknown.err).toContain('There is no description of a gateway named "made-up"');
  });

  it('is a report of conformance', async () => {
    await put('other.json', { tapedeckReplay: 1 });
    const { code, err } = await conformance([...RUN, '--baseline', 'other.json'], { cwd });
    expect(code).toBe(2);
    expect(err).toContain('other.json is no JSON report of `conformance`');
  });
});

describe('--waivers', () => {
  const waiver = { id: LABEL_CHECK, reason: 'known to us', link: 'https://example.org/1', expires: '2999-12-31' };

  it('keep a failure from counting', async () => {
    await put('waivers.json', [waiver]);
    const { code, out } = await conformance([...RUN, '--waivers', 'waivers.json'], { cwd });
    expect(code).toBe(0);
    expect(out).toContain('waived until 2999-12-31: known to us (https://example.org/1)');
    expect(out).toContain('3 fail (3 waived)');
  });

  it('are told when they expired or name no check', async () => {
    await put('waivers.json', [
      { ...waiver, expires: '2020-01-01' },
      { ...waiver, id: 'wire.gone' },
    ]);
    const { code, out } = await conformance([...RUN, '--waivers', 'waivers.json'], { cwd });
    expect(code).toBe(1);
    expect(out).toContain(`${LABEL_CHECK}: expired on 2020-01-01`);
    expect(out).toContain('wire.gone: there is no such check');
  });

  it.each([
    ['no list', { id: 'x' }, 'it is no JSON list'],
    ['no reason', [{ ...waiver, reason: ' ' }], 'it has no reason'],
    ['no day', [{ ...waiver, expires: 'soon' }], '"soon" is no day'],
    ['a model that is no text', [{ ...waiver, model: 1 }], 'its model is no text'],
    ['a field that there is not', [{ ...waiver, check: 'x' }], 'no field "check"'],
  ])('are refused: %s', async (_, value, message) => {
    await put('waivers.json', value);
    const { code, err } = await conformance([...RUN, '--waivers', 'waivers.json'], { cwd });
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});

describe('--compare', () => {
  it('shows two reports, or a report and this run, side by side', async () => {
    const before = await reportFile('before.json');
    await put('better.json', { ...before, results: before.results.map((result) => ({ ...result, verdict: 'pass' })) });
    const same = await conformance(['--compare', 'before.json', 'before.json'], { cwd });
    expect(same.code).toBe(0);
    const differing = await conformance(['--compare', 'before.json', 'better.json'], { cwd });
    expect(differing.code).toBe(1);
    expect(differing.out).toMatch(/wire\.stream\.content-type +chat +fail +pass\n/);
    const json = await conformance(['--compare', 'before.json', 'better.json', '--json'], { cwd });
    expect(JSON.parse(json.out)).toMatchObject({ event: 'comparison', same: 0 });
    const run = await conformance([...RUN, '--compare', 'better.json'], { cwd });
    expect(run.code).toBe(1);
    expect(run.out).toMatch(/wire\.stream\.content-type +chat +pass +fail\n/);
    const beside = await conformance([...RUN, '--compare', 'better.json', '--json'], { cwd });
    expect(() => beside.report()).not.toThrow();
    expect(beside.err).toMatch(/wire\.stream\.content-type +chat +pass +fail\n/);
  });
});
