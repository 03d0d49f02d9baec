import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseJson } from '../../decode/json.ts';
import { TapedeckError } from '../../errors.ts';
import { toUtf8 } from '../../util/bytes.ts';
import { fromHarHeaders, headerValue } from '../../util/headers.ts';
import type { RawHeaders } from '../../util/types.ts';
import type { HarHeader } from '../format.ts';
import { listFolder } from '../journal.ts';
import { bodyFromDecoded, encodingsOf, missingBody, statedLength } from './body.ts';
import { compactJson, rawMember } from './raw-json.ts';
import type { ImportedBody, ImportedExchange, ImportSource, Lack } from './source.ts';

/**
 * Folders of `codex responses-api-proxy --dump-dir` (Codex 0.122 and newer): two files an exchange, `SEQUENCE-UNIXMS-request.json` and
 * `-response.json`. The request is what Codex sent to that proxy, the response what the upstream sent to it. `body` is the JSON that the body
 * was, written anew, or else a string: its bytes as UTF-8, with U+FFFD for those that are none.
 */
const DUMP_FILE = /^(\d{6,})-(\d+)-(request|response)\.json$/;

/** What the proxy writes instead of credentials, and what stands for them in a cassette: that word itself is no secret. */
const WITHHELD = '[REDACTED]';
const PLACEHOLDER = '[redacted:authorization#1]';

const PRODUCER = { name: 'codex responses-api-proxy', how: 'passthrough' };

/** Whether a folder holds such a dump. */
export async function isDumpFolder(folder: string): Promise<boolean> {
  return (await listFolder(folder, (name) => DUMP_FILE.test(name))).length > 0;
}

export async function openDump(folder: string): Promise<ImportSource> {
  const requests = await listFolder(folder, (name) => DUMP_FILE.exec(name)?.[3] === 'request');
  // A proxy that is started again counts from 1 again, so the time comes first.
  const dumps = requests.map(placeOf).sort((a, b) => a.startedAt - b.startedAt || a.sequence - b.sequence);
  return {
    format: 'codex-dump',
    title: 'a dump of codex responses-api-proxy',
    gateway: PRODUCER,
    async *exchanges() {
      for (const dump of dumps) yield await readDump(dump);
    },
  };
}

interface DumpPlace {
  path: string;
  sequence: number;
  startedAt: number;
}

function placeOf(path: string): DumpPlace {
  const [, sequence, startedAt] = DUMP_FILE.exec(basename(path))!;
  return { path, sequence: Number(sequence), startedAt: Number(startedAt) };
}

async function readDump({ path, startedAt }: DumpPlace): Promise<ImportedExchange> {
  const request = await readHalf(path);
  const response = await readHalf(path.replace(/request\.json$/, 'response.json')).catch(absent);
  const lacks = new Set<Lack>(['header-case', 'times', 'upstream-side', ...request.lacks, ...(response?.lacks ?? [])]);
  if (!response) lacks.add('response');
  else if (/event-stream/i.test(headerValue(response.headers, 'content-type') ?? '')) lacks.add('chunk-times');
  const exchange: ImportedExchange = {
    startedAt,
    request: {
      method: String(request.value.method),
      url: absoluteUrl(String(request.value.url), request.headers),
      httpVersion: '',
      headers: request.headers,
      body: request.body,
    },
    lacks: [...lacks],
  };
  if (response) {
    const { headers, body, value } = response;
    exchange.response = { status: Number(value.status), statusText: '', httpVersion: '', headers, body };
  }
  return exchange;
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

interface DumpHalf {
  value: Record<string, unknown>;
  headers: RawHeaders;
  body: ImportedBody;
  lacks: Lack[];
}

async function readHalf(path: string): Promise<DumpHalf> {
  const text = await readFile(path, 'utf8');
  const parsed = parseJson(text);
  const value = (parsed.ok ? parsed.value : undefined) as Record<string, unknown> | null | undefined;
  if (!value || !Array.isArray(value.headers)) {
    const what = parsed.ok ? 'it has no headers' : `it is not JSON: ${parsed.message}`;
    throw new TapedeckError('input-invalid', `${path} is no file of a dump: ${what}.`, {
      hint: 'A proxy that is stopped may leave its last file unfinished: move that one away.',
    });
  }
  const headers = fromHarHeaders(value.headers as HarHeader[]).map((part) => (part === WITHHELD ? PLACEHOLDER : part));
  return { value, headers, ...bodyOf(value.body, text, headers) };
}

function bodyOf(value: unknown, file: string, headers: RawHeaders): { body: ImportedBody; lacks: Lack[] } {
  const stated = statedLength(headers);
  // What the proxy could not read as JSON it wrote as a string.
  const text = typeof value === 'string' ? value : compactJson(rawMember(file, 'body') ?? '');
  const coded = encodingsOf(headers).length > 0;
  // A stream of unknown length may well hold that character; a coded body never does.
  const otherLength = stated >= 0 && stated !== toUtf8(text).length;
  if (text.includes('\ufffd') && (coded || otherLength)) {
    return { body: missingBody(headers, stated, LOSSY), lacks: ['lossy-bytes'] };
  }
  return { body: bodyFromDecoded(toUtf8(text), headers, stated), lacks: coded && text !== '' ? ['wire-bytes'] : [] };
}

const LOSSY = 'the dump holds its bytes as text, in which those that are no UTF-8 are lost';

function absoluteUrl(target: string, headers: RawHeaders): string {
  if (/^https?:\/\//i.test(target)) return target;
  return `http://${headerValue(headers, 'host') || 'localhost'}${target.startsWith('/') ? '' : '/'}${target}`;
}
