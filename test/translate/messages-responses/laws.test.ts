import type { JsonObject } from '../../../src/protocols/grammar.ts';
import { asArray, asObject } from '../../../src/protocols/grammar.ts';
import { assembleMessages } from '../../../src/protocols/messages/assemble.ts';
import { messagesResponses } from '../../../src/translate/messages-responses/hop.ts';
import { readCases } from '../../helpers/translation-fixtures.ts';
import { describeLaws } from '../../helpers/translation-laws.ts';

const REQUEST = { model: 'claude-opus-5', max_tokens: 1000, messages: [], stream: true };

describeLaws({
  cases: readCases('messages-responses', messagesResponses, REQUEST),
  hop: messagesResponses,
  assemble: assembleMessages,
  normalize,
  explained: [
    /^\/temperature 1$/,
    /^\/speed "standard"$/,
    // Said as `default`, and as a summary of the reasoning or none.
    /^\/service_tier "standard_only"$/,
    /^\/thinking\/display "(?:summarized|omitted)"$/,
    // A search that the provider ran comes back under its own id.
    /"srvtoolu_ws_\d"$/,
    // What we sealed ourselves comes back as it was, the text in its parts (seal.test.ts).
    /^\/messages\/1\/content\/\d\/(?:data|signature) "tdr1\./,
    /^\/messages\/1\/content\/\d\/thinking "one\\n\\ntwo"$/,
  ],
  excused: [],
});

/** The input of a call that was cut: the assembler keeps its text, a whole answer must have an object. */
function normalize(answer: JsonObject): unknown {
  const content = asArray(answer.content).map((value) => {
    const block = asObject(value) ?? {};
    return typeof block.input === 'string' ? { ...block, input: {} } : block;
  });
  return { ...answer, content };
}
