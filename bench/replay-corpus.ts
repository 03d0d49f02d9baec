import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { renumber } from '../src/cassette/edit/renumber.ts';
import type { CassetteHeader, Entry } from '../src/cassette/format.ts';
import type { RecordedExchange } from '../src/cassette/legs.ts';
import { openCassette, writeCassette } from '../src/cassette/store.ts';

/** Exchanges a cassette: as many as a long session has. */
const EXCHANGES_EACH = 100;

export interface Corpus {
  exchanges: number;
  bytes: number;
}

/** An exchange and the recording that it is of. */
interface Sample {
  header: CassetteHeader;
  exchange: RecordedExchange;
  /** What it takes in a cassette, but for the line ends. */
  bytes: number;
}

/** All exchanges of the cassettes below a folder, in the order of their paths. */
export async function readSamples(folder: string): Promise<Sample[]> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.har'));
  const samples: Sample[] = [];
  for (const path of paths.sort()) {
    const cassette = await openCassette(join(folder, path));
    for await (const exchange of cassette.exchanges()) {
      const { client, attempts } = exchange;
      const bytes = Buffer.byteLength(JSON.stringify([client, ...attempts]));
      samples.push({ header: cassette.header, exchange, bytes });
    }
    await cassette.close();
  }
  return samples;
}

/** The samples over and over again, with ids of their own, in cassettes of 100. */
export async function writeCorpus(folder: string, samples: readonly Sample[], exchanges: number): Promise<Corpus> {
  mkdirSync(folder, { recursive: true });
  let bytes = 0;
  for (let from = 0; from < exchanges; from += EXCHANGES_EACH) {
    const to = Math.min(from + EXCHANGES_EACH, exchanges);
    const path = join(folder, `${String(from / EXCHANGES_EACH).padStart(5, '0')}.har`);
    await writeCassette(path, samples[0]!.header, entriesOf(samples, from, to));
    bytes += statSync(path).size;
  }
  return { exchanges, bytes };
}

function* entriesOf(samples: readonly Sample[], from: number, to: number): Generator<Entry> {
  for (let i = from; i < to; i++) yield* renumber(samples[i % samples.length]!.exchange, i - from + 1);
}
