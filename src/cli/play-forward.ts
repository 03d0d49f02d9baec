import { type IncomingMessage, request as openRequest, type ServerResponse } from 'node:http';
import { newRecordingPath } from '../cassette/output-path.ts';
import { createRecorder, type FileRecorder } from '../cassette/recorder.ts';
import type { RecordingSummary } from '../cassette/tap.ts';
import { parseJson } from '../decode/json.ts';
import { errorText } from '../protocols/errors.ts';
import { PROXY_LIMITS } from '../proxy/limits.ts';
import { type ProxyOptions, type RunningProxy, startProxy } from '../proxy/server.ts';
import type { LiveConnection } from '../replay/live-connection.ts';
import { parseBaseUrl } from '../route/base-url.ts';
import { classify } from '../route/endpoints.ts';
import { openUpstreamSocket } from '../upstream/websocket.ts';
import { dropHandshake, dropHopByHop, offeredProtocols } from '../util/hop-by-hop.ts';
import { recordingHeader } from './recording-header.ts';

/** Takes the requests that a cassette does not hold and records them to a new one. */
export interface Forwarder {
  forward(request: IncomingMessage, response: ServerResponse, body: Uint8Array): void;
  /** Opens a recorded WebSocket to the upstream, as a client asked for with its upgrade. */
  forwardSocket(upgrade: IncomingMessage): Promise<LiveConnection>;
  /** Ends the recording; undefined when nothing was forwarded. */
  close(): Promise<RecordingSummary | undefined>;
}

/**
 * Makes a forwarder for `--mode new_episodes`. With the first unknown request it starts a recording proxy of its own,
 * which writes `NAME.new-<n>.har` beside the cassette; the cassette itself is never changed.
 * @param redactPatterns of the user's own secrets
 * @param onFailure told at once when the disk fails; traffic goes on
 */
export function createForwarder(
  cassette: string,
  upstream: ProxyOptions,
  redactPatterns: RegExp[],
  onFailure?: (message: string) => void,
): Forwarder {
  parseBaseUrl(upstream.upstream);
  let started: Promise<{ proxy: RunningProxy; recorder: FileRecorder }> | undefined;
  const start = () => {
    started ??= startRecording(cassette, upstream, redactPatterns, onFailure);
    return started;
  };
  return {
    forward(request, response, body) {
      start().then(
        ({ proxy }) => relay(proxy.port, request, response, body),
        (error: Error) => answerError(request, response, `Tapedeck cannot record: ${error.message}`),
      );
    },
    async forwardSocket(upgrade) {
      return openLive((await start()).proxy.port, upgrade);
    },
    async close() {
      if (!started) return undefined;
      const { proxy, recorder } = await started;
      await proxy.close();
      return recorder.close();
    },
  };
}

async function startRecording(
  cassette: string,
  upstream: ProxyOptions,
  redactPatterns: RegExp[],
  onFailure: ((message: string) => void) | undefined,
) {
  const recorder = await createRecorder({
    path: await newRecordingPath(cassette),
    redactPatterns,
    header: recordingHeader(upstream.upstream),
    ...(onFailure ? { onFailure } : {}),
  });
  try {
    return { recorder, proxy: await startProxy({ ...upstream, host: '127.0.0.1', port: 0, recorder }) };
  } catch (error) {
    await recorder.discard();
    throw error;
  }
}

/** Hands one request to the proxy and its answer back, headers in their order and case, bytes as they come. */
function relay(port: number, request: IncomingMessage, response: ServerResponse, body: Uint8Array): void {
  const up = openRequest({
    host: '127.0.0.1',
    port,
    method: request.method,
    path: request.url,
    headers: dropHopByHop(request.rawHeaders),
    agent: false,
  });
  up.on('response', (answer) => {
    response.sendDate = false;
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', dropHopByHop(answer.rawHeaders));
    response.flushHeaders();
    // A stream that breaks off upstream breaks off here as well.
    answer.on('error', () => response.destroy());
    answer.pipe(response);
  });
  up.on('error', (error) => answerError(request, response, `Tapedeck cannot forward: ${error.message}`));
  response.on('close', () => up.destroy());
  up.end(body);
}

/** The proxy answers every upgrade within `upgradeMs`; this is for one that cannot even do that. */
const UPGRADE_MS = 2 * PROXY_LIMITS.upgradeMs;

const HOST: ReadonlySet<string> = new Set(['host']);

/** Rejects with what the proxy says of an upgrade that the upstream does not accept. */
function openLive(port: number, { url, rawHeaders, headers }: IncomingMessage): Promise<LiveConnection> {
  const request = {
    origin: `http://127.0.0.1:${port}`,
    path: url ?? '/',
    headers: dropHandshake(dropHopByHop(rawHeaders, HOST)),
    protocols: offeredProtocols(headers['sec-websocket-protocol']),
  };
  const { messageBytes, closeMs } = PROXY_LIMITS;
  return new Promise((resolve, reject) => {
    openUpstreamSocket(
      request,
      { upgradeMs: UPGRADE_MS, messageBytes, closeMs },
      {
        sent() {},
        done(result) {
          if (result.kind === 'accepted') {
            resolve({ socket: result.socket, headers: dropHopByHop(result.head.headers) });
          } else if (result.kind === 'failed') reject(result.error);
          else reject(new Error(refusalOf(result.body.toString())));
        },
      },
    );
  });
}

function refusalOf(body: string): string {
  const parsed = parseJson(body);
  const error = parsed.ok ? (parsed.value as { error?: { message?: unknown } } | null)?.error : undefined;
  return typeof error?.message === 'string' ? error.message : 'the upgrade was refused.';
}

function answerError(request: IncomingMessage, response: ServerResponse, message: string): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const { protocol } = classify(request.method ?? '', request.url ?? '');
  response.writeHead(502, { 'content-type': 'application/json' });
  response.end(errorText(protocol, { status: 502, code: 'forward_failed', message }));
}
