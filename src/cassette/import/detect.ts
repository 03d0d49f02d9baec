import { readFile } from 'node:fs/promises';
import { parseJson } from '../../decode/json.ts';
import { TapedeckError } from '../../errors.ts';
import { fromUtf8, isUtf8 } from '../../util/bytes.ts';
import { look } from '../journal.ts';
import { RECORDING_LIMITS } from '../limits.ts';
import { messageOf } from '../output-error.ts';
import { isDumpFolder, openDump } from './dump.ts';
import { openFlows } from './flows.ts';
import { openHar } from './har.ts';
import type { ImportSource } from './source.ts';

const KNOWN = 'Known are: folders of `codex responses-api-proxy --dump-dir`, HAR files, and flow files of mitmproxy.';

/** What the beginning of a file gives away, and what to do with such a file. */
const STRANGERS: readonly [start: RegExp, what: string, hint: string][] = [
  [/^PK\x03\x04/, 'a ZIP archive (Fiddler writes such ones)', 'Save the sessions as HAR instead.'],
  [/^\x1f\x8b/, 'packed with gzip', 'Unpack it first: `gunzip FILE`.'],
  [
    /^(?:\xd4\xc3\xb2\xa1|\xa1\xb2\xc3\xd4|\x0a\x0d\x0d\x0a)/,
    'a packet capture',
    'Packets hold TLS records; record with `tapedeck record` instead.',
  ],
  [
    /^(?:\xef\xbb\xbf)?(?:event|data|id|retry):/,
    'an event stream',
    'Judge it with `tapedeck validate --as responses.stream FILE`.',
  ],
];

/**
 * Finds out what a path holds, by its content.
 * @throws TapedeckError `input-invalid` for what is none of the known formats, or is too large
 */
export async function openSource(path: string): Promise<ImportSource> {
  const found = await look(path);
  if (!found) throw refuse(`There is no file ${path}.`, KNOWN);
  if (found.folder) {
    if (await isDumpFolder(path)) return openDump(path);
    throw refuse(`${path} holds no file named like 000001-1700000000000-request.json.`, KNOWN);
  }
  if (found.bytes > RECORDING_LIMITS.wholeFileBytes) {
    const most = RECORDING_LIMITS.wholeFileBytes;
    throw refuse(`${path} has ${found.bytes} bytes; up to ${most} can be imported.`, 'Save it in parts.');
  }
  const bytes = await readFile(path).catch((cause: Error) => {
    throw refuse(`${path} cannot be read: ${messageOf(cause)}.`, 'Check who may read it.');
  });
  const start = bytes.toString('latin1', 0, 64);
  if (/^\d{1,12}:/.test(start)) return openFlows(bytes, path);
  if (/^(?:\xef\xbb\xbf)?\s*\{/.test(start)) return openJson(bytes, path);
  const stranger = STRANGERS.find(([pattern]) => pattern.test(start));
  if (stranger) throw refuse(`${path} is ${stranger[1]}.`, stranger[2]);
  throw refuse(`${path} has no format that can be imported.`, KNOWN);
}

function openJson(bytes: Uint8Array, path: string): ImportSource {
  if (!isUtf8(bytes)) throw refuse(`${path} is no UTF-8.`, 'Save it again, or restore the file.');
  const parsed = parseJson(fromUtf8(bytes).replace(/^\ufeff/, ''));
  if (!parsed.ok)
    throw refuse(`${path} is not JSON: ${parsed.message} (character ${parsed.offset}).`, 'Was it cut off?');
  const { log, headers, method } = parsed.value as {
    log?: Record<string, unknown>;
    headers?: unknown;
    method?: unknown;
  };
  if (log?._tapedeck !== undefined) {
    const hint = 'Use it as it is, or change it with `tapedeck edit`.';
    throw refuse(`${path} is a cassette already.`, hint);
  }
  if (Array.isArray(log?.entries)) return openHar(log!, path);
  if (Array.isArray(headers) && method !== undefined) {
    throw refuse(`${path} is one file of a dump.`, 'Name the folder of the dump.');
  }
  throw refuse(`${path} is JSON, but no HAR file: \`log.entries\` is missing.`, KNOWN);
}

function refuse(message: string, hint: string): TapedeckError {
  return new TapedeckError('input-invalid', message, { hint });
}
