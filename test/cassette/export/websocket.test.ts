import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { legFiles } from '../../../src/cassette/export/files.ts';
import { exportHar } from '../../../src/cassette/export/har.ts';
import type { Entry } from '../../../src/cassette/format.ts';
import { openSource } from '../../../src/cassette/import/detect.ts';
import { importSource } from '../../../src/cassette/import/run.ts';
import { legOf } from '../../../src/cassette/legs.ts';
import { classify } from '../../../src/route/endpoints.ts';
import { collect, HEADER, readAll, temporaryFolder } from '../../helpers/cassette-files.ts';
import { CREATE, client, completed, created, recordedSocket, server } from '../../helpers/recorded-socket.ts';
import { SESSION_VERSIONS, socketSessions } from '../../helpers/socket-sessions.ts';

async function exported(plain: boolean, exchanges: ReturnType<typeof recordedSocket>[]): Promise<string> {
  const pieces = exportHar(HEADER, exchanges, { plain, side: 'both', tool: '1' });
  return Buffer.concat(await collect(pieces)).toString('utf8');
}

describe('an exported WebSocket', () => {
  const exchange = recordedSocket({ say: [client(CREATE), server(created()), server(completed())] });

  it('has its messages on both sides, and no body beside them', async () => {
    for (const plain of [true, false]) {
      const { entries } = JSON.parse(await exported(plain, [exchange])).log as { entries: Entry[] };
      expect(entries).toHaveLength(2);
      for (const entry of entries) {
        expect(entry._webSocketMessages).toEqual(exchange.client._webSocketMessages);
        expect(entry.response.content).toEqual({ mimeType: '', size: 0 });
        expect(entry.request.postData).toBeUndefined();
        expect(entry._webSocketSameAs).toBeUndefined();
      }
    }
  });

  it('is one document and one stream as files', () => {
    const text = (kind: 'sse' | 'json') =>
      legFiles(exchange, 1, { kind, leg: undefined }).map(({ name, bytes }) => [name, Buffer.from(bytes).toString()]);
    const lines = [created(), completed()].map((event) => JSON.stringify(event));
    const stream = lines.map((line) => `data: ${line}\n\n`).join('');
    expect(text('sse')).toEqual([
      ['001-upstream-response.sse', stream],
      ['001-client-response.sse', stream],
    ]);
    expect(text('json')[0]).toEqual(['001-client-request.json', JSON.stringify(CREATE)]);
    expect(text('json')[3]).toEqual(['001-client-response.json', `[\n${lines.join(',\n')}\n]\n`]);
  });

  it.each(SESSION_VERSIONS)('comes back from plain HAR with the messages that Codex %s exchanged', async (version) => {
    for (const session of socketSessions(version)) {
      const say = session.messages.map(([, type, text]) => (type === 'send' ? client(text) : server(text)));
      const whole = recordedSocket({ say });
      const folder = temporaryFolder();
      const [plain, path] = [join(folder, 'plain.har'), join(folder, 'again.har')];
      const pieces = exportHar(HEADER, [whole], { plain: true, side: 'client', tool: '1' });
      await writeFile(plain, Buffer.concat(await collect(pieces)));
      await importSource(await openSource(plain), {
        path,
        force: false,
        tool: '1',
        patterns: [],
        headers: [],
        gateway: undefined,
        protocolOf: (method, url, webSocket) => classify(webSocket ? 'POST' : method, url).protocol,
      });
      const again = (await readAll(path, { pristine: true })).exchanges;
      expect(again.flatMap((one) => one.client._webSocketMessages!.map(({ type, data }) => [type, data]))).toEqual(
        session.messages.map(([, type, text]) => [type, text]),
      );
      expect(again).toHaveLength(session.messages.filter(([, type]) => type === 'send').length);
      expect(again.map((one) => legOf(one, 'client-request')?.messages?.length)).toEqual(again.map(() => 1));
    }
  });
});
