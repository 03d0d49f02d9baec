import { assembleChat } from '../../../src/protocols/chat/assemble.ts';
import { asArray, asObject, type JsonObject } from '../../../src/protocols/grammar.ts';
import { chatResponses } from '../../../src/translate/chat-responses/hop.ts';
import { readCases } from '../../helpers/translation-fixtures.ts';
import { describeLaws } from '../../helpers/translation-laws.ts';

const REQUEST = { model: 'gpt-5.5', messages: [], stream: true, stream_options: { include_usage: true } };

describeLaws({
  cases: readCases('chat-responses', chatResponses, REQUEST),
  hop: chatResponses,
  assemble: assembleChat,
  normalize,
  explained: [
    /^\/n 1$/,
    /^\/(?:presence|frequency)_penalty 0$/,
    /^\/modalities\/0 "text"$/,
    // Calls stand in their order.
    /^\/messages\/\d+\/tool_calls\/\d+\/index \d$/,
    // There is nothing to choose from.
    /^\/tool_choice "none"$/,
  ],
  // OpenAI's own chunks have neither; DeepSeek and many others stream the first, OpenAI's search models the second.
  excused: [/reasoning_content/, /annotations/],
});

/** Chunks tell no null fields and index their calls; the assembler keeps no logprobs, and joins the chunks of a `function_call` by the last. */
function normalize(answer: JsonObject): unknown {
  return {
    ...answer,
    // The first event of a lenient server does not say when it began.
    created: 0,
    choices: asArray(answer.choices).map((value) => {
      const { logprobs: _, message, ...choice } = asObject(value) ?? {};
      const { refusal, function_call: __, tool_calls: calls, ...rest } = asObject(message) ?? {};
      const plain = asArray(calls).map((call) => ({ ...asObject(call), index: undefined }));
      return { ...choice, message: { ...rest, refusal: refusal ?? null, tool_calls: plain } };
    }),
  };
}
