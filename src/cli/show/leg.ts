import type { Leg } from '../../cassette/legs.ts';
import { TapedeckError } from '../../errors.ts';
import { curlLines } from '../../report/curl.ts';
import { formatBytes, formatCount } from '../../report/format.ts';
import type { LegName } from '../../util/types.ts';

/** What `chooseLeg` needs to know of a leg, whichever form it has. */
interface Named {
  leg: LegName;
  attempt?: number;
}

/** The leg of that name; of several attempts the one asked for, else the last. Throws `usage` with the legs there are. */
export function chooseLeg<T extends Named>(legs: readonly T[], name: LegName, attempt: number | undefined): T {
  const fitting = legs.filter((leg) => leg.leg === name && (attempt === undefined || (leg.attempt ?? 1) === attempt));
  const found = fitting.reduce<T | undefined>(
    (best, leg) => (best === undefined || (leg.attempt ?? 1) > (best.attempt ?? 1) ? leg : best),
    undefined,
  );
  if (found !== undefined) return found;
  const which = attempt === undefined ? name : `${name} of attempt ${attempt}`;
  throw new TapedeckError('usage', `This exchange has no ${which}.`, {
    hint: `It has ${legs.map(legName).join(', ')}.`,
  });
}

function legName({ leg, attempt }: Named): string {
  return attempt === undefined || attempt === 1 ? leg : `${leg} (attempt ${attempt})`;
}

/** Bytes of a leg's body as they crossed the wire. Throws `usage` when the cassette does not hold them, and says why. */
export function wireBytes(legs: readonly Leg[], name: LegName, attempt: number | undefined): Uint8Array {
  const named = legs.map((leg) => ({ leg: leg.name, ...attemptOf(leg), it: leg }));
  const { it } = chooseLeg(named, name, attempt);
  if (it.body === undefined) return new Uint8Array();
  if (it.body.wire !== undefined) return it.body.wire;
  throw new TapedeckError('usage', `The bytes of the ${name} are not in the cassette: ${whyUnknown(it)}.`, {
    hint: 'Leave out --raw to see the decoded body.',
  });
}

function whyUnknown({ name, entry, body }: Leg): string {
  const { _cut } = (name.endsWith('request') ? entry.request.postData : entry.response.content) ?? {};
  if (body?.redacted) return `redaction replaced ${formatCount(body.redacted, 'value')} in it`;
  if (_cut || entry._webSocketCut)
    return `the body was longer than a cassette keeps, and ${formatBytes(_cut ?? entry._webSocketCut ?? 0)} are missing`;
  return 'the body was edited after it was recorded';
}

function attemptOf({ entry }: Leg): { attempt?: number } {
  return entry._attempt === undefined ? {} : { attempt: entry._attempt };
}

/** The client request as a shell command. Throws `usage` when its body is not in the cassette. */
export function curlOf(legs: readonly Leg[]): string[] {
  const request = legs.find((leg) => leg.name === 'client-request');
  const lines = request && curlLines(request);
  if (lines !== undefined) return lines;
  if (request?.messages) {
    throw new TapedeckError('usage', 'This exchange took place over a WebSocket, which curl does not speak.', {
      hint: 'Show the exchange without --curl; record with --no-websocket to get it over HTTP.',
    });
  }
  throw new TapedeckError('usage', 'The body of the client request is not in the cassette.', {
    hint: 'Show the exchange without --curl to see why.',
  });
}
