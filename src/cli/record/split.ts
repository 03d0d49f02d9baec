import { removeCassette } from '../../cassette/edit/remove.ts';
import { renumberAll } from '../../cassette/edit/renumber.ts';
import { selectExchanges, sessionOf } from '../../cassette/edit/split.ts';
import { look } from '../../cassette/journal.ts';
import type { RecordedExchange } from '../../cassette/legs.ts';
import { type CassetteReader, type ExchangePlaces, openCassette } from '../../cassette/store.ts';
import { withoutSuffix, writeResult } from '../edit/target.ts';
import { plainOutput, type RecordedFile, type RecordingOutput } from './output.ts';

/** A recording that becomes one cassette a session when it is over. */
export function splittingOutput(path: string): RecordingOutput {
  return {
    ...plainOutput(path),
    async finish(summary) {
      const parts = await splitBySession(summary.path);
      return parts.length > 0 ? parts : plainOutput(path).finish(summary);
    },
  };
}

/**
 * Writes the exchanges of each session to `NAME-<n>.har`, in the order in which the sessions begin, and those of none to `NAME-rest.har`; a
 * name that is taken is passed over. The cassette itself goes when all of them are on the disk; what goes wrong before that leaves
 * it alone. A cassette without a session stays whole, and nothing is written.
 */
async function splitBySession(path: string): Promise<RecordedFile[]> {
  const cassette = await openCassette(path);
  const files: RecordedFile[] = [];
  try {
    const sessions: (string | undefined)[] = [];
    for await (const exchange of cassette.exchanges()) sessions.push(sessionOf(exchange));
    const named = new Set(sessions.filter((session) => session !== undefined));
    if (named.size === 0) return [];
    const stem = withoutSuffix(path);
    let n = 0;
    for (const session of named) {
      const name = await freeName((tries) => `${stem}-${n + tries}.har`);
      n = Number(/(\d+)\.har$/.exec(name)![1]);
      files.push(await writePart(cassette, sessions, session, name));
    }
    if (sessions.includes(undefined)) {
      const name = await freeName((tries) => `${stem}-rest${tries === 1 ? '' : `-${tries}`}.har`);
      files.push(await writePart(cassette, sessions, undefined, name));
    }
  } catch (error) {
    for (const { path } of files) await removeCassette(path);
    throw error;
  } finally {
    await cassette.close();
  }
  await removeCassette(path);
  return files;
}

async function writePart(
  cassette: CassetteReader,
  sessions: readonly (string | undefined)[],
  session: string | undefined,
  path: string,
): Promise<RecordedFile> {
  const exchanges = cassette.places
    ? exchangesAt(cassette.places, (number) => sessions[number - 1] === session)
    : selectExchanges(cassette.exchanges(), (_, number) => sessions[number - 1] === session);
  const written = await writeResult({ path, force: false }, cassette.header, renumberAll(exchanges));
  return { ...written, session: session ?? null };
}

/** Reads these exchanges alone, so that many sessions do not mean to read the whole file many times. */
async function* exchangesAt(
  places: ExchangePlaces,
  wanted: (number: number) => boolean,
): AsyncGenerator<RecordedExchange> {
  for (let number = 1; number <= places.count; number++) {
    const exchange = wanted(number) ? await places.exchange(number) : undefined;
    if (exchange) yield exchange;
  }
}

/** @param nameOf tries, from 1 */
async function freeName(nameOf: (tries: number) => string): Promise<string> {
  for (let tries = 1; ; tries++) {
    const name = nameOf(tries);
    if (!(await look(name))) return name;
  }
}
