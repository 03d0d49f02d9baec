import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { answerItems } from '../../../src/conformance/provider/default-answer.ts';
import { type AnswerContext, type ReceivedRequest, truncate } from '../../../src/conformance/script.ts';
import type { Protocol } from '../../../src/util/types.ts';
import { failuresOf, post, record, replay, resultsOf, say, verdictsOf } from './recorded.ts';

const ASK: Record<Protocol, { path: string; body: (stream: boolean) => Record<string, unknown> }> = {
  responses: { path: '/responses', body: (stream) => ({ model: 'm', stream, store: false, input: 'hi' }) },
  chat: {
    path: '/chat/completions',
    body: (stream) => ({ model: 'm', stream, messages: [{ role: 'user', content: 'hi' }] }),
  },
  messages: {
    path: '/messages',
    body: (stream) => ({ model: 'm', stream, max_tokens: 100, messages: [{ role: 'user', content: 'hi' }] }),
  },
};

const WAYS = (['responses', 'chat', 'messages'] as const).flatMap((client) =>
  (['responses', 'chat', 'messages'] as const).map((upstream) => [client, upstream] as const),
);

/** A made-up key, joined so that it is not taken for one. */
const KEY = ['sk', '-proj-', 'Qa8Lw2Xv7Rt4Yb9Nc3Md6Kf1Hg5Js0Pz'].join('');

describe('a recorded session', () => {
  it.each(WAYS)('of a client of %s and a provider of %s replays', async (client, upstream) => {
    const { path, body } = ASK[client];
    const cassette = await record(
      { speaks: [upstream], translation: { protocol: upstream, map: ['m=other'] } },
      async (url) => {
        await post(url, path, body(true));
        await post(url, path, body(false));
      },
    );
    const result = await replay(cassette);
    expect(failuresOf(result)).toEqual([]);
    const same = client === upstream;
    const one = 'both sides speak the same protocol';
    expect(verdictsOf(result, 'request.translation')).toEqual(same ? [one, one] : ['passed', 'passed']);
    expect(verdictsOf(result, 'stream.translation')).toEqual(same ? [one, one] : ['passed', 'the answer came whole']);
    expect(verdictsOf(result, 'response.translation')).toEqual(
      same ? [one, one] : ['the answer is a stream', 'passed'],
    );
    expect(verdictsOf(result, 'losses.equal')).toEqual(same ? [one, one] : ['passed', 'passed']);
    const translated = `it was translated (${client}->${upstream})`;
    expect(verdictsOf(result, 'passthrough.equal')).toEqual(Array(4).fill(same ? 'passed' : translated));
  });

  it('whose protocol was found out replays attempt by attempt', async () => {
    const cassette = await record({ speaks: ['chat'], translation: { protocol: 'auto' } }, (url) =>
      post(url, '/responses', ASK.responses.body(true)),
    );
    const result = await replay(cassette);
    expect(failuresOf(result)).toEqual([]);
    expect(resultsOf(result, 'request.translation').map(({ attempt, verdict }) => [attempt, verdict])).toEqual([
      [1, 'not-applicable'],
      [2, 'passed'],
    ]);
    expect(verdictsOf(result, 'passthrough.equal')).toEqual([
      'passed',
      'it was translated (responses->chat)',
      'it was translated (responses->chat)',
    ]);
  });

  it('that goes on by previous_response_id replays, whichever of its exchanges is asked for', async () => {
    const script = [say('First.'), say('Second.')];
    const cassette = await record({ speaks: ['chat'], script, translation: { protocol: 'chat' } }, async (url) => {
      const first = JSON.parse(await post(url, '/responses', { model: 'm', input: 'one' }));
      await post(url, '/responses', { model: 'm', input: 'two', previous_response_id: first.id });
    });
    expect(failuresOf(await replay(cassette))).toEqual([]);
    const second = await replay(cassette, { filter: 'x2 request.translation' });
    expect(verdictsOf(second, 'request.translation')).toEqual(['passed']);
    const parts = await Promise.all(['1/2', '2/2'].map((shard) => replay(cassette, {}, shard)));
    expect(parts.flatMap(failuresOf)).toEqual([]);
    expect(parts.flatMap(({ exchanges }) => exchanges.map(({ id }) => id)).sort()).toEqual(['x1', 'x2']);
  });

  it('with a secret in it is compared by its placeholders', async () => {
    const cassette = await record(
      { speaks: ['chat'], script: [say(`You said ${KEY}.`)], translation: { protocol: 'chat' } },
      (url) => post(url, '/responses', { model: 'm', stream: true, store: false, input: `The key is ${KEY}.` }),
    );
    expect(await readFile(cassette, 'utf8')).not.toContain(KEY);
    const result = await replay(cassette);
    expect(failuresOf(result)).toEqual([]);
    expect(verdictsOf(result, 'request.translation')).toEqual(['passed']);
    expect(verdictsOf(result, 'redaction.complete')).toEqual(['passed']);
    expect(verdictsOf(result, 'stream.translation')).toEqual(['passed']);
  });

  it('in which the client went away replays up to there', async () => {
    const long = answerItems({ items: [{ type: 'message', text: 'word '.repeat(400) }] });
    const script = [{ when: { turn: true as const }, answer: long }];
    const cassette = await record(
      { speaks: ['messages'], script, translation: { protocol: 'messages' } },
      async (url) => {
        const controller = new AbortController();
        const headers = { 'content-type': 'application/json' };
        const body = JSON.stringify(ASK.responses.body(true));
        const response = await fetch(`${url}/responses`, { method: 'POST', headers, body, signal: controller.signal });
        await response.body!.getReader().read();
        controller.abort();
      },
    );
    expect(failuresOf(await replay(cassette))).toEqual([]);
  });

  it.each(['end', 'reset'] as const)('whose provider broke off (%s) passes, and says so', async (ending) => {
    const script = [
      {
        when: { turn: true as const },
        answer: (request: ReceivedRequest, context: AnswerContext) =>
          truncate(
            answerItems({ items: [{ type: 'message', text: 'cut in the middle' }] })(request, context),
            3,
            ending,
          ),
      },
    ];
    const cassette = await record({ speaks: ['chat'], script, translation: { protocol: 'chat' } }, (url) =>
      post(url, '/responses', ASK.responses.body(true)),
    );
    const result = await replay(cassette);
    expect(failuresOf(result)).toEqual([]);
    expect(verdictsOf(result, 'stream.translation')).toEqual(['passed']);
    const [upstream] = resultsOf(result, 'stream.grammar');
    expect(upstream).toMatchObject({ leg: 'upstream-response', verdict: 'passed' });
    expect(upstream!.notes!.join()).toMatch(/^broken off upstream, and told so/);
  });

  it('in which Tapedeck counted tokens or refused is judged by what there is', async () => {
    const translation = { protocol: 'chat' as const, onLoss: 'reject' as const };
    const cassette = await record({ speaks: ['chat'], translation }, async (url) => {
      const { max_tokens: _, ...count } = ASK.messages.body(false);
      await post(url, '/messages/count_tokens', count);
      await post(url, '/responses', {
        ...ASK.responses.body(false),
        prompt_cache_key: 'x',
        include: [],
        truncation: 'auto',
      });
    });
    const result = await replay(cassette);
    expect(failuresOf(result)).toEqual([]);
    expect(verdictsOf(result, 'response.translation')).toEqual(['passed', 'there is no upstream side']);
  });

  it('of another gateway is judged by what does not depend on who made it', async () => {
    const cassette = await record({ speaks: ['chat'], translation: { protocol: 'chat' } }, (url) =>
      post(url, '/responses', ASK.responses.body(true)),
    );
    const document = JSON.parse(await readFile(cassette, 'utf8'));
    for (const entry of document.log.entries) entry._producer = { name: 'litellm' };
    await writeFile(cassette, JSON.stringify(document));
    const result = await replay(cassette);
    expect(failuresOf(result)).toEqual([]);
    const other = 'the upstream side was made by litellm';
    for (const check of ['request.translation', 'response.translation', 'stream.translation', 'losses.equal']) {
      expect(verdictsOf(result, check)).toEqual([other]);
    }
    expect(verdictsOf(result, 'passthrough.equal')).toEqual(['it was made by litellm', 'it was made by litellm']);
    expect(verdictsOf(result, 'stream.grammar')).toEqual(['passed', 'passed']);
    expect(result.edited).toBe(true);
  });

  it('from before the dialect was recorded is not guessed at', async () => {
    const cassette = await record({ speaks: ['chat'], translation: { protocol: 'chat' } }, (url) =>
      post(url, '/responses', ASK.responses.body(true)),
    );
    const document = JSON.parse(await readFile(cassette, 'utf8'));
    for (const entry of document.log.entries) delete entry._producer.dialect;
    await writeFile(cassette, JSON.stringify(document));
    expect(verdictsOf(await replay(cassette), 'request.translation')).toEqual([
      'the cassette does not say which dialect was in force',
    ]);
  });
});
