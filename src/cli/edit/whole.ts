import { join, resolve } from 'node:path';
import { type MergePart, mergeExchanges, mergeHeaders } from '../../cassette/edit/merge.ts';
import { highestNumber } from '../../cassette/edit/redact-entry.ts';
import { renumberAll } from '../../cassette/edit/renumber.ts';
import { selectExchanges, sessionOf } from '../../cassette/edit/split.ts';
import type { RecordedExchange } from '../../cassette/legs.ts';
import { type CassetteReader, openCassette } from '../../cassette/store.ts';
import { EXIT, TapedeckError } from '../../errors.ts';
import { formatCount } from '../../report/format.ts';
import { VERSION } from '../../util/version.ts';
import type { Finding } from '../../validate/findings.ts';
import { findSecrets } from '../../validate/secrets.ts';
import type { EditRequest } from '../edit.ts';
import { findNamed } from '../find-cassette.ts';
import { say, sayJson } from '../io.ts';
import { targetOf, tellWritten, type Written, withCassette, withoutSuffix, writeResult } from './target.ts';

/** One cassette a session, or one an exchange, numbered by when they begin. */
export function split(request: EditRequest): Promise<number> {
  const { args, io } = request;
  const bySession = (args.by ?? 'session') === 'session';
  return withCassette(request, async (cassette) => {
    const output = args.output as string | undefined;
    const folder = output === undefined ? `${withoutSuffix(cassette.path)}.split` : resolve(io.cwd, output);
    const nameOf = (n: number): string => join(folder, `${String(n).padStart(3, '0')}.har`);
    const parts = bySession ? sessionParts(cassette) : exchangeParts(cassette);
    const files: (Written & { session?: string })[] = [];
    for await (const { session, exchanges } of parts) {
      const target = { path: nameOf(files.length + 1), force: args.force as boolean };
      const written = await writeResult(target, cassette.header, renumberAll(exchanges));
      files.push(session === undefined ? written : { ...written, session });
    }
    tellWritten(request, files, {}, []);
    return EXIT.ok;
  });
}

interface Part {
  session?: string;
  exchanges: AsyncIterable<RecordedExchange> | Iterable<RecordedExchange>;
}

async function* exchangeParts(cassette: CassetteReader): AsyncGenerator<Part> {
  for await (const exchange of cassette.exchanges()) yield { exchanges: [exchange] };
}

/**
 * Reads the cassette once for the names of its sessions and once for each, so that none has to be in memory. What belongs to no
 * session (lists of models) goes with the session that follows it, or with the last one.
 */
async function* sessionParts(cassette: CassetteReader): AsyncGenerator<Part> {
  const own: (string | undefined)[] = [];
  for await (const exchange of cassette.exchanges()) own.push(sessionOf(exchange));
  const last = own.findLast((session) => session !== undefined);
  const sessions = own.map((session, i) => session ?? own.slice(i).find((later) => later !== undefined) ?? last);
  for (const session of new Set(sessions)) {
    const exchanges = selectExchanges(cassette.exchanges(), (_, number) => sessions[number - 1] === session);
    yield session === undefined ? { exchanges } : { session, exchanges };
  }
}

/** The exchanges of several cassettes in one, by time. */
export async function merge(request: EditRequest): Promise<number> {
  const { cassettes, args, io } = request;
  if (cassettes.length < 2) {
    throw new TapedeckError('usage', '`edit merge` takes two cassettes or more.', {
      hint: 'For example `tapedeck edit merge a.har b.har -o both.har`.',
    });
  }
  if (args.output === undefined) {
    throw new TapedeckError('usage', 'Say where the merged cassette goes.', { hint: 'Add `-o FILE`.' });
  }
  const open: CassetteReader[] = [];
  try {
    for (const name of cassettes) open.push(await openCassette(await findNamed(name, io)));
    const parts: MergePart[] = [];
    for (const { header, exchanges, entries } of open) {
      let highest = 0;
      for await (const entry of entries()) highest = Math.max(highest, highestNumber(entry));
      parts.push({ header, highest, exchanges });
    }
    const target = targetOf(request, open[0]!.path);
    const written = await writeResult(target, mergeHeaders(parts, VERSION), mergeExchanges(parts));
    tellWritten(request, [written], {}, []);
    return EXIT.ok;
  } finally {
    for (const cassette of open) await cassette.close();
  }
}

/** Looks for what looks like a credential, in every decoded body and in everything around it. */
export function scan(request: EditRequest): Promise<number> {
  const { args, io } = request;
  return withCassette(request, async (cassette) => {
    const secrets: Finding[] = [];
    for await (const exchange of cassette.exchanges()) secrets.push(...findSecrets(exchange));
    if (args.json) sayJson(io, { event: 'scanned', path: cassette.path, secrets });
    else {
      const verdict =
        secrets.length === 0 ? io.colour.green('no secrets') : io.colour.red(formatCount(secrets.length, 'secret'));
      say(io, `${io.colour.bold(cassette.path)}  ${verdict}`);
      for (const secret of secrets) say(io, `  ${placeOf(secret)}  ${secret.rule}  ${secret.message}`);
      if (secrets.length > 0) say(io, io.colour.dim(`  tapedeck edit ${cassette.path} redact`));
    }
    return secrets.length === 0 ? EXIT.ok : EXIT.cassette;
  });
}

function placeOf({ exchange, leg, attempt, offset }: Finding): string {
  const parts = [exchange, leg ?? 'head', attempt === undefined ? undefined : `attempt ${attempt}`];
  return [...parts, offset === undefined ? undefined : `byte ${offset}`].filter((part) => part !== undefined).join(' ');
}
