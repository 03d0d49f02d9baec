import { beforeAll, expect, it } from 'vitest';
import { claudeCodeBinary } from '../../src/conformance/claude-code.ts';
import { claudeCodeChecks } from '../../src/conformance/clients/claude-code-checks.ts';
import { codexChecks } from '../../src/conformance/clients/codex-checks.ts';
import { codexBinary } from '../../src/conformance/install-codex.ts';
import type { CheckResult } from '../../src/report/conformance/model.ts';
import { runAgainst } from '../conformance/defects/defect.ts';
import type { HopRequest } from '../conformance/defects/hop.ts';
import { VERSIONS } from './helpers.ts';

const CHECKS = [
  ...codexChecks(VERSIONS.map((version) => ({ version, path: () => codexBinary(version) }))),
  ...claudeCodeChecks({ version: '2.1.329', path: () => claudeCodeBinary('2.1.329') }),
];

const LIMIT_MS = 400_000;

beforeAll(async () => {
  for (const version of VERSIONS) await codexBinary(version);
  await claudeCodeBinary('2.1.329');
});

function notPassed(results: readonly CheckResult[]): string[] {
  return results.flatMap(({ check, client, verdict }) => (verdict === 'pass' ? [] : [`${check} ${client} ${verdict}`]));
}

it.each([undefined, 'chat', 'messages'] as const)(
  'real clients get on with our own proxy (provider: %s)',
  async (upstream) => {
    const results = await runAgainst({ upstream }, CHECKS, 10_000);
    // It knows no WebSocket yet.
    expect(notPassed(results)).toEqual(['codex.real.websocket Codex 0.113.0 not-applicable']);
    expect(results).toHaveLength(CHECKS.length);
  },
  LIMIT_MS,
);

/** A gateway that loses what commands wrote; the client is told the right text all the same. */
function loseOutput(request: HopRequest): undefined {
  request.body = Buffer.from(JSON.stringify(request.json ?? {}).replaceAll(/(?:first|second|left|right|reel)-\d/g, ''));
  request.headers['content-length'] = String(request.body.length);
}

it(
  'a gateway that loses the results of tools is found out by what the provider got',
  async () => {
    const tools = CHECKS.filter(({ id, client }) => /tool/.test(id) && !/0\.1[12]/.test(client!));
    const results = await runAgainst({ back: { request: loseOutput } }, tools, 10_000);
    expect(results.map(({ check, verdict, control }) => `${check} ${verdict} ${control}`)).toEqual(
      tools.map(({ id }) => `${id} fail pass`),
    );
  },
  LIMIT_MS,
);
