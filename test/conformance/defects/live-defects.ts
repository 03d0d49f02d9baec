import type { Defect } from './defect.ts';
import { onEvents } from './edit.ts';
import type { Hooks, Json } from './hop.ts';

/** The whole text of a stream of Responses in its first piece. */
function inOnePiece(): Hooks {
  return onEvents((data) => {
    if (data.type !== 'response.output_text.delta') return data;
    return data.delta === 'one' ? { ...data, delta: WHOLE } : undefined;
  });
}

const WHOLE = 'one two three four five six seven eight nine ten '.repeat(4).trim();

/** Changes the text of an answer of Chat Completions that is streamed. */
function onChatChoice(change: (choice: Json) => Json): Hooks {
  return onEvents((data) => {
    const choices = (data.choices as Json[] | undefined) ?? [];
    return choices.length > 0 ? { ...data, choices: choices.map(change) } : data;
  });
}

const wrapped = onChatChoice((choice) => {
  const delta = (choice.delta ?? {}) as Json;
  const content =
    typeof delta.content === 'string' && delta.content.startsWith('{') ? `\`\`\`json\n${delta.content}` : delta.content;
  return { ...choice, delta: content === undefined ? delta : { ...delta, content } };
});

/** What a real model shows of a gateway, too: nothing of it needs a look at the provider's side. */
export const LIVE_DEFECTS: readonly Defect[] = [
  {
    id: 'live-no-text',
    what: 'the pieces of a text are lost, and so is the text at the end',
    seen: 'gateways-measured: empty answers with 200',
    caughtBy: 'responses.live.text',
    front: onEvents((data) => {
      if (/output_text|content_part|output_item/.test(String(data.type))) return undefined;
      return data.response ? { ...data, response: { ...(data.response as Json), output: [] } } : data;
    }),
  },
  {
    id: 'live-no-end',
    what: 'the reason of the end is lost',
    seen: 'gateways.md section 4: streams without an end',
    client: 'messages',
    upstream: 'messages',
    caughtBy: 'messages.live.text',
    front: onEvents((data) => (data.type === 'message_delta' ? undefined : data)),
  },
  {
    id: 'live-call-without-id',
    what: 'calls have no id',
    seen: 'gateways-measured: ids made anew or left out',
    client: 'chat',
    upstream: 'chat',
    caughtBy: 'chat.live.tool-call',
    front: onChatChoice((choice) => {
      const delta = (choice.delta ?? {}) as { tool_calls?: Json[] } & Json;
      if (!delta.tool_calls) return choice;
      return { ...choice, delta: { ...delta, tool_calls: delta.tool_calls.map(({ id: _, ...call }) => call) } };
    }),
  },
  {
    id: 'live-arguments-cut',
    what: 'the last piece of the arguments of a call is lost',
    seen: 'gateways.md section 4: arguments cut',
    client: 'messages',
    upstream: 'messages',
    caughtBy: 'messages.live.tool-call',
    front: onEvents((data) =>
      String((data.delta as Json | undefined)?.partial_json ?? '').endsWith('}') ? undefined : data,
    ),
  },
  {
    id: 'live-call-ends-as-stop',
    what: 'a document with a call ends as `stop`',
    seen: 'gateways-measured: calls that no client runs',
    client: 'chat',
    upstream: 'chat',
    caughtBy: 'chat.live.tool-call-document',
    front: { body: (text) => text.replace('"finish_reason":"tool_calls"', '"finish_reason":"stop"') },
  },
  {
    id: 'live-one-piece',
    what: 'a whole text comes in one piece',
    seen: 'gateways-measured: documents that are cut up afterwards',
    caughtBy: 'responses.live.pieces',
    front: inOnePiece(),
  },
  {
    id: 'live-no-usage',
    what: 'the tokens of an answer are zero',
    seen: 'gateways-measured: zeros instead of numbers',
    client: 'chat',
    upstream: 'chat',
    caughtBy: 'chat.live.usage',
    front: onEvents((data) =>
      data.usage ? { ...data, usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 } } : data,
    ),
  },
  {
    id: 'live-letters-harmed',
    what: 'letters of other scripts become replacement characters',
    seen: 'gateways.md section 4: unicode fidelity',
    client: 'messages',
    upstream: 'messages',
    caughtBy: 'messages.live.letters',
    front: onEvents((data) => JSON.parse(JSON.stringify(data).replace(/世/g, '\ufffd')) as Json),
  },
  {
    id: 'live-json-in-markdown',
    what: 'JSON of a structured answer stands in a block of Markdown',
    seen: 'models behind converters that know no schema',
    client: 'chat',
    upstream: 'chat',
    caughtBy: 'chat.live.structured-output',
    front: wrapped,
  },
  {
    id: 'live-image-refused',
    what: 'a request with an image is refused with 400',
    seen: 'gateways.md: text-only converters',
    caughtBy: 'responses.live.image',
    front: {
      request: ({ json }) =>
        JSON.stringify(json ?? '').includes('"input_image"')
          ? { status: 400, headers: { 'content-type': 'application/json' }, body: '{"error":{"message":"no images"}}' }
          : undefined,
    },
  },
];
