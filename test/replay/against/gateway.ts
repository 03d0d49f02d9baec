import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { request } from 'undici';
import { onTestFinished } from 'vitest';

/** A request or an answer on its way through the gateway. */
export interface Passing {
  /** Of a request. */
  path: string;
  /** The client's when absent. */
  method?: string;
  /** Of an answer. */
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** What a gateway does wrong. */
export interface Fault {
  /** Changes what goes upstream; `upstream` is asked once for each of what it gives. */
  request?(passing: Passing): Passing[];
  /** Changes what goes to the client. */
  answer?(passing: Passing): Passing;
  /** The connection is cut behind so many characters of the answer. */
  cutAfter?: number;
}

const KEPT = ['content-type', 'authorization', 'accept', 'retry-after'];

/** A gateway that hands everything through, but for its fault; a body with a coding it does not understand. */
export async function startGateway(upstream: () => string, fault: Fault = {}): Promise<string> {
  const server = createServer(async (asked, response) => {
    const body = (await buffer(asked)).toString();
    const start: Passing = { path: asked.url ?? '', status: 0, headers: keep(asked.headers), body };
    let answer: Passing = {
      ...start,
      status: 200,
      headers: { 'content-type': 'text/event-stream' },
      body: 'data: [DONE]\n\n',
    };
    for (const one of fault.request?.(start) ?? [start]) {
      const url = upstream().replace(/\/v1$/, '') + one.path;
      const method = one.method ?? asked.method;
      const got = await request(url, { method: method as 'POST', headers: one.headers, body: one.body || null });
      answer = { ...one, status: got.statusCode, headers: keep(got.headers), body: await got.body.text() };
    }
    answer = fault.answer?.(answer) ?? answer;
    response.writeHead(answer.status, answer.headers);
    if (fault.cutAfter === undefined) response.end(answer.body);
    else response.write(answer.body.slice(0, fault.cutAfter), () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

function keep(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      typeof value === 'string' && (KEPT.includes(name) || name.startsWith('x-')) ? [[name, value]] : [],
    ),
  );
}
