import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FORMAT_VERSION } from '../../src/cassette/format.ts';
import type { RecordedExchange } from '../../src/cassette/legs.ts';
import { createRecorder } from '../../src/cassette/recorder.ts';
import { openCassette } from '../../src/cassette/store.ts';
import type { Recorder } from '../../src/cassette/tap.ts';

/** The real recorder, for tests of what of a wire is found in a cassette. */
export async function diskRecorder(upstream: string): Promise<{
  recorder: Recorder;
  /** Closes the recording, reads it and removes it. */
  exchanges(): Promise<RecordedExchange[]>;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'disk-'));
  const path = join(folder, 'recorded.har');
  const header = {
    format: FORMAT_VERSION,
    tool: '0.0.0',
    recordedAt: '2026-01-02T03:04:05.000Z',
    gateway: { name: 'tapedeck' },
    upstream: { url: upstream, protocol: null },
  };
  const recorder = await createRecorder({ path, header });
  return {
    recorder,
    async exchanges() {
      await recorder.close();
      const cassette = await openCassette(path);
      const all: RecordedExchange[] = [];
      for await (const exchange of cassette.exchanges()) all.push(exchange);
      await cassette.close();
      await rm(folder, { recursive: true, force: true });
      return all;
    },
  };
}
