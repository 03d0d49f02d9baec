import { join } from 'node:path';
import type { RecordedExchange } from '../../src/cassette/legs.ts';
import { createRecorder } from '../../src/cassette/recorder.ts';
import { aroundHeader, joinRecording, startAround } from '../../src/cli/record/around.ts';
import { recordingHeader } from '../../src/cli/recording-header.ts';
import { reservePort } from '../../src/conformance/launch.ts';
import { type ScriptedUpstreamOptions, startScriptedUpstream } from '../../src/conformance/scripted-upstream.ts';
import { captureIo } from '../helpers/capture-io.ts';
import { readAll, temporaryFolder } from '../helpers/cassette-files.ts';

/** Something that stands between client and provider. */
export interface Gateway {
  url: string;
  close(): Promise<void>;
}

export interface AroundSpec {
  /** Starts the gateway before a provider. */
  gateway(provider: string): Promise<Gateway>;
  /** What the clients do, given their base URL. */
  clients(url: string): Promise<unknown>;
  provider?: ScriptedUpstreamOptions;
}

/** Records around a gateway between real sockets, and answers with what the cassette holds. */
export async function recordAround(spec: AroundSpec): Promise<{ path: string; exchanges: RecordedExchange[] }> {
  const provider = await startScriptedUpstream(spec.provider);
  const backPort = await reservePort(0, '127.0.0.1');
  const gateway = await spec.gateway(`http://127.0.0.1:${backPort}/v1`);
  const settings = { url: gateway.url, backPort, name: 'somebody', launch: undefined };
  const path = join(temporaryFolder(), 'around.har');
  const recorder = await createRecorder({ path, header: aroundHeader(recordingHeader(provider.url), settings) });
  try {
    const served = await startAround(settings, { upstream: provider.url }, recorder, captureIo(), false);
    await spec.clients(served.url);
    await served.close();
    await joinRecording(await recorder.close());
    return { path, exchanges: (await readAll(path)).exchanges };
  } finally {
    await gateway.close();
    await provider.close();
  }
}

/** One request of a client, read to its end. */
export async function post(url: string, path: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, text: await response.text().catch(() => '') };
}
