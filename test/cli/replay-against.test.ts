import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { run } from '../../src/cli/main.ts';
import { startProxy } from '../../src/proxy/server.ts';
import { captureIo } from '../helpers/capture-io.ts';
import { fixture, temporaryFolder } from '../helpers/cassette-files.ts';

const ENTRY = fileURLToPath(new URL('../../src/cli/index.ts', import.meta.url));
const PROXY = `"${process.execPath}" --import "${import.meta.resolve('tsx')}" "${ENTRY}" proxy --upstream {upstream} --port {port}`;

let cwd: string;

async function tapedeck(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number; out: string; err: string }> {
  const io = captureIo({ cwd, env });
  const code = await run(['replay', ...args], io);
  return { code, out: io.out(), err: io.err() };
}

beforeEach(async () => {
  cwd = temporaryFolder();
  await copyFile(fixture('cassettes/0.169.0/text.har'), join(cwd, 'a.har'));
});

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Our own proxy over the upstream at a port, by flags for it. */
async function proxied(): Promise<string[]> {
  const port = await freePort();
  const proxy = await startProxy({ upstream: `http://127.0.0.1:${port}/v1` });
  onTestFinished(() => proxy.close());
  return ['--against', proxy.url, '--upstream-port', String(port)];
}

/** A gateway of a few lines, as a command line. */
async function script(lines: string[]): Promise<string> {
  await writeFile(join(cwd, 'gateway.mjs'), lines.join('\n'));
  return `"${process.execPath}" gateway.mjs {port} {upstream}`;
}

const ANSWERING = [
  "import { createServer } from 'node:http';",
  "const server = createServer((request, response) => { response.statusCode = 502; response.end('no'); });",
  'server.listen(Number(process.argv[2]));',
];

describe('tapedeck replay --against', () => {
  it('holds a gateway that runs against cassettes', async () => {
    const { code, out, err } = await tapedeck(['a.har', ...(await proxied())]);
    expect(err).toBe('');
    expect(out).toMatch(/^✓ a\.har {2}1 exchange, 5 passed, 0 failed, 0 not applicable\n/);
    expect(out).toMatch(
      /\(against http:\/\/127\.0\.0\.1:\d+\/v1\)\n1 recorded call served, no connection outside loopback\n$/,
    );
    expect(code).toBe(0);
  });

  it('writes the reports of the suite', async () => {
    const reporters = ['json=r.json', 'junit=r.xml', 'tap=r.tap', 'markdown=r.md', 'html=r.html'];
    const { code } = await tapedeck([
      'a.har',
      ...(await proxied()),
      ...reporters.flatMap((one) => ['--reporter', one]),
    ]);
    expect(code).toBe(0);
    const read = (name: string) => readFile(join(cwd, name), 'utf8');
    const schema = JSON.parse(await readFile(new URL('../../schemas/replay.schema.json', import.meta.url), 'utf8'));
    const validate = new Ajv2020({ strict: true, allErrors: true }).compile(schema);
    validate(JSON.parse(await read('r.json')));
    expect(validate.errors ?? []).toEqual([]);
    expect(await read('r.xml')).toContain('name="#1 x1 against.stream client-response"/>');
    expect(await read('r.tap')).toContain('ok 1 - a.har x1 against.request upstream-request\n');
    expect(await read('r.md')).toMatch(/^### ✅/);
    expect(await read('r.html')).toContain('against http://127.0.0.1:');
  });

  it('ends with 4 where nobody listens', async () => {
    const flags = ['--against', `http://127.0.0.1:${await freePort()}`, '--upstream-port', String(await freePort())];
    const { code, err } = await tapedeck(['a.har', ...flags]);
    expect(err).toMatch(
      /^error Nothing answers at http:\/\/127\.0\.0\.1:\d+: ECONNREFUSED\.\nhint {2}Start the gateway/,
    );
    expect(code).toBe(4);
  });

  it.each<[string[], number, string]>([
    [['--against', 'http://127.0.0.1:4000'], 2, 'has to be told where its upstream is'],
    [['--against', '127.0.0.1:4000', '--upstream-port', '9000'], 2, 'Not an http or https URL'],
    [['--upstream-port', '9000'], 2, '--upstream-port is about a gateway, and there is none.'],
    [['--launch', 'gateway {upstream}'], 2, 'has no {port}'],
    [['--launch', 'gateway {port}'], 2, 'does not tell it where its provider is'],
    [['--launch', 'g {port}', '--update'], 2, '--update does not go together with a gateway.'],
    [['--launch', 'g {port}', '--speed', 'fast'], 2, '--speed fast is no speed.'],
    [['--launch', 'g {port}', '--upstream-port', '70000'], 2, '--upstream-port 70000 is not a port.'],
    [['--launch', 'g {port}', '--launch-timeout', '0'], 2, '--launch-timeout 0 is no number above 0.'],
    [['--launch', 'g {port}', '--key-env', 'NO_SUCH_KEY'], 2, '"NO_SUCH_KEY" is not set.'],
    [['--launch', 'g {port}', '--header', 'team'], 2, '--header "team" is no header.'],
  ])('%j ends with %i', async (flags, expected, message) => {
    const { code, err } = await tapedeck(['a.har', ...flags]);
    expect(err).toContain(message);
    expect(code).toBe(expected);
  });
});

describe('tapedeck replay --launch', () => {
  it('starts the gateway with its upstream and port, and ends it', async () => {
    const { code, out, err } = await tapedeck(['a.har', '--launch', PROXY]);
    expect(err).toBe('');
    expect(out).toMatch(/^✓ a\.har {2}1 exchange, 5 passed/);
    expect(code).toBe(0);
  });

  it('says when the gateway never called its upstream, and how to see that alone', async () => {
    const command = await script(ANSWERING);
    const { code, out, err } = await tapedeck(['a.har', '--launch', command, '--header', 'X-Team: tape']);
    expect(out).toContain(
      'failed against.request upstream-request: the gateway answered 502 and never called the upstream',
    );
    expect(out).toContain(
      `run tapedeck replay a.har --launch '${command}' --header 'X-Team: …' --filter 'x1 against.request'`,
    );
    expect(err).toMatch(
      /^note {2}The gateway never called its upstream; it was played at http:\/\/127\.0\.0\.1:\d+\/v1\.\n$/,
    );
    expect(code).toBe(1);
  });

  it('shows what a gateway said that ends during the run', async () => {
    const dying = ANSWERING.map((line) =>
      line.replace(
        "response.end('no')",
        "response.end('no'); if (request.method === 'POST') { console.error('out of memory'); process.exit(3); }",
      ),
    );
    await copyFile(fixture('cassettes/0.169.0/tool.har'), join(cwd, 'b.har'));
    const { code, err } = await tapedeck(['b.har', '--launch', await script(dying)]);
    expect(err).toMatch(/^error Nothing answers at http:\S+: ECONNREFUSED\.\nIt wrote:\n {2}out of memory\n/);
    expect(code).toBe(4);
  });

  it('takes the address from --against where the command does not say it', async () => {
    const port = await freePort();
    const command = (await script(ANSWERING)).replace('{port}', String(port));
    const { code, out } = await tapedeck([
      'a.har',
      '--launch',
      command,
      '--against',
      `http://127.0.0.1:${port}/api/v1`,
    ]);
    expect(out).toContain('answered 502');
    expect(code).toBe(1);
  });

  it('sends the key of an environment variable', async () => {
    const lines = [
      "import { createServer } from 'node:http';",
      'const server = createServer((request, response) => { response.statusCode = 418; response.end(String(request.headers.authorization)); });',
      'server.listen(Number(process.argv[2]));',
    ];
    const { out } = await tapedeck(['a.har', '--launch', await script(lines), '--key-env', 'GATEWAY_KEY'], {
      GATEWAY_KEY: 'made-up',
    });
    expect(out).toContain('Bearer made-up');
  });
});
