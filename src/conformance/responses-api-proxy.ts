import { spawn } from 'node:child_process';
import { TapedeckError } from '../errors.ts';
import { type CodexHome, MADE_UP_KEY } from './codex-home.ts';

export interface ResponsesApiProxy {
  /** Base URL for Codex: `http://127.0.0.1:PORT/v1`. */
  url: string;
  close(): Promise<void>;
}

/** It listens within milliseconds; a machine under load gets ten seconds. */
const START_TIMEOUT_MS = 10_000;

/**
 * Starts `codex responses-api-proxy`, which puts its own key in the place of the client's and passes `POST /v1/responses` on to
 * `baseUrl`; everything else it answers with 403. The key goes in by its standard input, as its guide says.
 */
export function startResponsesApiProxy(binary: string, home: CodexHome, baseUrl: string): Promise<ResponsesApiProxy> {
  const child = spawn(binary, ['responses-api-proxy', '--upstream-url', `${baseUrl}/responses`], {
    cwd: home.workspace,
    env: home.env,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.stdin.on('error', () => {});
  child.stdin.end(MADE_UP_KEY);
  return new Promise((resolve, reject) => {
    let said = '';
    const fail = (cause?: unknown) => {
      clearTimeout(timer);
      child.kill();
      reject(new TapedeckError('command-not-runnable', `responses-api-proxy did not start: ${said}`, { cause }));
    };
    const timer = setTimeout(fail, START_TIMEOUT_MS);
    child.once('error', fail);
    child.once('close', fail);
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const port = /listening on 127\.0\.0\.1:(\d+)/.exec(said)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      child.off('close', fail);
      resolve({
        url: `http://127.0.0.1:${port}/v1`,
        close() {
          child.kill();
          return closed;
        },
      });
    });
  });
}
