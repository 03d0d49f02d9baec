import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { answerItems } from '../../../src/conformance/provider/default-answer.ts';
import { startScriptedUpstream } from '../../../src/conformance/scripted-upstream.ts';
import { runVitest } from './run-vitest.ts';

/** Records the cassettes of docs/example anew: `npx tsx test/replay/vitest/record-example.ts`. */
const example = fileURLToPath(new URL('../../../docs/example', import.meta.url));

const upstream = await startScriptedUpstream({
  seed: 'example',
  script: [
    {
      when: { body: (json) => String(json.input).includes('tape deck') },
      answer: answerItems({
        items: [{ type: 'message', text: 'A tape deck records sound on magnetic tape and plays it.' }],
      }),
    },
    {
      answer: {
        kind: 'body',
        status: 429,
        // The SDK asks three times otherwise.
        headers: { 'x-should-retry': 'false' },
        body: { error: { message: 'Rate limit reached.', type: 'requests', param: null, code: 'rate_limit_exceeded' } },
      },
    },
  ],
});
rmSync(`${example}/__cassettes__`, { recursive: true, force: true });
const env = { TAPEDECK_MODE: 'once', OPENAI_BASE_URL: upstream.url };
const { code, output } = await runVitest(example, env, ['explain.test.ts']);
await upstream.close();
console.log(output);
process.exitCode = code ?? 1;
