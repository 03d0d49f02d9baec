import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { run } from '../../../src/cli/main.ts';
import { writeEvidence } from '../../../src/conformance/harness/evidence.ts';
import { beginSide, type Observed } from '../../../src/conformance/harness/observed.ts';
import { conformance, freePort } from '../../cli/conformance/kit.ts';
import { captureIo } from '../../helpers/capture-io.ts';
import { readAll, temporaryFolder } from '../../helpers/cassette-files.ts';
import { type Flaws, startFlawedGateway } from '../../helpers/flawed-gateway.ts';

/** What `explain` says of the evidence of a check that such a gateway fails. */
async function explainFailure(flaws: Flaws, check: string, side: 'gateway' | 'control' = 'gateway') {
  const cwd = temporaryFolder();
  const port = await freePort();
  const gateway = await startFlawedGateway(`http://127.0.0.1:${port}/v1`, flaws);
  onTestFinished(gateway.close);
  const args = [gateway.url, '--hermetic', '--upstream-port', `${port}`, '--filter', check, '--json'];
  const { report } = await conformance(args, { cwd });
  const [failed] = report().results.filter(({ evidence, route }) => evidence && route === 'responses->responses');
  const io = captureIo({ cwd });
  const code = await run(['explain', failed!.evidence![side]!], io);
  return { code, out: io.out() };
}

const withoutStore = (body: string) => {
  if (body === '') return body;
  const { store: _, ...rest } = JSON.parse(body);
  return JSON.stringify(rest);
};

describe('the evidence of a failure, explained', () => {
  it('names a field that the gateway dropped', async () => {
    const { code, out } = await explainFailure({ request: withoutStore }, 'responses.request.same');
    expect(out).toContain('recorded around gateway');
    expect(out).toMatch(/request\n {4}dropped {3}\/store\n/);
    expect(code).toBe(1);
  });

  it('names a text that the gateway mangled', async () => {
    const mangled = (part: string) => part.replaceAll(' ', '  ');
    const { code, out } = await explainFailure({ answer: mangled }, 'responses.answer.phases-json');
    expect(out).toMatch(/changed {3}text/);
    expect(code).toBe(1);
  });

  it('names the end of a stream that the gateway swallowed, and nobody else for it', async () => {
    const swallowed = (part: string) => part.replace(/event: response\.completed\n.*\n\n/, '');
    const { code, out } = await explainFailure({ answer: swallowed }, 'wire.stream.grammar');
    expect(out).toMatch(/lost {6}end of the answer/);
    expect(out).not.toContain('Tapedeck');
    expect(code).toBe(1);
  });

  it('is well where it is that of our own proxy', async () => {
    const { code, out } = await explainFailure({ request: withoutStore }, 'responses.request.same', 'control');
    expect(out).toContain('recorded around tapedeck');
    expect(out).toContain('1 of 1 exchange came through');
    expect(code).toBe(0);
  });
});

describe('a request of the gateway that may be of either of two', () => {
  it('is told as a guess', async () => {
    const path = join(temporaryFolder(), 'x.har');
    const ask = (startedAt: number): Observed => {
      const head = { method: 'POST', url: '/v1/responses', httpVersion: 'HTTP/1.1', headers: [] };
      return { ...beginSide('responses', head, new Uint8Array()), startedAt, attempts: [] };
    };
    const [first, second] = [ask(1000), ask(1001)];
    first.attempts.push(ask(1002));
    second.attempts.push({ ...ask(1003), guessed: true });
    const options = { path, gateway: { name: 'theirs' }, upstream: 'http://127.0.0.1:1/v1', around: true };
    await writeEvidence([first, second], options);
    const { header, exchanges } = await readAll(path, { pristine: true });
    expect(header.around).toEqual({ url: '', joined: true });
    expect(exchanges.map(({ attempts }) => attempts.map(({ _join }) => _join))).toEqual([
      [undefined],
      [{ by: 'order', certainty: 'guess' }],
    ]);
  });
});
