import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMint } from '../../src/conformance/provider/mint.ts';
import { responsesEvents, responsesObject, type ScriptedTurn } from '../../src/conformance/provider/responses.ts';
import { errorText } from '../../src/protocols/errors.ts';
import type { JsonObject } from '../../src/protocols/grammar.ts';
import { findDialect } from '../../src/translate/dialects.ts';
import type { Hop, StreamEvent } from '../../src/translate/types.ts';
import { validateDocument } from '../../src/validate/document.ts';
import type { Finding } from '../../src/validate/findings.ts';
import { makeContext, sseText } from './translate.ts';

export interface Bridge {
  url: string;
  /** The requests as the provider would get them. */
  requests: JsonObject[];
  /** What `strict` says of those requests and of the streams that were answered. */
  findings: Finding[];
  close(): Promise<void>;
}

/** Puts an SDK before a Responses provider that says one turn after the other; nothing but the translator stands between. */
export async function startBridge(hop: Hop, turns: readonly ScriptedTurn[]): Promise<Bridge> {
  const requests: JsonObject[] = [];
  const findings: Finding[] = [];
  const mint = createMint(hop.client);
  const server = createServer((request, response) => {
    void readJson(request).then((body) => answer(body, response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    findings,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };

  function answer(body: JsonObject, response: ServerResponse): void {
    const context = makeContext(findDialect('responses', 'responses')!);
    const result = hop.request(body, context);
    if ('problem' in result) {
      const error = JSON.parse(errorText(hop.client, result.problem)) as { error: JsonObject };
      if (result.details) error.error.details = result.details;
      response.writeHead(result.problem.status, { 'content-type': 'application/json' }).end(JSON.stringify(error));
      return;
    }
    findings.push(...validateDocument('responses.request', JSON.stringify(result.body), ['strict']));
    const turn = turns[requests.length]!;
    requests.push(result.body);
    const back = { ...context, plan: result.plan };
    if (result.body.stream !== true) {
      const whole = hop.response(responsesObject(turn, 'gpt-5.5', mint), back).body;
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(whole));
      return;
    }
    const stream = hop.stream(back);
    const steps = responsesEvents(turn, 'gpt-5.5', mint).map(({ event, data }) =>
      stream.push({ name: event, data: JSON.stringify(data) }),
    );
    const text = sseText([...steps, stream.end('done')].flatMap(({ events }): StreamEvent[] => events));
    findings.push(...validateDocument(`${hop.client}.stream`, text, ['strict']));
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end(text);
  }
}

async function readJson(request: IncomingMessage): Promise<JsonObject> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk as string;
  return JSON.parse(text) as JsonObject;
}
