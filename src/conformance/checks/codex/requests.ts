import { judgeAnswer } from '../../../oracle/codex/judge.ts';
import type { CodexKind, CodexSettings } from '../../../oracle/codex/types.ts';
import { type Check, OWN_PROVIDER } from '../../check.ts';
import { type ClientSession, createSession, openingItems, requestBody } from '../../client-request.ts';
import { WEATHER_TOOL } from '../../harness/prompt.ts';
import type { Trial } from '../../harness/trial.ts';
import type { WireReply } from '../../harness/wire-client.ts';
import { holdsText } from '../shared/strings.ts';
import { compactionHeaders, type HeaderChanges, headersOf0113, headersOf0122, NO_SESSION } from './identities.ts';
import { answerSeen } from './verdict.ts';

type Json = Record<string, unknown>;

const EXEC = { type: 'function', strict: false, ...WEATHER_TOOL, name: 'exec_command' };
const PATCH = {
  ...{ type: 'custom', name: 'apply_patch', description: 'Changes files.' },
  format: { type: 'grammar', syntax: 'lark', definition: 'start: /.+/' },
};
const SEARCH = { type: 'web_search', external_web_access: false };
const CALC = { type: 'namespace', name: 'mcp__calc', description: 'Made up.', tools: [{ ...EXEC, name: 'add' }] };
const SCHEMA = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false };
const SEALED = { include: ['reasoning.encrypted_content'] };

/** What every Codex up to 0.161 says in the same way. */
const OLD = { instructions: 'Be short.', tool_choice: 'auto', parallel_tool_calls: true, store: false, stream: true };

function sessionOf(t: Trial): ClientSession {
  return createSession(t.marker, t.model, 1_767_225_600_000);
}

/** Requests as versions of Codex write them, as far as gateways have stumbled over them. */
const FORMS: readonly {
  name: string;
  version: string;
  what: string;
  headers?(session: ClientSession): HeaderChanges;
  body(t: Trial): Json;
}[] = [
  {
    name: '0.113',
    version: '0.113.0',
    what: 'of 0.113.0 with a model that it does not know: `reasoning` is null, `include` is empty, the metadata of the turn is short',
    headers: headersOf0113,
    body: (t) => t.prompt({ more: { ...OLD, tools: [EXEC, SEARCH], reasoning: null, include: [] } }),
  },
  {
    name: '0.122',
    version: '0.122.0',
    what: 'of 0.122.0: metadata of the client, a namespace, a custom tool',
    headers: headersOf0122,
    body: (t) =>
      t.prompt({
        more: {
          ...{
            ...OLD,
            ...SEALED,
            tools: [EXEC, PATCH, CALC, SEARCH],
            reasoning: { effort: 'medium', summary: 'auto' },
          },
          ...{ prompt_cache_key: 'made-up', client_metadata: { 'x-codex-installation-id': 'made-up' } },
        },
      }),
  },
  {
    name: '0.169',
    version: '0.169.0',
    what: 'of 0.169.0: no `instructions`, items with ids, a developer first',
    body: (t) => {
      return requestBody(sessionOf(t), openingItems(t.marker, `Say something. [${t.marker}]`)) as Json;
    },
  },
  {
    name: 'no-session',
    version: '0.169.0',
    what: 'that names no session, neither in its headers nor in its body',
    headers: () => NO_SESSION,
    body(t) {
      const items = openingItems(t.marker, `Say something. [${t.marker}]`);
      const { client_metadata: _, prompt_cache_key: __, ...body } = requestBody(sessionOf(t), items) as Json;
      return body;
    },
  },
  {
    name: '0.169-lite',
    version: '0.169.0',
    what: 'of 0.169.0 with its default models: all tools in an item of the input',
    body: (t) => {
      const functions = {
        ...{ type: 'namespace', name: 'functions', description: 'Made up.' },
        tools: [{ type: 'custom', name: 'exec', description: 'Runs code.', format: { type: 'text' } }],
      };
      const tools = { type: 'additional_tools', role: 'developer', tools: [functions] };
      const items = [tools, ...openingItems(t.marker, `Say something. [${t.marker}]`)];
      const { tools: _, ...body } = requestBody(sessionOf(t), items) as Json;
      return { ...body, reasoning: { effort: 'medium', context: 'all_turns' } };
    },
  },
  {
    name: 'output-schema',
    version: '0.169.0',
    what: 'with `--output-schema`',
    body: (t) =>
      t.prompt({
        more: { text: { format: { type: 'json_schema', strict: true, name: 'codex_output_schema', schema: SCHEMA } } },
      }),
  },
];

async function verdictOf(
  t: Trial,
  version: string,
  kind: CodexKind,
  reply: WireReply,
  settings: Partial<CodexSettings>,
) {
  await reply.bytes();
  const verdict = judgeAnswer(version, kind, answerSeen(reply.observed), settings);
  const told = `Codex ${version} would ${verdict.action}: ${verdict.reason} (${verdict.rule})`;
  const [refused] = t.upstream.refusals;
  const because = refused ? `; the provider refused the gateway's request: ${refused.message}` : '';
  t.expect(verdict.action === 'accept', `${told}${because}`, {
    ...{ where: 'answer', rule: verdict.rule, source: 'docs/codex.md' },
  });
}

const COMMON = {
  revision: 2,
  level: 'must',
  profiles: ['codex'],
  needs: 'upstream',
  clients: ['responses'],
} as const;

/** What the different versions of Codex ask. */
export const CODEX_REQUEST_CHECKS: readonly Check[] = [
  ...FORMS.map(
    ({ name, version, what, headers, body }): Check => ({
      ...COMMON,
      id: `codex.request.${name}`,
      requirement: `A request ${what}, is answered with what Codex takes, and the provider is told what the user said.`,
      source: `Codex ${version}, measured; measured: refused for fields, items or tools that the gateway does not know`,
      async run(t) {
        const reply = await t.call({ body: body(t), headers: headers?.(sessionOf(t)) ?? {} });
        await verdictOf(t, version, 'turn', reply, {});
        const sent = t.upstream.calls.at(-1)?.request.json;
        if (sent) t.expect(holdsText(sent, t.marker), 'what the user said is lost', { where: 'upstream request' });
      },
    }),
  ),
  {
    ...COMMON,
    id: 'codex.compact.inline',
    codex: OWN_PROVIDER,
    requirement: 'Codex from 0.140 on takes the answer to a turn that ends in `compaction_trigger` for a compaction.',
    source:
      'docs/codex.md; Codex 0.142.5, 0.155.1 and 0.169.0, measured: exactly one compaction item, or the turn is lost',
    async run(t) {
      const session = sessionOf(t);
      const said = openingItems(t.marker, `The word is tamarind. [${t.marker}]`);
      const body = requestBody(session, [...said, { type: 'compaction_trigger' }], 'compaction');
      const reply = await t.call({ body, headers: compactionHeaders(session) });
      await verdictOf(t, '0.169.0', 'compact', reply, { compactForm: 'inline' });
    },
  },
  {
    ...COMMON,
    level: 'should',
    id: 'codex.compact.endpoint',
    codex: OWN_PROVIDER,
    requirement: 'Codex up to 0.139 takes the answer of /responses/compact for a compaction.',
    source: 'docs/codex.md; Codex 0.113.0 and 0.122.0, measured: only at a provider named "OpenAI"',
    async run(t) {
      const { stream: _, store: __, ...body } = t.prompt({ text: 'The word is tamarind.' });
      const reply = await t.call({ path: '/responses/compact', body: { instructions: 'Be short.', ...body } });
      if ([404, 405, 501].includes(reply.status))
        return t.stop('unsupported', `the gateway has no /responses/compact: ${reply.status}`);
      for (const version of ['0.113.0', '0.122.0']) await verdictOf(t, version, 'compact', reply, {});
    },
  },
];
