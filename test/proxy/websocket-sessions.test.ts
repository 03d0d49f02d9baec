import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WebSocketMessage } from '../../src/cassette/format.ts';
import type { RecordedExchange } from '../../src/cassette/legs.ts';
import { loadCassette, playSession, recordSession } from '../../src/conformance/session.ts';
import { validateExchange } from '../../src/validate/exchange.ts';
import { answerAsCaptured, SESSION_VERSIONS, sayAsCodex, socketSessions } from '../helpers/socket-sessions.ts';
import { serveSockets, type TestSocketServer } from '../helpers/websocket.ts';

const folder = mkdtempSync(join(tmpdir(), 'tapedeck-sessions-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let upstream: TestSocketServer;
beforeEach(async () => {
  upstream = await serveSockets();
});
afterEach(() => upstream.close());

function messagesIn(exchanges: readonly RecordedExchange[]): [WebSocketMessage['type'], string][] {
  return exchanges.flatMap(({ client }) =>
    client._webSocketMessages!.map(({ type, data }): [WebSocketMessage['type'], string] => [type, data]),
  );
}

describe.each(SESSION_VERSIONS)('captured connections of Codex %s', (version) => {
  const sessions = socketSessions(version).map((session, n) => ({ ...session, n }));

  it('are all here', () => {
    expect(sessions).toHaveLength({ '0.113.0': 2, '0.122.0': 21, '0.169.0': 26 }[version]);
  });

  it.each(sessions)('$scenario ($n): recorded, judged and played, no message changes', async (session) => {
    const path = join(folder, `${version}-${session.n}.har`);
    const answered = answerAsCaptured(upstream, session);
    const recorded = await recordSession({ upstream: upstream.url, path }, async (url) => {
      const heard = await sayAsCodex(url, session);
      await answered;
      return heard;
    });
    const received = session.messages.filter(([, type]) => type === 'receive').map(([, , text]) => text);
    expect(recorded.result).toEqual(received);
    expect(recorded.summary.exchanges).toBe(session.messages.filter(([, type]) => type === 'send').length);

    const { exchanges } = await loadCassette(path);
    expect(messagesIn(exchanges)).toEqual(session.messages.map(([, type, text]) => [type, text]));
    expect(exchanges.map(({ attempts }) => attempts[0]?._webSocketSameAs)).toEqual(exchanges.map(() => 'client'));
    expect(exchanges.at(-1)!.client._webSocketClose).toEqual({ by: 'client', code: 1006, reason: '' });

    const findings = exchanges.flatMap((exchange) => validateExchange(exchange, { profiles: ['tolerant', 'codex'] }));
    expect(findings).toEqual([]);

    const played = await playSession({ path, match: 'exact' }, (url) => sayAsCodex(url, session));
    expect(played.result).toEqual(received);
    expect(played.misses).toEqual([]);
    expect(played.leftovers).toEqual([]);
  });
});
