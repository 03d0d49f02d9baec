import type { BodyFields, WireFacts } from '../../cassette/format.ts';
import type { Leg } from '../../cassette/legs.ts';
import { createBodyDecoder, decodeBody } from '../../decode/body.ts';
import { LIMITS } from '../../decode/limits.ts';
import type { CheckResult } from '../../report/results/model.ts';
import { concatBytes } from '../../util/bytes.ts';
import { sha256Hex } from '../../util/sha256.ts';
import { shapesOf } from './frames.ts';
import { differencesOf } from './json-difference.ts';
import { broken, type CheckContext, notApplicable, passed, type Subject, subjectOf } from './result.ts';

const NOT_CODED = 'the body is not coded';

/** Pieces in which a coded body is given to the decoder: small and odd, so that headers and blocks are cut. */
const PIECE = 997;

/** `coding.decode`: a result a leg. */
export async function checkDecode(context: CheckContext): Promise<CheckResult[]> {
  return Promise.all(context.legs.map((leg) => decodeLeg(context, subjectOf('coding.decode', leg), leg)));
}

async function decodeLeg(context: CheckContext, subject: Subject, leg: Leg): Promise<CheckResult> {
  const fields = fieldsOf(leg);
  const reason = whyNoWire(leg, fields);
  if (reason !== undefined) return notApplicable(subject, reason);
  const wire = fields!._wire!;
  const bytes = Buffer.from(wire.base64!, 'base64');
  const fault = wireFault(leg, wire, bytes);
  if (fault !== undefined) return broken(context, subject, `${leg.name}: ${fault}`);
  const limits = leg.name.endsWith('-request') ? LIMITS.request : LIMITS.response;
  const result = await decodeBody(bytes, wire.encodings.join(', '), limits);
  if (wire.undecodable !== undefined) {
    if (!result.ok) return passed(subject, [`it does not decode, as was recorded: ${wire.undecodable}`]);
    return broken(context, subject, `${leg.name}: it decodes now; recorded was that it does not: ${wire.undecodable}`);
  }
  if (!result.ok) {
    const { message, offset } = result.problem;
    return broken(context, subject, `${leg.name}: ${message}`, offset === undefined ? {} : { offset });
  }
  const place = differentAt(leg.body?.decoded ?? new Uint8Array(0), result.bytes);
  if (place !== undefined) {
    return broken(
      context,
      subject,
      `${leg.name}: decodes to other bytes than the recorded view from byte ${place} on`,
      {
        offset: place,
        expected: around(leg.body?.decoded, place),
        actual: around(result.bytes, place),
      },
    );
  }
  const [fact] = differencesOf(wire.zstd ?? [], result.zstd ?? []);
  if (!fact) return passed(subject);
  return broken(context, subject, `${leg.name}: the recorded frame facts are wrong at ${fact.pointer}`, {
    pointer: fact.pointer,
    expected: JSON.stringify(fact.expected) ?? '(absent)',
    actual: JSON.stringify(fact.actual) ?? '(absent)',
  });
}

/** What is wrong with the bytes before they are decoded. */
function wireFault(leg: Leg, wire: WireFacts, bytes: Buffer): string | undefined {
  if (bytes.length !== wire.bytes) return `${bytes.length} bytes are recorded, and ${wire.bytes} crossed the wire`;
  if (wire.sha256 !== undefined && sha256Hex(bytes) !== wire.sha256) {
    return 'the recorded bytes are not those of their SHA-256: one of the two was changed';
  }
  const named = headerCodings(leg);
  const recorded = wire.encodings.join(', ');
  return named === recorded
    ? undefined
    : `content-encoding says ${named || 'nothing'}, and the bytes are recorded as ${recorded || 'not coded'}`;
}

function headerCodings(leg: Leg): string {
  const { headers } = leg.name.endsWith('-request') ? leg.entry.request : leg.entry.response;
  return headers
    .filter(({ name }) => name.toLowerCase() === 'content-encoding')
    .flatMap(({ value }) => value.split(','))
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity')
    .map((name) => (name === 'x-gzip' ? 'gzip' : name))
    .join(', ');
}

/** `coding.reencode`: a result a leg that is coded. */
export async function checkReencode(context: CheckContext): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const leg of context.legs) results.push(await reencodeLeg(context, subjectOf('coding.reencode', leg), leg));
  return results;
}

async function reencodeLeg(context: CheckContext, subject: Subject, leg: Leg): Promise<CheckResult> {
  const fields = fieldsOf(leg);
  const encodings = fields?._wire?.encodings ?? [];
  if (fields?._sameAs) return notApplicable(subject, 'the same as on the client side, and judged there');
  if (encodings.length === 0) return notApplicable(subject, NOT_CODED);
  const decoded = leg.body?.decoded;
  if (fields?._wire?.undecodable !== undefined || !decoded)
    return notApplicable(subject, 'the body could not be decoded');
  const coding = encodings.join(', ');
  const shapes = shapesOf(encodings);
  for (const { name, make } of shapes) {
    const bytes = await make(decoded);
    for (const [way, decode] of WAYS) {
      const again = await decode(bytes, coding);
      const problem = typeof again === 'string' ? again : differentAt(decoded, again);
      if (problem === undefined) continue;
      const what = typeof problem === 'string' ? problem : `decodes to other bytes from byte ${problem} on`;
      return broken(context, subject, `${leg.name} as ${name}, ${way}: ${what}`);
    }
  }
  return passed(subject);
}

/** Both decoders; a text is what went wrong. */
const WAYS: readonly [string, (bytes: Uint8Array, coding: string) => Promise<Uint8Array | string>][] = [
  [
    'whole',
    async (bytes, coding) => {
      const result = await decodeBody(bytes, coding, LIMITS.response);
      return result.ok ? result.bytes : result.problem.message;
    },
  ],
  [
    'piece by piece',
    async (bytes, coding) => {
      const decoder = createBodyDecoder(coding, LIMITS.response);
      const parts: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; at += PIECE) parts.push(await decoder.push(bytes.subarray(at, at + PIECE)));
      const { tail, problem } = await decoder.end();
      return problem ? problem.message : concatBytes([...parts, tail]);
    },
  ],
];

function fieldsOf(leg: Leg): BodyFields | undefined {
  return leg.name.endsWith('-request') ? leg.entry.request.postData : leg.entry.response.content;
}

function whyNoWire(leg: Leg, fields: BodyFields | undefined): string | undefined {
  if (leg.messages) return 'messages of a WebSocket have no content coding';
  if (!fields || !leg.body) return 'the message has no body';
  if (fields._sameAs) return 'the same as on the client side, and judged there';
  if (fields._redacted) return 'redaction changed the body, so its bytes on the wire are not kept';
  if (fields._cut) return `the body is cut: ${fields._cut} bytes are missing at its end`;
  if (!fields._wire) return NOT_CODED;
  if (fields._wire.base64 === undefined) return 'the cassette does not hold the bytes on the wire';
  return undefined;
}

function differentAt(expected: Uint8Array, actual: Uint8Array): number | undefined {
  if (Buffer.compare(expected, actual) === 0) return undefined;
  let at = 0;
  while (at < expected.length && expected[at] === actual[at]) at += 1;
  return at;
}

function around(bytes: Uint8Array | undefined, at: number): string {
  return JSON.stringify(Buffer.from(bytes ?? []).toString('utf8', Math.max(0, at - 16), at + 32));
}
