import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { exportHar, type HarOptions } from '../../src/cassette/export/har.ts';
import type { Entry } from '../../src/cassette/format.ts';
import { legsOf, type RecordedExchange } from '../../src/cassette/legs.ts';
import { isOverWebSocket } from '../../src/cassette/messages.ts';
import { openCassette } from '../../src/cassette/store.ts';
import { sha256Hex } from '../../src/util/sha256.ts';

/**
 * Does mitmproxy read the HAR files that `export` writes, plain and not, with what the cassettes hold? Run by hand, since it needs
 * mitmproxy (`pip install mitmproxy`): npx tsx test/mitmproxy/read-exports.ts [--mitmdump PATH]. Ends 1 when something differs.
 */
const { values: flags } = parseArgs({ options: { mitmdump: { type: 'string', default: 'mitmdump' } } });

const FIXTURES = new URL('../../fixtures/', import.meta.url).pathname;
const ADDON = new URL('tell-flows.py', import.meta.url).pathname;
const WAYS: readonly Omit<HarOptions, 'tool'>[] = [
  { plain: true, side: 'client' },
  { plain: false, side: 'both' },
];

/** What is told of a flow; of a body its length and SHA-256 as decoded. */
interface Flow {
  method: string;
  url: string;
  status: number;
  request: [number, string];
  response: [number, string];
}

const EMPTY = sha256Hex('');

function flowOf(entry: Entry, exchange: RecordedExchange): Flow {
  const bodyOf = (kind: 'request' | 'response'): [number, string] => {
    const leg = legsOf(exchange).find((one) => one.entry === entry && one.name.endsWith(kind));
    const decoded = isOverWebSocket(entry) ? undefined : leg?.body?.decoded;
    return decoded ? [decoded.length, sha256Hex(decoded)] : [0, EMPTY];
  };
  const { request, response } = entry;
  return {
    method: request.method,
    url: request.url,
    status: response.status,
    request: bodyOf('request'),
    response: bodyOf('response'),
  };
}

async function readBack(path: string): Promise<Flow[]> {
  const { stdout } = await promisify(execFile)(flags.mitmdump, ['-q', '-n', '-s', ADDON, '-r', path]);
  return stdout.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Flow] : []));
}

/** In no order: mitmproxy may finish one flow before an earlier one. */
function sorted(flows: readonly Flow[]): string[] {
  return flows.map((flow) => JSON.stringify(flow)).sort();
}

let wrong = 0;
const folder = mkdtempSync(join(tmpdir(), 'tapedeck-mitmproxy-'));
try {
  const cassettes = readdirSync(join(FIXTURES, 'cassettes'), { recursive: true }).map(String);
  for (const name of [...cassettes.map((one) => `cassettes/${one}`), 'import/chromium.recorded.har']) {
    if (!name.endsWith('.har')) continue;
    const cassette = await openCassette(join(FIXTURES, name));
    const exchanges: RecordedExchange[] = [];
    for await (const exchange of cassette.exchanges()) exchanges.push(exchange);
    for (const way of WAYS) {
      const path = join(folder, 'exported.har');
      const pieces: Uint8Array[] = [];
      for await (const piece of exportHar(cassette.header, exchanges, { ...way, tool: '0.0.0' })) pieces.push(piece);
      writeFileSync(path, Buffer.concat(pieces));
      const expected = exchanges.flatMap((exchange) =>
        [exchange.client, ...exchange.attempts]
          .filter(({ _side }) => way.side === 'both' || _side === way.side)
          .map((entry) => flowOf(entry, exchange)),
      );
      const [told, wanted] = [sorted(await readBack(path)), sorted(expected)];
      const differ = wanted.filter((flow) => !told.includes(flow));
      if (differ.length > 0 || told.length !== wanted.length) wrong += 1;
      const verdict =
        differ.length === 0 ? 'read' : `DIFFERENT:\n  ${differ.join('\n  ')}\n  told:\n  ${told.join('\n  ')}`;
      console.log(
        `${name}, ${way.plain ? 'plain' : 'both sides'}: ${told.length} of ${wanted.length} flows ${verdict}`,
      );
    }
    await cassette.close();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(wrong === 0 ? 'mitmproxy reads all of them' : `${wrong} files are read as something else`);
process.exitCode = wrong === 0 ? 0 : 1;
