import type { Fields } from '../report/fields.ts';
import { isSameTool } from './calls.ts';
import { finding, type HopFinding } from './finding.ts';
import { type LeafDifference, leafDifferences } from './leaf-differences.ts';
import { readMeaning } from './request-meaning.ts';

/** What is lost with a field, by its pointer. */
const HARMS: readonly [RegExp, string][] = [
  [/^\/stream$/, 'Nothing is shown until the answer is over, and idle timers run meanwhile.'],
  [
    /^\/include(?:$|\/)/,
    'The encrypted reasoning does not come back, so the model begins to think anew with every request.',
  ],
  [/^\/store$/, "The provider's default counts: Responses keeps what is not told otherwise."],
  [/^\/prompt_cache_key$/, 'The provider finds its cache less often: slower and dearer.'],
  [/^\/previous_response_id$/, 'The conversation up to here is not there.'],
  [/^\/(?:input|messages|instructions|system)(?:\/|$)/, 'The model does not see what the client sent.'],
  [/^\/reasoning/, 'The model thinks as it does by default.'],
  [
    /^\/(?:text\/format|response_format|output_config\/format)/,
    'The answer need not have the form that was asked for.',
  ],
  [/^\/(?:max_output_tokens|max_completion_tokens|max_tokens)$/, 'The answer may be longer, or cut off sooner.'],
];

/** Members of items that the model does not get to see. */
const UNREAD = /\/(?:id|status|type|phase|annotations|logprobs|internal_chat_message_metadata_passthrough)(?:\/|$)/;

/** Leaf by leaf, of two bodies in one protocol. */
export function sameProtocol(before: Fields, after: Fields): HopFinding[] {
  const [asked, made] = [toolNames(before), toolNames(after)];
  return leafDifferences(before, after).map(({ kind, pointer, ...values }) => {
    const tool = /^\/tools\/\d+$/.test(pointer);
    if (tool) return toolFinding(kind, pointer, values, kind === 'added' ? asked : made);
    const harm = harmAt(pointer);
    // What is said in another form (a namespace as single tools) is told as that tool.
    const isHarmless = kind === 'added' || UNREAD.test(pointer) || pointer.startsWith('/tools/');
    return finding(kind, 'request', pointer, { ...values, harm: isHarmless ? undefined : harm });
  });
}

/** What is lost with what stands there; undefined where that is nothing that we know of. */
export function harmAt(pointer: string): string | undefined {
  return HARMS.find(([pattern]) => pattern.test(pointer))?.[1];
}

export const UNKNOWN_TOOL =
  'The client has no such tool: a call of it is of no use to it, unless the gateway runs it itself.';
export const UNCALLABLE = 'The model cannot call it.';

/** A tool that is on one side alone, by what it is and by what it is called. @param others names on the other side */
function toolFinding(
  kind: LeafDifference['kind'],
  pointer: string,
  { before, after }: Pick<LeafDifference, 'before' | 'after'>,
  others: readonly string[],
): HopFinding {
  const names = toolNames({ tools: [kind === 'added' ? after : before] });
  const missing = names.filter((name) => !others.some((other) => isSameTool(name, other) || isSameTool(other, name)));
  if (missing.length === 0) {
    const note = 'The other side has it in another form.';
    return finding(kind, 'request', pointer, { before, after, note });
  }
  const rest = kind === 'added' ? { note: UNKNOWN_TOOL } : { harm: UNCALLABLE };
  return finding(kind, 'request', pointer, { before, after, ...rest });
}

function toolNames(body: Fields): string[] {
  return readMeaning('responses', body).tools.map(({ name }) => name);
}
