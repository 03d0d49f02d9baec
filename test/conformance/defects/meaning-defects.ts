import type { Defect } from './defect.ts';
import { CLIENT_KEY } from './defect.ts';
import { breaker, dropField, onEvents, onHead, onRequests, turnsOf } from './edit.ts';
import type { Json } from './hop.ts';

const JSON_HEADERS = { 'content-type': 'application/json' };

/** Defects in what a model or a client is told. */
export const MEANING_DEFECTS: readonly Defect[] = [
  ...(['store', 'include', 'prompt_cache_key', 'instructions', 'max_output_tokens', 'safety_identifier'] as const).map(
    (field): Defect => ({
      id: `drops-${field}`,
      what: `\`${field}\` is dropped with a 200`,
      seen: 'gateways-measured: store, include, prompt_cache_key, previous_response_id dropped; gateways.md section 4',
      back: dropField(field),
      caughtBy: {
        store: 'responses.field.store-false',
        include: 'responses.field.include',
        prompt_cache_key: 'cache.key.prompt-cache-key',
        instructions: 'responses.field.instructions',
        max_output_tokens: 'responses.field.max-output-tokens',
        safety_identifier: 'responses.field.safety-identifier',
      }[field],
    }),
  ),
  {
    id: 'parallel-overwritten',
    what: 'parallel_tool_calls: false becomes true',
    seen: 'gateways-measured: CLIProxyAPI',
    back: onRequests((json) => {
      if ('parallel_tool_calls' in json) json.parallel_tool_calls = true;
    }),
    caughtBy: 'responses.field.parallel-tool-calls-false',
  },
  {
    id: 'foreign-tool',
    what: 'a tool that nobody offered is added',
    seen: 'gateways-measured: image_generation (CLIProxyAPI), dummy_tool (LiteLLM)',
    back: onRequests((json) => {
      json.tools = [
        ...((json.tools as Json[]) ?? []),
        { type: 'function', name: 'dummy_tool', parameters: { type: 'object' } },
      ];
    }),
    upstream: 'responses',
    client: 'chat',
    caughtBy: 'translate.request.no-invented-tools',
  },
  {
    id: 'tool-lost',
    what: 'only the first tool is kept',
    seen: 'peers.md: llm-relay keeps 7 of 12',
    back: onRequests((json) => {
      if (Array.isArray(json.tools)) json.tools = json.tools.slice(0, 1);
    }),
    upstream: 'chat',
    caughtBy: 'translate.request.tools',
  },
  {
    id: 'string-input-lost',
    what: 'input that is a string becomes no message at all',
    seen: 'gateways-measured: CLIProxyAPI over Messages',
    front: onRequests((json) => {
      if (typeof json.input === 'string') json.input = [];
    }),
    caughtBy: 'responses.request.same-string-input',
  },
  {
    id: 'system-to-user',
    what: 'instructions become something that the user said',
    seen: 'gateways-measured: developer becomes user (CLIProxyAPI on Chat)',
    back: onRequests((json) => {
      for (const turn of turnsOf(json)) if (turn.role === 'system' || turn.role === 'developer') turn.role = 'user';
    }),
    upstream: 'chat',
    caughtBy: 'translate.request.system',
  },
  {
    id: 'system-lost',
    what: 'system texts are dropped',
    seen: 'gateways-measured: developer messages lost (codex-api-proxy chat)',
    back: onRequests((json) => {
      delete json.system;
      if (Array.isArray(json.messages))
        json.messages = turnsOf(json).filter(({ role }) => role !== 'system' && role !== 'developer');
    }),
    upstream: 'messages',
    caughtBy: 'translate.request.system',
  },
  {
    id: 'image-lost',
    what: 'images are dropped',
    seen: 'gateways.md: text-only converters',
    back: onRequests((json) => {
      for (const turn of turnsOf(json))
        if (Array.isArray(turn.content))
          turn.content = (turn.content as Json[]).filter(({ type }) => !/image/.test(String(type)));
    }),
    upstream: 'chat',
    caughtBy: 'translate.request.image',
  },
  {
    id: 'history-reversed',
    what: 'the history comes in another order',
    seen: 'converters that sort by kind',
    back: onRequests((json) => {
      if (Array.isArray(json.messages)) json.messages.reverse();
    }),
    upstream: 'chat',
    caughtBy: 'translate.request.history',
  },
  {
    id: 'orphan-result',
    what: 'a call is dropped and its result stays',
    seen: 'gateways-measured: local_shell (CLIProxyAPI, LiteLLM)',
    back: onRequests((json) => {
      for (const turn of turnsOf(json)) delete turn.tool_calls;
    }),
    upstream: 'chat',
    caughtBy: 'translate.request.call-and-result',
  },
  {
    id: 'arguments-reencoded',
    what: 'arguments of calls lose their escapes',
    seen: 'gateways.md section 4: unicode and newline fidelity',
    back: onRequests((json) => {
      for (const turn of turnsOf(json))
        for (const call of (turn.tool_calls as { function: Json }[]) ?? [])
          call.function.arguments = String(call.function.arguments).replaceAll('\\n', ' ');
    }),
    upstream: 'chat',
    caughtBy: 'translate.request.call-and-result',
  },
  {
    id: 'parallel-results-swapped',
    what: 'two results change places',
    seen: 'gateways.md section 4: parallel-call ordering',
    back: onRequests((json) => {
      const results = turnsOf(json).filter(({ role }) => role === 'tool');
      const [a, b] = results;
      if (a && b) [a.content, b.content] = [b.content, a.content];
    }),
    upstream: 'chat',
    caughtBy: 'translate.request.parallel-calls',
  },
  {
    id: 'asks-for-a-document',
    what: 'a stream is asked for as a document and cut up afterwards',
    seen: 'gateways-measured: LiteLLM with an unknown model; CCR over Messages',
    back: dropField('stream', 'stream_options'),
    upstream: 'chat',
    caughtBy: 'translate.request.stream',
  },
  {
    id: 'foreign-fields-up',
    what: 'fields of Responses leak into a Chat body',
    seen: 'gateways-measured: GoModel',
    back: onRequests((json) => {
      json.include = ['reasoning.encrypted_content'];
    }),
    upstream: 'chat',
    caughtBy: 'translate.request.strict',
  },
  {
    id: 'developer-in-messages',
    what: 'a developer role stands in a Messages body',
    seen: 'gateways-measured: GoModel',
    back: onRequests(
      (json) =>
        void (Array.isArray(json.messages) && json.messages.unshift({ role: 'developer', content: 'Be short.' })),
    ),
    upstream: 'messages',
    caughtBy: 'translate.request.strict',
  },
  {
    id: 'schema-lost',
    what: 'the schema of the answer is dropped',
    seen: 'gateways-measured: four gateways',
    back: dropField('response_format', 'output_config'),
    upstream: 'chat',
    caughtBy: 'translate.request.schema',
  },
  {
    id: 'usage-in-chat-names',
    what: 'response.completed has prompt_tokens',
    seen: 'gateways-measured: GoModel; Codex fails with "missing field input_tokens"',
    front: onEvents((data) => {
      const response = data.response as Json | undefined;
      if (data.type !== 'response.completed' || !response) return data;
      const { input_tokens, output_tokens, total_tokens } = response.usage as Json;
      const usage = { prompt_tokens: input_tokens, completion_tokens: output_tokens, total_tokens };
      return { ...data, response: { ...response, usage } };
    }),
    caughtBy: 'translate.answer.usage-names',
  },
  {
    id: 'usage-inflated',
    what: 'input tokens are 2,000 more',
    seen: 'peers.md: 9router, omniroute',
    front: onEvents((data) => {
      const response = data.response as { usage?: Json } | undefined;
      if (response?.usage) response.usage.input_tokens = Number(response.usage.input_tokens) + 2000;
      return data;
    }),
    caughtBy: 'translate.answer.usage-stream',
  },
  {
    id: 'usage-lost-in-chat',
    what: 'a Chat stream has no usage though it was asked for',
    seen: 'peers.md: galaxy; gateways-measured: GoModel',
    front: onEvents((data) => (data.usage ? undefined : data)),
    client: 'chat',
    caughtBy: 'translate.answer.usage-stream',
  },
  {
    id: 'arguments-twice',
    what: 'the arguments of a call come twice',
    seen: 'gateways-measured: LiteLLM with an unknown model',
    front: onEvents((data) => {
      const delta = (data.choices as { delta?: { tool_calls?: { function?: Json }[] } }[] | undefined)?.[0]?.delta;
      for (const call of delta?.tool_calls ?? [])
        if (call.function?.arguments) call.function.arguments = `${call.function.arguments}${call.function.arguments}`;
      return data;
    }),
    client: 'chat',
    caughtBy: 'translate.answer.call-stream',
  },
  {
    id: 'both-calls-index-0',
    what: 'two calls of one answer have the index 0',
    seen: 'gateways-measured: LiteLLM over Chat',
    front: onEvents((data) => {
      const delta = (data.choices as { delta?: { tool_calls?: { index: number }[] } }[] | undefined)?.[0]?.delta;
      for (const call of delta?.tool_calls ?? []) call.index = 0;
      return data;
    }),
    client: 'chat',
    caughtBy: 'translate.answer.parallel-calls-stream',
  },
  {
    id: 'call-lost-in-stream',
    what: 'calls are lost, in the stream only',
    seen: 'gateways-measured: the tool call lost in one direction only',
    front: onEvents((data) =>
      /"(?:tool_use|input_json_delta)"/.test(JSON.stringify(data)) && /block_(?:start|delta)/.test(String(data.type))
        ? undefined
        : data,
    ),
    client: 'messages',
    caughtBy: 'translate.answer.call-stream',
  },
  {
    id: 'text-lost-beside-call',
    what: 'a text before a call is lost',
    seen: 'gateways-measured: codex-api-proxy messages',
    front: {
      body(text) {
        const json = JSON.parse(text) as { output?: Json[] };
        if (json.output?.some(({ type }) => type === 'function_call'))
          json.output = json.output.filter(({ type }) => type !== 'message');
        return JSON.stringify(json);
      },
    },
    caughtBy: 'translate.answer.text-and-call-json',
  },
  {
    id: 'text-trimmed',
    what: 'the text of a document is trimmed',
    seen: 'gateways-measured: codex-api-proxy; peers.md: CCR',
    front: { body: (text) => text.replaceAll('\\ttab', 'tab') },
    caughtBy: 'translate.answer.text-json',
  },
  {
    id: 'thoughts-as-text',
    what: 'thoughts are told as text',
    seen: 'local servers with <think> in the text',
    front: onEvents((data) => {
      const delta = (data.choices as { delta?: Json }[] | undefined)?.[0]?.delta;
      if (delta?.reasoning_content) {
        delta.content = delta.reasoning_content;
        delete delta.reasoning_content;
      }
      return data;
    }),
    client: 'chat',
    caughtBy: 'translate.answer.reasoning',
  },
  {
    id: 'cut-is-completed',
    what: 'a cut stream ends as a completed one',
    seen: 'gateways-measured: codex-api-proxy; gateways.md section 4',
    front: {
      end: {
        append:
          'event: response.completed\ndata: {"type":"response.completed","sequence_number":99,"response":{"id":"resp_x","object":"response","status":"completed","output":[]}}\n\n',
      },
    },
    caughtBy: 'errors.mid-stream.clean-end',
  },
  {
    id: 'silent-end',
    what: 'a reset of the provider ends the body as if nothing were missing',
    seen: 'gateways-measured: GoModel 6 of 6; peers.md: Portkey, 9router',
    front: { end: 'clean-although-broken' },
    caughtBy: 'errors.mid-stream.reset-told',
  },
  {
    id: 'error-event-lost',
    what: "the provider's error event is left out",
    seen: 'gateways-measured: codex-api-proxy: the stream just ends',
    front: { event: (text) => (/response\.failed/.test(text) ? undefined : text) },
    caughtBy: 'errors.mid-stream.error-event-told',
  },
  {
    id: 'retry-after-lost',
    what: 'Retry-After is lost',
    seen: 'gateways-measured: CLIProxyAPI, GoModel, LiteLLM; peers.md: CCR, galaxy',
    front: onHead({ 'retry-after': undefined }),
    caughtBy: 'errors.retry-after.429-seconds',
  },
  {
    id: 'rate-limit-is-200',
    what: '429 becomes 200',
    seen: 'peers.md: codex-universal-proxy',
    front: {
      head: (head) => {
        if (head.status === 429) head.status = 200;
      },
    },
    caughtBy: 'errors.status.429-stream',
  },
  {
    id: 'everything-is-503',
    what: 'every error is folded into 503',
    seen: 'gateways.md section 4: CCX; peers.md: 9router',
    front: {
      head: (head) => {
        if (head.status >= 400) head.status = 503;
      },
    },
    caughtBy: 'errors.status.400-stream',
  },
  {
    id: 'string-errors',
    what: '`error` is a bare string',
    seen: 'gateways-measured: CLIProxyAPI',
    front: {
      body: (text, { status }) => (status >= 400 ? JSON.stringify({ error: 'made-up failure of the provider' }) : text),
    },
    caughtBy: 'errors.status.429-stream',
  },
  {
    id: 'messages-error-shape',
    what: "errors on /v1/messages have OpenAI's shape",
    seen: 'gateways-measured: CLIProxyAPI: no Anthropic shape',
    front: {
      body: (text, { status }) =>
        status >= 400 ? JSON.stringify({ error: (JSON.parse(text) as { error: object }).error }) : text,
    },
    client: 'messages',
    caughtBy: 'errors.status.400-json',
  },
  {
    id: 'message-lost',
    what: "the provider's message is lost",
    seen: 'gateways-measured: "unknown provider for model"',
    front: { body: (text) => text.replaceAll('made-up failure of the provider', 'Something went wrong.') },
    caughtBy: 'errors.status.400-stream',
  },
  {
    id: 'hidden-retries',
    what: 'a 429 is asked for three times more behind the back of the client',
    seen: 'gateways-measured: GoModel, four requests in 6.8 s',
    front: { retry: { status: 429, times: 3 } },
    caughtBy: 'errors.hidden.no-retries-on-429',
  },
  {
    id: 'cooldown',
    what: 'after one 429 everything is refused without asking the provider',
    seen: 'gateways-measured: CLIProxyAPI',
    front: (() => {
      let refused = 0;
      return {
        request() {
          if (refused-- <= 0) return;
          return {
            status: 429,
            headers: JSON_HEADERS,
            body: '{"error":{"message":"cooling down","type":"rate_limit","code":"cooldown","param":null}}',
          };
        },
        head(head: { status: number }) {
          if (head.status === 429) refused = 1;
        },
      };
    })(),
    caughtBy: 'errors.cooldown.next-request',
  },
  {
    id: 'web-page-passed-as-200',
    what: "a provider's 502 page becomes 200",
    seen: 'gateways-measured: upstream failures as 200 with no bytes',
    front: {
      head: (head) => {
        if (head.status === 502) head.status = 200;
      },
    },
    caughtBy: 'errors.strange.web-page',
  },
  {
    id: 'document-cut',
    what: 'a document is cut in its middle',
    seen: 'assumed: a buffer of a fixed size',
    front: { body: (text, { status }) => (status === 200 ? text.slice(0, text.length >> 1) : text) },
    client: 'chat',
    caughtBy: 'chat.valid.text-json',
  },
  {
    id: 'compaction-forgotten',
    what: 'a compaction is dropped on the next turn, and instructions are added',
    seen: 'gateways.md section 4: compaction; CCX, whose converters know no such item',
    front: onRequests((json) => {
      json.input = turnsOf(json).filter(({ type }) => type !== 'compaction');
      json.instructions = 'Made-up instructions of a gateway, which knows better what a model needs to be told.';
    }),
    caughtBy: 'responses.compact.turned-back',
  },
  {
    id: 'stays-down',
    what: 'three failures of the provider, and nothing is let through any more',
    seen: 'assumed: a breaker that nothing closes',
    front: breaker(Number.POSITIVE_INFINITY, '/responses'),
    caughtBy: 'errors.recovery.after-failures',
  },
  {
    id: 'ids-made-anew',
    what: 'a made-up id stands at the front of the prompt, another one each time',
    seen: 'gateways.md: regenerated ids; the provider caches nothing',
    back: (() => {
      let count = 0;
      return onRequests((json) => {
        const [first] = turnsOf(json);
        if (first) first.id = `msg_${count++}`;
      });
    })(),
    caughtBy: 'cache.prefix.session',
  },
  {
    id: 'date-in-system',
    what: 'the time stands in the instructions',
    seen: 'gateways that add a date',
    back: (() => {
      let count = 0;
      return onRequests((json) => {
        json.instructions = `It is second ${count++}. ${json.instructions ?? ''}`;
      });
    })(),
    caughtBy: 'cache.prefix.same-bytes',
  },
  {
    id: 'cache-control-lost',
    what: 'cache_control marks are lost',
    seen: 'gateways.md section 2',
    back: onRequests((json) => {
      if (Array.isArray(json.system)) for (const block of json.system as Json[]) delete block.cache_control;
    }),
    client: 'messages',
    caughtBy: 'cache.key.cache-control',
  },
  {
    id: 'key-passed-on',
    what: "the client's key goes to the provider as well",
    seen: 'pass-through gateways with a key of their own',
    back: {
      request: (request) => {
        request.headers['x-client-key'] = CLIENT_KEY;
      },
    },
    caughtBy: 'security.keys.client-key-stays',
  },
  {
    id: 'models-without-key',
    what: 'the model list is given to everybody',
    seen: 'gateways that leave /models open',
    front: {
      request: ({ url }) =>
        url.endsWith('/models')
          ? { status: 200, headers: JSON_HEADERS, body: '{"object":"list","data":[]}' }
          : undefined,
    },
    caughtBy: 'security.auth.route-models',
  },
  {
    id: 'no-key-is-500',
    what: 'a missing key is answered with 500',
    seen: 'gateways-measured: LiteLLM',
    front: {
      head: (head) => {
        if (head.status === 401) head.status = 500;
      },
    },
    caughtBy: 'security.auth.no-key',
  },
  {
    id: 'key-echoed',
    what: 'the refusal repeats the key',
    seen: 'error texts with the key in them',
    front: {
      body: (text, { status }) =>
        status === 401
          ? text.replace('another key', `another key than ${['sk', 'tapedeck', 'wrong', 'key'].join('-')}`)
          : text,
    },
    caughtBy: 'security.keys.not-echoed',
  },
];
