import { answerItems } from '../../../src/conformance/provider/default-answer.ts';
import { startScriptedUpstream } from '../../../src/conformance/scripted-upstream.ts';
import { recordSession } from '../../../src/conformance/session.ts';
import { encodeBody } from '../../../src/decode/body.ts';

/** A text in which reads can be cut at all places that are hard. */
const HARD = 'höher 日本 🎞 "quoted" back\\slash\nand a second line';

/** Records one turn over a provider that speaks Chat Completions, asked for with a body that is coded with zstd. */
export async function recordHardTurn(path: string): Promise<void> {
  const upstream = await startScriptedUpstream({
    speaks: ['chat'],
    script: [{ when: {}, answer: answerItems({ items: [{ type: 'message', text: HARD }] }) }],
  });
  try {
    const request = {
      model: 'gpt-5.5',
      stream: true,
      store: false,
      include: [],
      input: 'Say something hard.',
      prompt_cache_key: 'x',
    };
    const body = await encodeBody(Buffer.from(JSON.stringify(request)), ['zstd']);
    await recordSession({ upstream: upstream.url, path, translation: { protocol: 'chat' } }, async (url) => {
      const headers = { 'content-type': 'application/json', 'content-encoding': 'zstd' };
      const response = await fetch(`${url}/responses`, { method: 'POST', headers, body: Buffer.from(body) });
      await response.text();
    });
  } finally {
    await upstream.close();
  }
}
