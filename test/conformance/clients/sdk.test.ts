import { describe, expect, it } from 'vitest';
import { ANTHROPIC_SDK } from '../../../src/conformance/clients/anthropic-sdk.ts';
import { OPENAI_SDK } from '../../../src/conformance/clients/openai-sdk.ts';
import { sdkChecks } from '../../../src/conformance/clients/sdk-check.ts';
import type { CheckResult } from '../../../src/report/conformance/model.ts';
import { runAgainst } from '../defects/defect.ts';
import type { HopRequest } from '../defects/hop.ts';

const CHECKS = [
  ...sdkChecks(OPENAI_SDK, OPENAI_SDK.package.version),
  ...sdkChecks(ANTHROPIC_SDK, ANTHROPIC_SDK.package.version),
];

/** The SDKs are large modules. */
const LIMIT_MS = 120_000;

function outcomes(results: readonly CheckResult[]): string[] {
  return results.map(({ check, verdict }) => `${check} ${verdict}`);
}

describe('the official SDKs through a gateway', () => {
  it.each(['responses', 'chat', 'messages'] as const)(
    'get on with our own proxy, whose provider speaks %s',
    async (upstream) => {
      const results = await runAgainst({ upstream }, CHECKS, 10_000);
      expect(outcomes(results)).toEqual(CHECKS.map(({ id }) => `${id} pass`));
      expect(new Set(results.map(({ client }) => client))).toEqual(
        new Set(['openai 7.55.0', '@anthropic-ai/sdk 1.11.0']),
      );
    },
    LIMIT_MS,
  );

  it(
    'notice that results of tools are lost',
    async () => {
      const loseResults = (request: HopRequest) => {
        const text = JSON.stringify(request.json ?? {}).replaceAll('nine-degrees-and-rain', '');
        request.body = Buffer.from(text);
        request.headers['content-length'] = String(request.body.length);
        return undefined;
      };
      const tools = CHECKS.filter(({ id }) => /tool/.test(id));
      const results = await runAgainst({ back: { request: loseResults } }, tools, 10_000);
      // The answer that the client gets is the right one all the same.
      expect(outcomes(results)).toEqual(tools.map(({ id }) => `${id} fail`));
      expect(results[0]!.faults![0]!.message).toContain('nothing in request 2 for a turn');
    },
    LIMIT_MS,
  );

  it(
    'notice that streams have no end',
    async () => {
      const cut = (text: string) =>
        /message_stop|response\.completed|"finish_reason":"/.test(text) ? undefined : text;
      const streams = CHECKS.filter(({ id }) => id.endsWith('.stream'));
      const results = await runAgainst({ front: { event: cut } }, streams, 10_000);
      expect(outcomes(results)).toEqual(streams.map(({ id }) => `${id} fail`));
    },
    LIMIT_MS,
  );
});
