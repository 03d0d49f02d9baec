import type { Protocol } from '../../../util/types.ts';
import type { Check, ConformanceProfile, Level } from '../../check.ts';
import type { Prompt } from '../../harness/prompt.ts';
import type { Said } from '../../harness/said.ts';
import type { Trial } from '../../harness/trial.ts';
import { answerItems } from '../../provider/default-answer.ts';
import type { ScriptedItem } from '../../provider/responses.ts';
import { startOf, startOfJson, tellEnding } from './words.ts';

/** Something that any capable model can be asked to do, of which the outcome shows on the client's side. */
export interface LiveRow {
  /** Last part of the check's id. */
  rule: string;
  requirement: string;
  level: Level;
  /** What the scripted upstream says in hermetic runs, request by request; the last one is said again. */
  play: readonly (readonly ScriptedItem[])[];
  run(t: Trial): Promise<void>;
}

const PROFILES: Record<Protocol, readonly ConformanceProfile[]> = {
  responses: ['codex', 'open-responses', 'openai'],
  chat: ['openai'],
  messages: ['anthropic'],
};

/** A check for each client protocol. */
export function liveChecks(rows: readonly LiveRow[]): Check[] {
  return (['responses', 'chat', 'messages'] as const).flatMap((client) => rows.map((row) => checkOf(row, client)));
}

function checkOf({ rule, requirement, level, play, run }: LiveRow, client: Protocol): Check {
  return {
    id: `${client}.live.${rule}`,
    revision: 1,
    ...{ requirement, level },
    source: 'what the protocol is for; a model that does not play along in three tries proves nothing',
    profiles: PROFILES[client],
    needs: 'model',
    clients: [client],
    async run(t) {
      if (!t.isLive)
        t.upstream.answer((request, context, nth) => {
          const items = play[Math.min(nth, play.length) - 1] ?? [];
          return answerItems({ items: [...items] })(request, context);
        });
      await run(t);
    },
  };
}

/** Models differ from one answer to the next; three tries are enough for what they can do at all. */
const TRIES = 3;

/** A provider that says no to a feature. */
const REFUSED: ReadonlySet<number> = new Set([400, 404, 415, 422, 501]);

/**
 * Asks until the model plays along. When it does not the check proves nothing with a real model, and has failed with a scripted one,
 * which always does.
 * @param done what it was to do: `call the tool`
 * @param optional a refusal says that there is no such feature
 */
export async function askUntil(
  t: Trial,
  prompt: Partial<Prompt>,
  { wanted, done, optional = false }: { wanted(said: Said): boolean; done: string; optional?: boolean },
): Promise<Said> {
  let said: Said | undefined;
  for (let tries = 0; tries < TRIES; tries++) {
    const reply = await t.call({ body: t.prompt(prompt) });
    if (optional && t.isLive && REFUSED.has(reply.status))
      return t.stop('unsupported', `refused with ${reply.status}: ${startOf(await reply.text(), 300)}`);
    said = await t.read(reply);
    if (wanted(said)) return said;
    // A scripted model would say the same again.
    if (!t.isLive) break;
  }
  const last =
    said!.text === '' ? `has no text, and ${tellEnding(said!.ending)}` : `said ${startOfJson(said!.text, 200)}`;
  return t.isLive
    ? t.stop('inconclusive', `the model did not ${done} in ${TRIES} tries; it ${last}`)
    : t.stop('fail', `the scripted model did ${done}, and did not get through: it ${last}`);
}
