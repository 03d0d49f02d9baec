import { Buffer } from 'node:buffer';
import type { HarHeader } from '../cassette/format.ts';
import type { Leg } from '../cassette/legs.ts';
import { quoted } from '../util/shell.ts';
import { formatBytes, formatCount } from './format.ts';
import { oneLine } from './text.ts';

/*
 * A recorded request as a shell command. Everything in a cassette is text of somebody else, so nothing of it may ever reach
 * the shell unquoted: arguments stand in single quotes, bodies in a here-document whose quoted word does not occur in them,
 * or in base64.
 */

/** RFC 9110, section 5.1: a field name is a token. What is none could be an option of curl (`@file`), and is left out. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Headers that curl writes itself, that belong to one connection (RFC 9110, section 7.6.1), or that would code the answer. */
const LEFT_OUT = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'proxy-connection',
  'accept-encoding',
]);

/** No header and no URL holds these (RFC 9110, section 5.5; RFC 3986), and a terminal acts on them. */
const CONTROLS = /[\x00-\x1f\x7f-\x9f]+/g;

/** Placeholders of redaction, as they stand in headers and, percent-encoded, in URLs. */
const PLACEHOLDER = /\[redacted:([^\]#]{1,60})#\d+\]|%5Bredacted%3A([^%]{1,60})%23\d+%5D/gi;

/** Kinds that are not the key itself; each gets a variable of its own. */
const OTHER_KINDS = /^(?:account|cookie|password|secret|signature)/i;

/** The request of a client leg as lines of POSIX shell: remarks, then one command. Undefined when its body is not in the cassette, or came over a WebSocket. */
export function curlLines(leg: Leg): string[] | undefined {
  if (leg.messages) return undefined;
  const { request } = leg.entry;
  const body = bodyOf(leg);
  if (body === undefined) return undefined;
  const headers = request.headers.filter(({ name }) => isSent(name, body.coded));
  const given = new Set(headers.map(({ name }) => name.toLowerCase()));
  const options = [
    `curl -sS -N --globoff --path-as-is ${methodOption(request.method)}`,
    `--url ${quote(urlOf(leg).replace(CONTROLS, encodeURIComponent))}`,
    ...headers.map((header) => `-H ${headerArgument(header)}`),
  ];
  if (body.bytes.length > 0) {
    // curl would add these of its own.
    for (const name of ['content-type', 'expect']) if (!given.has(name)) options.push(`-H '${name}:'`);
    options.push('--data-binary @-');
  }
  const remarks = [...body.remarks, ...variableRemarks(options)].map((remark) => `# ${oneLine(remark)}`);
  return [...remarks, ...commandLines(options, body)];
}

function methodOption(method: string): string {
  // After `-X HEAD` curl would wait for a body.
  if (method === 'HEAD') return '--head';
  return `-X ${quote(TOKEN.test(method) ? method : 'POST')}`;
}

interface CurlBody {
  bytes: Uint8Array;
  /** Text, when a here-document can carry it. */
  text: string | undefined;
  /** Sent as it crossed the wire, with its content-encoding. */
  coded: boolean;
  remarks: string[];
}

function bodyOf(leg: Leg): CurlBody | undefined {
  const { body } = leg;
  const remarks = leg.entry.request._incomplete ? ['The recorded request broke off; this is what had come.'] : [];
  if (body === undefined) return { bytes: new Uint8Array(), text: '', coded: false, remarks };
  if (body.redacted > 0) {
    remarks.push(
      `${formatCount(body.redacted, 'value')} of the body ${body.redacted === 1 ? 'is a placeholder' : 'are placeholders'} of redaction.`,
    );
  }
  const codings = body.facts?.encodings.join(', ');
  if (body.decoded !== undefined) {
    if (codings)
      remarks.push(
        `The client sent the body as ${codings} (${formatBytes(body.facts?.bytes ?? -1)}); here it is decoded.`,
      );
    if (body.text?.includes('[elided:sha256=')) remarks.push('Long texts of the body were elided.');
    return { bytes: body.decoded, text: hereDocument(leg, body.text), coded: false, remarks };
  }
  if (body.wire === undefined) return undefined;
  return { bytes: body.wire, text: undefined, coded: true, remarks };
}

/** Where a line begins as the word does that ends the here-document, dash 0.5.12 loses the first byte of a character behind it that is not ASCII. */
const SPOILT_BY_DASH = /^T[A-Z_0-9]*[^\x00-\x7f]/m;

/**
 * The text if a here-document can carry it. It adds a line feed at the end, which only JSON does not mind, and a terminal that
 * it is pasted into acts on control characters.
 */
function hereDocument(leg: Leg, text: string | undefined): string | undefined {
  const isJson = /[/+]json\b/i.test(leg.entry.request.postData?.mimeType ?? '');
  if (!isJson || text === undefined) return undefined;
  return /[\x00-\x09\x0b-\x1f\x7f-\x9f]/.test(text) || SPOILT_BY_DASH.test(text) ? undefined : text;
}

function isSent(name: string, coded: boolean): boolean {
  const lower = name.toLowerCase();
  if (!TOKEN.test(name) || LEFT_OUT.has(lower)) return false;
  return coded || lower !== 'content-encoding';
}

function urlOf(leg: Leg): string {
  const { url, headers } = leg.entry.request;
  if (!url.startsWith('/')) return url;
  const host = headers.find(({ name }) => name.toLowerCase() === 'host')?.value ?? '127.0.0.1';
  return `http://${host}${url}`;
}

function headerArgument({ name, value }: HarHeader): string {
  const line = value.replace(CONTROLS, ' ');
  // `Name:` would remove a header; `Name;` sends an empty one.
  return quote(line.trim() === '' ? `${name};` : `${name}: ${line}`);
}

/** One word of POSIX shell. Placeholders of redaction become variables in double quotes, all else stands in single quotes. */
function quote(text: string): string {
  let out = '';
  let at = 0;
  for (const match of text.matchAll(PLACEHOLDER)) {
    out += `${literal(text.slice(at, match.index))}"$${variableFor(match[1] ?? match[2] ?? '')}"`;
    at = match.index + match[0].length;
  }
  return out + (at < text.length || out === '' ? literal(text.slice(at)) : '');
}

function literal(text: string): string {
  return text === '' ? '' : quoted(text);
}

function variableFor(kind: string): string {
  if (!OTHER_KINDS.test(kind)) return 'TAPEDECK_KEY';
  return `TAPEDECK_${kind.toUpperCase().replace(/[^A-Z0-9]+/g, '_')}`;
}

function variableRemarks(options: readonly string[]): string[] {
  const names = options.flatMap((option) =>
    [...option.matchAll(/"\$(TAPEDECK_[A-Z0-9_]+)"/g)].map((match) => match[1]!),
  );
  return [...new Set(names)].map((name) => `Set ${name} to the value that the recording does not hold.`);
}

function commandLines(options: readonly string[], body: CurlBody): string[] {
  const command = options.join(' \\\n  ').split('\n');
  if (body.bytes.length === 0) return command;
  const content =
    body.text?.split('\n') ??
    Buffer.from(body.bytes)
      .toString('base64')
      .match(/.{1,76}/g) ??
    [];
  const word = freeWord(content);
  if (body.text !== undefined) return [...command.slice(0, -1), `${command.at(-1)} <<'${word}'`, ...content, word];
  return [`base64 -d <<'${word}' | ${command[0]}`, ...command.slice(1), ...content, word];
}

/** A word that no line of the content consists of. */
function freeWord(content: readonly string[]): string {
  const lines = new Set(content);
  let word = 'TAPEDECK_BODY';
  for (let n = 2; lines.has(word); n++) word = `TAPEDECK_BODY_${n}`;
  return word;
}
