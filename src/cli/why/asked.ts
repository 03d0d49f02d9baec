import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { RecordedExchange } from '../../cassette/legs.ts';
import type { Redactor } from '../../cassette/redact.ts';
import { type CassetteReader, openCassette } from '../../cassette/store.ts';
import { TapedeckError } from '../../errors.ts';
import { recordingsOf, requestOf } from '../../replay/recording.ts';
import type { MatchRequest } from '../../replay/request.ts';
import { fromHarHeaders } from '../../util/headers.ts';
import type { Side } from '../../util/types.ts';
import type { Arguments } from '../command.ts';
import { findNamed } from '../find-cassette.ts';
import type { Io } from '../io.ts';
import { findExchange } from '../show/select.ts';

/** The request that a command line names. */
export interface Asked {
  request: MatchRequest;
  /** Where it is from. */
  name: { file: string; exchange?: number };
  /** What was asked before it in its cassette. */
  before(): AsyncIterable<MatchRequest>;
  close(): Promise<void>;
}

interface AskedFor {
  /** The cassette with the recordings. */
  path: string;
  side: Side;
  redactor: Pick<Redactor, 'headers' | 'body' | 'url'> | undefined;
}

/**
 * Reads it: an exchange of another cassette or of the same one, or a body.
 * @throws TapedeckError `usage`, and those of a cassette that cannot be read
 */
export async function readAsked(args: Arguments, wanted: AskedFor, io: Io): Promise<Asked> {
  const name = String(args.request);
  const exchange = args.exchange === undefined ? undefined : String(args.exchange);
  if (exchange === undefined && !/^\d+$/.test(name) && !name.endsWith('.har')) return readBody(name, args, wanted, io);
  if (args.path !== undefined || args.method !== undefined) {
    throw new TapedeckError('usage', '--path and --method are for a request that is given by its body.', {
      hint: 'Leave them out: the exchange has its own.',
    });
  }
  const isOwn = exchange === undefined && /^\d+$/.test(name);
  const path = isOwn ? wanted.path : await findNamed(name, io);
  const cassette = await openCassette(path);
  try {
    return await readExchange(cassette, isOwn ? name : exchange, args, wanted);
  } catch (error) {
    await cassette.close();
    throw error;
  }
}

async function readBody(file: string, args: Arguments, { redactor }: AskedFor, io: Io): Promise<Asked> {
  const body = file === '-' ? await buffer(io.stdin) : await readFile(resolve(io.cwd, file)).catch(unreadable(file));
  const target = (args.path as string | undefined) ?? '/v1/responses';
  const method = (args.method as string | undefined) ?? 'POST';
  return {
    request: redacted({ method, target, body }, ['content-type', 'application/json'], redactor),
    name: { file: file === '-' ? 'stdin' : file },
    async *before() {},
    close: async () => {},
  };
}

function unreadable(file: string): (cause: Error) => never {
  return (cause) => {
    throw new TapedeckError('usage', `${file} cannot be read: ${cause.message}`, {
      cause,
      hint: 'Name a file with the body of a request, or a cassette and the number of an exchange.',
    });
  };
}

async function readExchange(
  cassette: CassetteReader,
  name: string | undefined,
  args: Arguments,
  { side, redactor }: AskedFor,
): Promise<Asked> {
  const { exchange, number } = await findExchange(cassette, name);
  const requests = requestsOf(exchange, side, redactor);
  // A gateway's last attempt is what came of the others.
  const request = requests.pop();
  if (!request) {
    const which = side === 'client' ? 'request that arrived whole' : 'request upstream that was sent whole';
    throw new TapedeckError('usage', `Exchange ${number} of ${cassette.path} has no ${which}.`, {
      hint: 'Name another exchange; `tapedeck show` lists them.',
    });
  }
  return {
    request,
    name: { file: cassette.path, exchange: number },
    async *before() {
      if (args.alone === true) return;
      let left = number;
      for await (const earlier of cassette.exchanges()) {
        left -= 1;
        if (left === 0) break;
        yield* requestsOf(earlier, side, redactor);
      }
      yield* requests;
    },
    close: () => cassette.close(),
  };
}

function requestsOf(exchange: RecordedExchange, side: Side, redactor: AskedFor['redactor']): MatchRequest[] {
  return recordingsOf(exchange, side).flatMap((recording) => {
    const request = requestOf(recording);
    return request ? [redacted(request, fromHarHeaders(recording.entry.request.headers), redactor)] : [];
  });
}

function redacted(request: MatchRequest, headers: string[], redactor: AskedFor['redactor']): MatchRequest {
  if (!redactor) return request;
  // First the headers: the redactor looks for their credentials in what follows.
  redactor.headers(headers);
  const { method, target, body } = request;
  return { method, target: redactor.url(target), body: body && redactor.body(body, 'application/json').bytes };
}
