import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { reportOfBaseline } from '../../../src/conformance/gateways/baseline.ts';
import { isGatewayBaseline, readShippedBaseline } from '../../../src/conformance/gateways/shipped.ts';
import { holdAgainstBaseline } from '../../../src/report/conformance/baseline.ts';
import { fixture } from '../../helpers/cassette-files.ts';
import { madeReport } from '../../report/conformance/report.ts';

const FOLDER = fixture('gateways/baselines');
const FILES = readdirSync(FOLDER);

describe('the baselines that are shipped', () => {
  it.each(FILES)('%s is found by its name and version', async (file) => {
    const document = JSON.parse(readFileSync(`${FOLDER}/${file}`, 'utf8'));
    expect(isGatewayBaseline(document)).toBe(true);
    expect(file).toBe(`${document.name}-${document.version}.json`);
    expect(await readShippedBaseline(document.name, document.version)).toEqual(document);
    const another = await readShippedBaseline(document.name, '0.0.0-unknown');
    expect(another.name).toBe(document.name);
  });

  it('are what a run is held against', async () => {
    const shipped = await readShippedBaseline('litellm', '');
    const [id, { revision }] = Object.entries(shipped.checks).find(([, { results }]) => results.fail)!;
    const { route, model } = reportOfBaseline(shipped).results.find(
      ({ check, verdict }) => check === id && verdict === 'fail',
    )!;
    const facts = madeReport().checks[0]!;
    const report = madeReport({
      checks: [{ ...facts, id, revision }],
      results: [{ check: id, verdict: 'fail', route: route!, model: model! }],
    });
    const { results, baseline } = holdAgainstBaseline(report, reportOfBaseline(shipped));
    expect(results[0]?.change).toBe('known');
    expect(baseline?.gateway).toEqual({ name: 'litellm', version: shipped.version });
  });

  it('there is none of everything', async () => {
    await expect(readShippedBaseline('made-up', '1.0')).rejects.toMatchObject({ code: 'usage' });
    await expect(readShippedBaseline('', '1.0')).rejects.toMatchObject({ code: 'usage' });
  });
});

it.each([[null], ['text'], [[]], [{}], [{ tapedeckConformance: 1, results: [] }]])('%j is none', (document) => {
  expect(isGatewayBaseline(document)).toBe(false);
});
