import { offsetOfPointer } from '../../decode/json.ts';
import { asObject, asString, parseData } from '../../protocols/grammar.ts';
import { compactRequest } from '../../translate/compaction.ts';
import type { BackContext, Hop, Refusal, TranslateContext } from '../../translate/types.ts';
import { fromUtf8 } from '../../util/bytes.ts';
import type { Loss, Protocol } from '../../util/types.ts';
import type { Translation } from './setup.ts';
import { unlessTooDeep } from './too-deep.ts';

/** A request as it goes up, and what the way back needs. */
export interface Prepared {
  body: Buffer;
  /** Whether a stream is asked for. */
  stream: boolean;
  losses: readonly Loss[];
  /** The name that a rule gave the model. */
  model?: string;
  /** Absent: client and upstream speak the same protocol, and the answer passes untouched. */
  back?: { hop: Hop; context: BackContext; compact: boolean };
}

export interface PrepareOptions {
  client: Protocol;
  upstream: Protocol;
  /** The request is one to `/responses/compact`. */
  compact: boolean;
  translation: Pick<Translation, 'hop' | 'models'>;
  context: TranslateContext;
}

/** Translates a decoded request body, or gives it another model's name where that is all there is to do. */
export function prepareRequest(bytes: Buffer, options: PrepareOptions): Prepared | Refusal {
  return unlessTooDeep<Prepared | Refusal>(
    () => prepare(bytes, options),
    () => refuse('The request body is nested too deeply to be translated.'),
  );
}

function refuse(message: string): Refusal {
  return { problem: { status: 400, code: 'invalid_json', message } };
}

function prepare(bytes: Buffer, options: PrepareOptions): Prepared | Refusal {
  const { client, upstream, compact, translation, context } = options;
  const text = fromUtf8(bytes);
  const body = asObject(parseData(text));
  const hop = translation.hop(client, upstream);
  if (!body) {
    // What is no request is the provider's to refuse, unless it has to be read.
    if (!hop) return { body: bytes, stream: false, losses: [] };
    return refuse('The request body is no JSON object.');
  }
  const model = asString(body.model);
  const mapped = model === undefined ? undefined : translation.models(model);
  const renamed = mapped === undefined ? {} : { model: mapped };
  if (!hop) {
    const named = mapped === undefined ? bytes : renameModel(text, mapped);
    return { body: named, stream: body.stream === true, losses: [], ...renamed };
  }
  const named = mapped === undefined ? body : { ...body, model: mapped };
  const translated = hop.request(compact ? compactRequest(named) : named, context);
  if ('problem' in translated) return translated;
  const plan = { ...translated.plan, request: body, model: model ?? translated.plan.model };
  const { dialect, now, newId } = context;
  const prepared: Prepared = {
    body: Buffer.from(JSON.stringify(translated.body)),
    stream: plan.stream,
    losses: translated.losses,
    back: { hop, context: { dialect, now, newId, plan }, compact },
  };
  if (mapped !== undefined) prepared.model = mapped;
  return prepared;
}

/** Puts the name into the text as it is: what else the client wrote stays byte for byte. */
function renameModel(text: string, model: string): Buffer {
  const at = offsetOfPointer(text, '/model');
  const old = at === undefined ? null : /^"(?:[^"\\]|\\.)*"/.exec(text.slice(at));
  if (at === undefined || !old) return Buffer.from(text);
  return Buffer.from(text.slice(0, at) + JSON.stringify(model) + text.slice(at + old[0].length));
}
