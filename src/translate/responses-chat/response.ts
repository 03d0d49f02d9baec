import { asArray, asObject, asString, type JsonObject } from '../../protocols/grammar.ts';
import { createLosses, type Losses } from '../shared/losses.ts';
import { createResponsesWriter } from '../shared/responses-writer.ts';
import type { BackContext, ResponseTranslation } from '../types.ts';
import { Answer } from './answer.ts';
import { numberCalls } from './call-list.ts';
import { type Ending, endingOf, failureOf } from './ends.ts';
import { type MessageScope, readMessage } from './message-fields.ts';
import { ANSWER_HOP } from './scope.ts';
import { isError } from './stream.ts';
import { OF_CHOICE, OF_COMPLETION, tellUnread } from './unread.ts';

const NO_ANSWER: Ending = { how: 'failed', code: 'server_error', message: "The provider's answer has no message." };

/** The provider's whole answer as a response. Takes any JSON object and never throws. */
export function translateResponse(completion: JsonObject, context: BackContext): ResponseTranslation {
  const losses = createLosses(ANSWER_HOP);
  const answer = new Answer(context, losses, createResponsesWriter(context, 'response'));
  const ending = isError(undefined, completion)
    ? failureOf(completion)
    : readCompletion(completion, { answer, losses, context });
  answer.finish(ending, completion.usage);
  return { body: answer.writer.response(), losses: losses.list };
}

function readCompletion(completion: JsonObject, scope: MessageScope): Ending {
  const { losses } = scope;
  tellUnread(completion, OF_COMPLETION, '', losses);
  const [choice, ...others] = asArray(completion.choices).map((value) => asObject(value) ?? {});
  if (others.length > 0) losses.add('/choices/1', 'part', 'a response is one answer: the first choice counts');
  const message = asObject(choice?.message);
  if (!choice || !message) return NO_ANSWER;
  tellUnread(choice, OF_CHOICE, '/choices/0', losses);
  readMessage(numberCalls(message), choice.logprobs, scope);
  return readEnding(choice.finish_reason, losses);
}

/** A whole answer is whole, even when it does not say why it ended. */
function readEnding(reason: unknown, losses: Losses): Ending {
  const said = asString(reason);
  if (said) return endingOf(said, losses);
  losses.add('/choices/0/finish_reason', 'value', 'the provider did not say why it stopped');
  return { how: 'completed' };
}
