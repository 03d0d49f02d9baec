import { judgeAnswer } from '../../../oracle/codex/judge.ts';
import type { CodexSettings } from '../../../oracle/codex/types.ts';
import { MEASURED_VERSIONS } from '../../../oracle/codex/version.ts';
import type { Check } from '../../check.ts';
import type { ObservedSide } from '../../harness/observed.ts';
import type { Trial } from '../../harness/trial.ts';
import type { WireReply } from '../../harness/wire-client.ts';
import { createMint } from '../../provider/mint.ts';
import type { Answer, ReceivedRequest } from '../../script.ts';
import { findTool, OTHER_SCHEMA } from '../responses/offered.ts';
import { needStream } from '../shared/streams.ts';
import { BEHAVIOURS, type Behaviour } from './behaviours.ts';
import { answerSaid, answerSeen, compareVerdicts } from './verdict.ts';

/** How verdicts are compared, and of what. */
interface Judged extends Pick<Behaviour, 'also' | 'words' | 'pauseMs'> {
  kind: 'turn' | 'compact';
  versions: readonly string[];
  settings?: Partial<CodexSettings>;
}

/** Notes in what the client's answer leads a Codex elsewhere than the answer that the provider would have given it in Responses. */
function expectVerdicts(t: Trial, seen: ObservedSide, said: Answer, how: Judged): void {
  const { kind, versions, settings, also = [], words, pauseMs = 0 } = how;
  // A pause until a date is counted from one moment on both sides.
  const options = { ...settings, nowMs: seen.startedAt };
  for (const version of versions) {
    const got = judgeAnswer(version, kind, answerSeen(seen), options);
    const due = judgeAnswer(version, kind, answerSaid(said), options);
    for (const { message, ...how } of compareVerdicts(got, due, { also, words, pauseMs })) {
      const place = { where: 'answer', rule: got.rule, source: 'docs/codex.md' } as const;
      t.expect(false, `Codex ${version}: ${message}`, { ...place, ...how });
    }
  }
}

/** Whether a provider without custom tools was offered this one as a function that takes no text. */
export function lacksText(t: Trial, name: string): boolean {
  return t.upstream.calls.some(({ request: { protocol, json = {} } }) => {
    const found = protocol === 'responses' ? undefined : findTool(json, name);
    return found !== undefined && found.text === undefined;
  });
}

/** The answer of the same behaviour to Codex itself. */
function inResponses(t: Trial, says: Behaviour['says']): Answer {
  const [call] = t.upstream.calls;
  if (!call) return t.stop('inconclusive', 'no request of this check reached the upstream');
  const request: ReceivedRequest = { ...call.request, protocol: 'responses', json: { stream: true } };
  return says(request, { mint: createMint(t.marker), model: t.model });
}

async function finish(reply: WireReply): Promise<ObservedSide> {
  await reply.bytes();
  return reply.observed;
}

const COMMON = {
  revision: 2,
  level: 'must',
  profiles: ['codex'],
  needs: 'upstream',
  clients: ['responses'],
} as const;

const SOURCE =
  'docs/codex.md: what Codex 0.113.0, 0.122.0 and 0.169.0 do with an answer, measured and agreed with every capture';

const BEHAVIOUR_CHECKS = BEHAVIOURS.map((behaviour): Check => {
  const { name, what, says, prompt, provokes, upstreams, inStream, text, level = 'must', ...how } = behaviour;
  return {
    ...COMMON,
    level,
    id: `codex.answer.${name}`,
    requirement: `Codex does with ${what} behind the gateway what it does with it at the provider: it takes it, asks again, waits or ends.`,
    source: SOURCE,
    ...(upstreams ? { upstreams } : {}),
    ...(provokes ? { alone: 'provokes' as const } : {}),
    async run(t) {
      t.upstream.answer(says);
      const seen = await finish(await t.call({ body: t.prompt(prompt) }));
      if (inStream) needStream(t);
      if (text !== undefined && lacksText(t, text)) return t.stop('inconclusive', OTHER_SCHEMA);
      expectVerdicts(t, seen, inResponses(t, says), { ...how, kind: 'turn', versions: MEASURED_VERSIONS });
    },
  };
});

/** Codex's answers, judged by what is known of Codex. */
export const CODEX_ANSWER_CHECKS: readonly Check[] = BEHAVIOUR_CHECKS;
