import type { Loss, LossWeight } from '../util/types.ts';

/** Losses that change nothing, and why. */
export interface HintRule {
  why: string;
  /** JSON pointers in the source; `*` is one step, `**` any number of them, or none. */
  paths?: readonly string[];
  /** The loss says by itself that nothing changes, wherever it is. */
  reason?: RegExp;
}

/**
 * What may be missing without a change in what the model is told, may do and must keep to, or in what the client is told of the
 * answer. Every other loss is semantic, so that a loss nobody has thought of is one as well.
 */
export const HINTS: readonly HintRule[] = [
  {
    why: 'the provider keeps no answers, and Tapedeck remembers them where the client counts on it',
    paths: ['/store'],
  },
  {
    why: 'notes of the client, and who it is, are not told to the model',
    paths: [
      '/metadata',
      '/metadata/*',
      '/client_metadata',
      '/user',
      '/safety_identifier',
      '/user_profile_id',
      '/workspace_id',
      '/input/*/internal_chat_message_metadata_passthrough',
    ],
  },
  {
    why: 'a cache changes the price and the time alone',
    paths: [
      '/prompt_cache_key',
      '/prompt_cache_options',
      '/prompt_cache_retention',
      '/diagnostics',
      '/**/cache_control',
      '/**/prompt_cache_breakpoint',
    ],
  },
  {
    why: 'a tier, a speed and a prediction change the price and the time alone',
    paths: ['/service_tier', '/speed', '/prediction'],
  },
  {
    why: 'how a stream is cut into events is not what it says',
    paths: ['/stream_options', '/stream_options/*', '/tools/*/eager_input_streaming'],
  },
  {
    why: 'a wish for more in the answer than the provider has to tell',
    paths: ['/include', '/include/*', '/reasoning/summary', '/reasoning/generate_summary'],
  },
  {
    why: 'a wish for the manner of telling, which no answer can break',
    paths: ['/text/verbosity', '/verbosity'],
  },
  {
    why: 'names and states of items are for finding them again; calls and outputs have ids of their own, which are carried',
    paths: ['/input/*/id', '/input/*/status', '/text/format/name'],
  },
  {
    why: 'thoughts of earlier turns that the provider does not get are losses by themselves',
    paths: ['/reasoning/context'],
  },
  {
    why: 'the provider ignores thoughts of other turns',
    reason: /^the provider takes back the thoughts of turns with tool calls alone$/,
  },
  {
    why: 'another field says the same, and holds',
    reason:
      /^a later item of the input sets it anew$|^`max_completion_tokens` says another bound, and holds$|^`tool_choice` says another choice, and holds$|^`effort` says how much to think, and holds$/,
  },
  {
    why: 'counts and names by which a provider accounts for its answer',
    paths: ['/usage/*/**', '/tool_usage', '/system_fingerprint', '/request_id'],
  },
];

/** As parts of a pattern. */
const STEPS: Readonly<Record<string, string>> = { '*': '/[^/]+', '**': '(?:/[^/]+)*' };

const HINT_PATH = new RegExp(`^(?:${HINTS.flatMap(({ paths = [] }) => paths.map(patternOf)).join('|')})$`);

const HINT_REASON = new RegExp(HINTS.flatMap(({ reason }) => (reason ? [reason.source] : [])).join('|'));

/** How much a loss matters. */
export function weighLoss({ path, reason }: Loss): LossWeight {
  return HINT_PATH.test(path) || HINT_REASON.test(reason) ? 'hint' : 'semantic';
}

/** How many losses there are of each weight. */
export function countLosses(losses: readonly Loss[]): Record<LossWeight, number> {
  const semantic = losses.filter((loss) => weighLoss(loss) === 'semantic').length;
  return { hint: losses.length - semantic, semantic };
}

function patternOf(path: string): string {
  return path
    .split('/')
    .map((step) => STEPS[step] ?? `/${step}`)
    .slice(1)
    .join('');
}
