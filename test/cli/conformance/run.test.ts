import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { run } from '../../../src/cli/main.ts';
import { parseOutputs, writeWith } from '../../../src/cli/replay/output.ts';
import { startScriptedUpstream } from '../../../src/conformance/scripted-upstream.ts';
import { startProxy } from '../../../src/proxy/server.ts';
import type { ConformanceReport } from '../../../src/report/conformance/model.ts';
import { CONFORMANCE_REPORTERS } from '../../../src/report/conformance/reporters.ts';
import { captureIo } from '../../helpers/capture-io.ts';
import { temporaryFolder } from '../../helpers/cassette-files.ts';
import { startFlawedGateway } from '../../helpers/flawed-gateway.ts';
import { madeReport } from '../../report/conformance/report.ts';
import { conformance, freePort, LABEL_CHECK, MISLABELLING_GATEWAY } from './kit.ts';

const STREAMS = ['--filter', 'wire.stream.'];

let cwd: string;

beforeEach(() => {
  cwd = temporaryFolder();
});

/** Our own proxy in front of a provider that will be played at a port. */
async function ownProxy(translate?: 'chat'): Promise<{ url: string; port: number }> {
  const port = await freePort();
  const translation = translate === undefined ? {} : { translation: { protocol: translate } };
  const proxy = await startProxy({ upstream: `http://127.0.0.1:${port}/v1`, ...translation });
  onTestFinished(() => proxy.close(0));
  return { url: proxy.url, port };
}

function listens(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** A server that answers everything alike. */
async function alwaysSaying(status: number, type: string, body: string): Promise<string> {
  const server = createServer((_request, response) => response.writeHead(status, { 'content-type': type }).end(body));
  server.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as { port: number }).port}/v1`;
}

describe('a hermetic run', () => {
  it('finds our own proxy ready, on every route that it has', async () => {
    const { url, port } = await ownProxy('chat');
    const { code, out, err } = await conformance([url, '--hermetic', '--upstream-port', `${port}`, ...STREAMS], {
      cwd,
    });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(
      /^http:\S+ \(hermetic, gpt-5\.5, tapedeck \S+\)\n {2}responses->chat\n {2}chat->chat\n {2}messages->chat\n/,
    );
    expect(out).toMatch(/\n9 results of 3 checks: 9 pass, 0 fail\n$/);
    expect(existsSync(`${cwd}/evidence`)).toBe(false);
  });

  it('starts a gateway, tries it and ends it', async () => {
    const entry = fileURLToPath(new URL('../../../src/cli/index.ts', import.meta.url));
    const command = `"${process.execPath}" --import "${import.meta.resolve('tsx')}" "${entry}" proxy --upstream {upstream} --port {port}`;
    const { code, report } = await conformance(['--launch', command, ...STREAMS, '--json'], { cwd });
    expect(code).toBe(0);
    const { gateway, mode, routes, counts } = report();
    expect({ mode, routes: routes.map(({ state }) => state), pass: counts.pass }).toEqual({
      mode: 'hermetic',
      routes: ['open', 'open', 'open'],
      pass: 9,
    });
    expect(await listens(gateway.url)).toBe(false);
  });

  it('shows the exchange that proves a failure, and how to try it alone', async () => {
    const { code, out } = await conformance(['--launch', MISLABELLING_GATEWAY, ...STREAMS], { cwd });
    expect(code).toBe(1);
    const lines = out.split('\n');
    const at = lines.findIndex((line) => line.startsWith(`✗ ${LABEL_CHECK} must`));
    expect(lines[at + 1]).toBe('    responses->responses, chat->chat, messages->messages');
    expect(lines[at + 3]).toBe('    the stream is labelled text/plain');
    expect(lines[at + 4]).toBe('    our own proxy: pass');
    const [, evidence] = / {4}see tapedeck show (\S+)/.exec(lines[at + 5]!)!;
    const io = captureIo({ cwd });
    expect(await run(['show', `${cwd}/${evidence}`, '1'], io)).toBe(0);
    expect(io.out()).toContain('text/plain');
    expect(lines[at + 6]).toMatch(/^ {4}run tapedeck conformance --launch '.*' --filter wire\.stream\.content-type$/);
    expect(out).toMatch(/\n {2}Responses clients +NOT READY +must: 3 of 3 ran, 2 passed, 1 failed\n/);
  });

  it('keeps evidence with and without the gateway, where --out says', async () => {
    const args = ['--launch', MISLABELLING_GATEWAY, '--filter', LABEL_CHECK, '--json'];
    const { report } = await conformance([...args, '--out', 'proof'], { cwd });
    const files = (await readdir(`${cwd}/proof`)).sort();
    expect(files).toHaveLength(6);
    const named = report().results.flatMap(({ evidence }) => [evidence!.gateway, evidence!.control!]);
    expect(named.map((path) => path.replace('proof/', '')).sort()).toEqual(files);
    const none = await conformance([...args, '--no-out'], { cwd });
    expect(none.report().results.every(({ evidence }) => evidence === undefined)).toBe(true);
  });

  it('takes away what an earlier run left of a check, and nothing else', async () => {
    const { url, port } = await ownProxy();
    const place = `${cwd}/evidence/${LABEL_CHECK}.responses-to-responses.gpt-5.5`;
    const old = [`${place}.har`, `${place}.control.har`, `${cwd}/evidence/notes.har`];
    await mkdir(`${cwd}/evidence`);
    for (const path of old) await writeFile(path, '{}');
    const args = [url, '--hermetic', '--upstream-port', `${port}`, '--filter', LABEL_CHECK];
    expect((await conformance(args, { cwd })).code).toBe(0);
    expect(await readdir(`${cwd}/evidence`)).toEqual(['notes.har']);
  });

  it('says the same, byte for byte, however many checks run at a time', async () => {
    const stable = async (concurrency: string) => {
      const args = [
        '--launch',
        MISLABELLING_GATEWAY,
        '--filter',
        'wire.stream.,wire.headers.names-host',
        '--json',
        '--no-out',
      ];
      const { out } = await conformance([...args, '--concurrency', concurrency], { cwd });
      return out.replace(/"url": "http:[^"]+"/, '"url": ""');
    };
    const one = await stable('1');
    expect(JSON.parse(one).counts.fail).toBeGreaterThan(0);
    expect(await stable('16')).toBe(one);
  }, 60_000);

  it('writes a report that fits schemas/conformance.schema.json', async () => {
    const schema = await readFile(new URL('../../../schemas/conformance.schema.json', import.meta.url), 'utf8');
    const validate = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true }).compile(JSON.parse(schema));
    const { report } = await conformance(['--launch', MISLABELLING_GATEWAY, ...STREAMS, '--json'], { cwd });
    validate(report());
    expect(validate.errors ?? []).toEqual([]);
  });

  it('reaches a provider that is played at every address, as a gateway in a container does', async () => {
    // Any address of this machine but the one that is used otherwise; only Linux has the whole of 127/8.
    const address = process.platform === 'linux' ? '127.0.0.2' : '127.0.0.1';
    const port = await freePort();
    const proxy = await startProxy({ upstream: `http://${address}:${port}/v1` });
    onTestFinished(() => proxy.close(0));
    const args = [proxy.url, '--hermetic', '--upstream-host', '0.0.0.0', '--upstream-port', `${port}`, ...STREAMS];
    expect((await conformance(args, { cwd })).code).toBe(0);
  });

  it('starts a gateway at the port of the URL, below its path', async () => {
    const url = `http://127.0.0.1:${await freePort()}/v1`;
    const args = [url, '--launch', MISLABELLING_GATEWAY, '--filter', LABEL_CHECK, '--json', '--no-out'];
    const { report } = await conformance(args, { cwd });
    expect(report().gateway.url).toBe(url);
    expect(report().results[0]?.reproduce).toMatch(/^tapedeck conformance http:\S+\/v1 --launch /);
  });

  it('shows the key of the environment to the gateway and to nobody else', async () => {
    const key = ['sk', 'made-up', '12345678'].join('-');
    const port = await freePort();
    const proxy = await startProxy({ upstream: `http://127.0.0.1:${port}/v1`, clientKey: key, upstreamKey: 'other' });
    onTestFinished(() => proxy.close(0));
    const args = [proxy.url, '--hermetic', '--upstream-port', `${port}`, ...STREAMS, '--json'];
    const stranger = await conformance(args, { cwd });
    expect(stranger.code).toBe(4);
    expect(stranger.err).toContain('401');
    const known = await conformance([...args, '--key-env', 'KEY'], { cwd, env: { KEY: key } });
    expect(known.code).toBe(0);
    expect(known.out + known.err).not.toContain(key);
  });

  it('takes the key out of what a gateway says again', async () => {
    const key = ['sk', 'made-up', '12345678'].join('-');
    const echo = createServer((request, response) => {
      response.writeHead(403).end(`no ${request.headers.authorization ?? request.headers['x-api-key']}`);
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void echo.close());
    await once(echo, 'listening');
    const url = `http://127.0.0.1:${(echo.address() as { port: number }).port}`;
    const args = [url, '--hermetic', '--upstream-port', `${await freePort()}`, '--key-env', 'KEY'];
    const { code, err } = await conformance(args, { cwd, env: { KEY: key } });
    expect(code).toBe(4);
    expect(err).toContain('403 no Bearer $TAPEDECK_KEY');
    expect(err).not.toContain(key);
  });

  it('stops at the first failure with --bail, and then calls nobody ready', async () => {
    const args = ['--launch', MISLABELLING_GATEWAY, ...STREAMS, '--bail', '--concurrency', '1', '--json'];
    const { code, report } = await conformance(args, { cwd });
    const { results, clients } = report();
    expect({ code, results: results.length }).toEqual({ code: 1, results: 1 });
    expect(clients.map(({ verdict }) => verdict)).not.toContain('READY');
  });

  it('sends one request and no more to a gateway that is wired elsewhere', async () => {
    const elsewhere = await startScriptedUpstream();
    onTestFinished(() => elsewhere.close());
    const proxy = await startProxy({ upstream: elsewhere.url });
    onTestFinished(() => proxy.close(0));
    const port = await freePort();
    const { code, out, err } = await conformance([proxy.url, '--hermetic', '--upstream-port', `${port}`], { cwd });
    expect({ code, out }).toEqual({ code: 4, out: '' });
    expect(err).toContain('answered, and not by the scripted upstream');
    expect(err).toContain(`http://127.0.0.1:${port}/v1`);
    expect(elsewhere.requests).toHaveLength(1);
  });

  it('sends one request to a gateway that does not answer: who knows where it went', async () => {
    const elsewhere = await startScriptedUpstream({ script: [{ answer: { kind: 'silence' }, times: 9 }] });
    onTestFinished(() => elsewhere.close());
    const proxy = await startProxy({ upstream: elsewhere.url });
    onTestFinished(() => proxy.close(0));
    const args = [proxy.url, '--hermetic', '--upstream-port', `${await freePort()}`, '--timeout', '0.3'];
    const { code, err } = await conformance(args, { cwd });
    expect(code).toBe(4);
    expect(err).toContain('may be wired to another provider');
    expect(elsewhere.requests).toHaveLength(1);
  });
});

describe('a live run', () => {
  async function liveGateway(): Promise<string> {
    const model = await startScriptedUpstream();
    onTestFinished(() => model.close());
    const proxy = await startProxy({ upstream: model.url });
    onTestFinished(() => proxy.close(0));
    return proxy.url;
  }

  it('tries what the client side shows', async () => {
    const url = await liveGateway();
    const { code, report } = await conformance([url, '--live', '-m', 'gpt-5.5', ...STREAMS, '--json'], { cwd });
    const { results, options, notJudged } = report();
    expect(code).toBe(0);
    expect(new Set(results.map(({ check }) => check))).toEqual(new Set([LABEL_CHECK, 'wire.stream.grammar']));
    expect(options.models).toEqual(['gpt-5.5']);
    expect(notJudged[0]).toMatch(/what the gateway sends to its provider/);
  });

  it('tries no more when the budget is used up', async () => {
    const url = await liveGateway();
    const { report } = await conformance([url, '--live', '-m', 'gpt-5.5', '--budget', '1', ...STREAMS, '--json'], {
      cwd,
    });
    const { results, clients } = report();
    expect(new Set(results.map(({ verdict, reason }) => `${verdict}: ${reason}`))).toEqual(
      new Set(['inconclusive: the budget of 1 tokens is used up']),
    );
    expect(clients.map(({ verdict }) => verdict)).not.toContain('READY');
  });
});

describe('a run with nothing but the URL', () => {
  it('names both ways to run the rest', async () => {
    const { url } = await ownProxy();
    const { code, out, err } = await conformance([url], { cwd });
    expect(code).toBe(0);
    expect(out).toContain('everything that needs a model');
    expect(err).toContain(`tapedeck conformance ${url} --hermetic --upstream-port 9000`);
    expect(err).toContain(`tapedeck conformance ${url} --live --model NAME --key-env NAME`);
  });

  it.each([
    ['a web server', 404, 'text/html', '<!DOCTYPE html><p>Not found'],
    ['an API of something else', 404, 'application/json', '{"detail":"Not Found"}'],
    ['a page for every path', 200, 'text/html', '<html></html>'],
    ['a login', 302, 'text/plain', 'Found'],
  ])('is refused by what is no gateway: %s', async (_, status, type, body) => {
    const url = await alwaysSaying(status, type, body);
    const { code, out, err } = await conformance([url], { cwd });
    expect({ code, out }).toEqual({ code: 4, out: '' });
    expect(err).toContain(`What answers at ${url} is no gateway`);
    expect(err).toContain(`GET /models is answered with ${status}: ${body}`);
  });

  it.each([
    ['wants a key', 401, '{"error":{"message":"no key"}}'],
    ['says so in plain text', 400, 'bad request'],
  ])('goes on where a gateway %s', async (_, status, body) => {
    const url = await alwaysSaying(status, 'text/plain', body);
    expect((await conformance([url, '--filter', 'wire.routes.'], { cwd })).out).toContain('results of 6 checks: ');
  });

  it('says once that the provider of the gateway cannot be reached, and blames nobody for it', async () => {
    const gateway = await startFlawedGateway(`http://127.0.0.1:${await freePort()}/v1`);
    onTestFinished(gateway.close);
    const { code, out } = await conformance([gateway.url], { cwd });
    expect(out).not.toContain('Warnings');
    expect(
      out.match(/the provider behind the gateway cannot be reached: GET \/models is answered with 502/g),
    ).toHaveLength(1);
    expect(out).toContain('  what the gateway asks its provider for: that provider cannot be reached\n');
    expect(out).toMatch(/0 fail, \d+ inconclusive, \d+ not-applicable\n$/);
    expect(code).toBe(0);
  });

  it('needs somebody who listens', async () => {
    const { code, err } = await conformance([`http://127.0.0.1:${await freePort()}`], { cwd });
    expect(code).toBe(4);
    expect(err).toContain('ECONNREFUSED');
  });
});

describe('a dry run', () => {
  it('sends nothing', async () => {
    const provider = await startScriptedUpstream();
    onTestFinished(() => provider.close());
    const args = [provider.url, '--live', '-m', 'gpt-5.5', ...STREAMS, '--dry-run'];
    const { code, out } = await conformance(args, { cwd });
    expect(code).toBe(0);
    expect(out).toContain(LABEL_CHECK);
    expect(out).toContain('2 checks would be tried');
    expect(out).toContain('1 check more with the provider played');
    expect(provider.requests).toEqual([]);
  });
});

describe('--list', () => {
  it('shows checks as a table or as JSON', async () => {
    const { code, out } = await conformance(['--list', ...STREAMS], { cwd });
    expect(code).toBe(0);
    expect(out).toMatch(
      /^id +level +needs +profiles +requirement\nwire\.stream\.content-type +must +model +open-responses /,
    );
    expect(out).toMatch(/\n3 checks\n$/);
    const json = JSON.parse((await conformance(['--list', '--json', ...STREAMS], { cwd })).out) as {
      checks: ConformanceReport['checks'];
    };
    expect(json.checks.map(({ id }) => id)).toContain(LABEL_CHECK);
  });
});

/** The gateway of the other tests, which ends with the fifth request: the first of a check. */
const CRASHING = `
import { Server } from 'node:http';
const emit = Server.prototype.emit;
let requests = 0;
Server.prototype.emit = function (type, ...rest) {
  if (type === 'request' && ++requests > 4) {
    console.error('out of tape');
    process.exit(3);
  }
  return emit.call(this, type, ...rest);
};
`;

it('tells of a gateway that ended while it was tried', async () => {
  await writeFile(`${cwd}/crash.mjs`, CRASHING);
  const command = MISLABELLING_GATEWAY.replace(' ', ' --import ./crash.mjs ');
  const { err } = await conformance(['--launch', command, '--filter', LABEL_CHECK, '--no-out'], { cwd });
  expect(err).toContain('The gateway ended by itself, with exit code 3.\nIt wrote:\n  out of tape\n');
});

describe('what stands in the way of a run', () => {
  it('is a port of the provider that is taken', async () => {
    const taken = await startScriptedUpstream();
    onTestFinished(() => taken.close());
    const args = ['http://127.0.0.1:1', '--hermetic', '--upstream-port', `${taken.port}`];
    const { code, err } = await conformance(args, { cwd });
    expect(code).toBe(74);
    expect(err).toContain(`127.0.0.1:${taken.port} is already in use.`);
    expect(err).toContain('choose another with --upstream-port');
  });

  it('is a gateway that was launched and is wired to somebody else', async () => {
    const url = await alwaysSaying(404, 'application/json', '{}');
    const command = MISLABELLING_GATEWAY.replace('{upstream}', `${url}?{upstream}`);
    const { code, err } = await conformance(['--launch', command, ...STREAMS], { cwd });
    expect(code).toBe(4);
    expect(err).toContain('No request reached the scripted upstream');
    expect(err).toContain('in a --launch command: {upstream}');
    expect(err).not.toContain('foreground');
  });
});

describe('a report that has no place', () => {
  it('is told before anything is sent', async () => {
    const { url } = await ownProxy();
    const args = [url, '--reporter', 'text', '--reporter', 'html=nowhere/x.html', '--reporter', 'json=ok.json'];
    const { code, out, err } = await conformance(args, { cwd });
    expect({ code, out }).toEqual({ code: 74, out: '' });
    expect(err).toContain('nowhere/x.html cannot be written: ENOENT');
    expect(existsSync(`${cwd}/ok.json`)).toBe(false);
  });

  it('may not be a folder', async () => {
    const { code, err } = await conformance(['http://127.0.0.1:1', '--reporter', 'tap=.'], { cwd });
    expect(code).toBe(74);
    expect(err).toContain('. cannot be written: it is a folder.');
  });

  it('keeps no other from being written when it is lost meanwhile', async () => {
    const outputs = parseOutputs(['html=gone/x.html', 'json=ok.json']);
    const io = captureIo({ cwd });
    const written = writeWith(CONFORMANCE_REPORTERS, madeReport(), outputs, io);
    await expect(written).rejects.toThrow('gone/x.html cannot be written');
    expect(JSON.parse(await readFile(`${cwd}/ok.json`, 'utf8'))).toMatchObject({ tapedeckConformance: 1 });
  });
});

describe('a command line that makes no sense', () => {
  it.each([
    ['no gateway', [], 'There is no gateway to try.'],
    ['no port', ['http://h/v1', '--hermetic'], 'has to be told where its provider is'],
    ['two ways at once', ['http://h/v1', '--live', '--hermetic', '-m', 'a'], '--live uses the real provider'],
    ['a launched live run', ['--launch', 'x', '--live', '-m', 'a'], '--live uses the real provider'],
    ['no model', ['http://h/v1', '--live'], 'needs the name of a model'],
    ['a port for nobody', ['http://h/v1', '--upstream-port', '9'], '--upstream-port does nothing without --hermetic'],
    ['a budget for nobody', ['http://h/v1', '--budget', '9'], '--budget does nothing without --live'],
    ['a provider that nobody knows', ['--launch', 'x {port}'], 'does not tell it where its provider is'],
    ['a time for nobody', ['http://h/v1', '--launch-timeout', '9'], 'does nothing without --launch'],
    ['no check left', ['http://h/v1', '--filter', LABEL_CHECK, '--exclude', 'wire.'], 'No check is left'],
    ['a filter that fits nothing', ['http://h/v1', '--filter', 'wire.steam'], 'fits no check'],
    ['a key that is not set', ['http://h/v1', '--key-env', 'NO_KEY'], '"NO_KEY" is not set'],
    ['no header', ['http://h/v1', '--header', 'x'], 'is no header'],
    ['no URL', ['localhost:4000'], 'Not an http or https URL'],
    ['a query', ['http://h/v1?a=b'], 'has no query'],
    ['no time', ['http://h/v1', '--timeout', '0'], '--timeout 0 is no number above 0'],
    ['two reports on stdout', ['http://h/v1', '--json', '--reporter', 'tap'], 'cannot both go to stdout'],
  ])('is refused: %s', async (_, args, message) => {
    const { code, err } = await conformance(args, { cwd });
    expect(err).toContain(message);
    expect(code).toBe(2);
  });
});
