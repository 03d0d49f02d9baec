import { asArray, asObject, asString, type JsonObject } from '../../protocols/grammar.ts';
import { type FieldTable, reportUnread } from '../shared/fields.ts';
import { createLosses, type Losses } from '../shared/losses.ts';
import { applyDialect } from '../shared/responses-body.ts';
import { ResponsesCalls } from '../shared/responses-calls.ts';
import { createToolNames } from '../shared/tool-names.ts';
import type { Refusal, RequestTranslation, TranslateContext } from '../types.ts';
import { CACHING } from './content.ts';
import { translateMessages } from './messages.ts';
import { PARAMETERS, translateParameters } from './parameters.ts';
import { translateToolChoice, translateTools } from './tools.ts';

export const REQUEST_HOP = 'messages->responses';

/** A Messages request as a Responses request. */
export function translateRequest(body: JsonObject, context: TranslateContext): RequestTranslation | Refusal {
  if (body.thread !== undefined && body.thread !== null) return refuseThread();
  const losses = createLosses(REQUEST_HOP);
  const names = createToolNames(context.dialect.toolNames);
  const calls = new ResponsesCalls(context);
  const tools = translateTools(body.tools, names, losses);
  const translated: JsonObject = {
    ...(body.model !== undefined && { model: body.model }),
    ...translateSystem(body.system, losses),
    input: translateMessages(body.messages, { calls, names, context, losses }),
    ...(tools.length > 0 && { tools }),
    ...translateToolChoice(body, tools, names, losses),
    ...translateParameters(body, tools, context, losses),
  };
  reportUnread(body, '', 'parameter', PARAMETERS, losses);
  const plan = {
    request: body,
    model: asString(body.model) ?? '',
    tools: names.tools,
    callIds: calls.callIds,
    stream: body.stream === true,
  };
  return { body: applyDialect(translated, context, losses), losses: losses.list, plan };
}

/**
 * A thread continues a conversation that the server keeps, and Responses providers keep none of ours: without it the model would
 * see the last message alone. Anthropic's SDKs (1.11.0, Python 2.11.0) know this error and send the whole conversation again.
 */
function refuseThread(): Refusal {
  const message = 'The provider speaks Responses and keeps no threads: send the whole conversation in `messages`.';
  return {
    problem: { status: 400, code: 'thread_unsupported_request', message },
    details: { error_code: 'thread_unsupported_request', unsupported: ['thread'] },
  };
}

const SYSTEM_BLOCK: FieldTable = {
  read: ['type', 'text'],
  lost: { cache_control: CACHING, citations: 'Responses takes no citations' },
  neutral: { citations: [[]] },
};

/** Blocks are paragraphs of their own. */
function translateSystem(system: unknown, losses: Losses): JsonObject {
  if (typeof system === 'string') return system === '' ? {} : { instructions: system };
  const texts = asArray(system).flatMap((value, index) => {
    const block = asObject(value) ?? {};
    const text = asString(block.text);
    if (text === undefined) losses.add(`/system/${index}`, 'part', 'instructions are text');
    reportUnread(block, `/system/${index}`, 'field', SYSTEM_BLOCK, losses);
    return text === undefined ? [] : [text];
  });
  return texts.length === 0 ? {} : { instructions: texts.join('\n\n') };
}
