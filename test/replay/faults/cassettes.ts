import {
  type CassetteFault,
  CHAT,
  editAnswer,
  editEvents,
  editRequest,
  editRequestJson,
  editStream,
  MESSAGES,
  placeOf,
  side,
  TEXT,
  ZSTD,
} from './kit.ts';

const DELTA = 'response.function_call_arguments.delta';

/** Made up, and joined so that it is not taken for a key. */
const KEY = ['sk', '-proj-', 'Zq8Lw2Xv7Rt4Yb9Nc3Md6Kf1Hg5Js0Pa'].join('');

/** Faults of a recorded client stream: what the translator makes is then something else. */
const STREAMS: CassetteFault[] = [
  {
    name: 'a dropped delta',
    cassette: CHAT,
    change: (entries) => editEvents(entries, 'x1', 'client', (all) => all.toSpliced(placeOf(all, DELTA), 1)),
    check: 'stream.translation',
    says: /event \d+ \(response\.function_call_arguments\.delta\) differs at \/delta/,
  },
  {
    name: 'a delta twice',
    cassette: MESSAGES,
    change: (entries) =>
      editEvents(entries, 'x1', 'client', (all) => all.toSpliced(placeOf(all, DELTA), 0, all[placeOf(all, DELTA)]!)),
    check: 'stream.translation',
    says: /event \d+ .*differs at \/delta/,
  },
  {
    name: 'two deltas merged into one event',
    cassette: MESSAGES,
    change: (entries) =>
      editEvents(entries, 'x1', 'client', (all) => {
        const at = placeOf(all, DELTA);
        return all.toSpliced(at, 2, all[at]!.replace('echo"', 'echo tapedeck\\"}"'));
      }),
    check: 'stream.translation',
    says: /differs at \/delta/,
  },
  {
    name: 'swapped events',
    cassette: CHAT,
    change: (entries) =>
      editEvents(entries, 'x1', 'client', (all) => {
        const at = placeOf(all, 'response.output_item.added');
        return all.toSpliced(at, 2, all[at + 1]!, all[at]!);
      }),
    check: 'stream.translation',
    says: /event \d+ is response\.output_item\.added and should be/,
  },
  {
    name: 'a swapped output index',
    cassette: CHAT,
    change: (entries) =>
      editEvents(entries, 'x1', 'client', (all) =>
        all.with(placeOf(all, DELTA), all[placeOf(all, DELTA)]!.replace(/"output_index":\d/, '"output_index":7')),
      ),
    check: 'stream.translation',
    says: /\/output_index/,
  },
  {
    name: 'wrong usage',
    cassette: CHAT,
    change: (entries) =>
      editStream(entries, 'x2', 'client', (text) => text.replace(/"input_tokens":\d+/, '"input_tokens":99999')),
    check: 'stream.translation',
    says: /response\.completed\) differs at \/response\/usage\/input_tokens/,
  },
  {
    name: 'a missing terminal event',
    cassette: CHAT,
    change: (entries) => editEvents(entries, 'x3', 'client', (all) => all.slice(0, -1)),
    check: 'stream.translation',
    says: /event \d+ \(response\.completed\) is one too many/,
  },
  {
    name: 'a missing terminal event that the grammar sees',
    cassette: MESSAGES,
    change: (entries) => editEvents(entries, 'x3', 'client', (all) => all.slice(0, -1)),
    check: 'stream.grammar',
    says: /client-response.*ended before response\.completed/,
  },
  {
    name: 'an event after the terminal one',
    cassette: CHAT,
    change: (entries) =>
      editEvents(entries, 'x3', 'client', (all) => [...all, all[placeOf(all, 'response.output_text.delta')]!]),
    check: 'stream.grammar',
    says: /client-response event \d+/,
  },
  {
    name: 'arguments in another JSON form',
    cassette: CHAT,
    change: (entries) =>
      editStream(entries, 'x1', 'client', (text) => text.replaceAll('{\\"cmd\\":\\"', '{\\"cmd\\": \\"')),
    check: 'stream.translation',
    says: /differs at \/(?:delta|arguments|item\/arguments)/,
  },
  {
    name: 'an item id of another exchange',
    cassette: MESSAGES,
    change: (entries) =>
      editStream(entries, 'x1', 'client', (text) => text.replace(/"item_id":"fc_[^"]+"/, '"item_id":"fc_0"')),
    check: 'stream.translation',
    says: /differs at \/item_id/,
  },
  {
    name: 'a seed that is not that of the exchange',
    cassette: CHAT,
    change: (entries) => {
      for (const entry of entries.filter(({ _exchange }) => _exchange === 'x1')) entry._seed = '1-0000000000000000';
    },
    check: 'stream.translation',
    says: /event 1 \(response\.created\) differs at \/response\/id/,
  },
  {
    name: 'a gap in the sequence numbers',
    cassette: CHAT,
    change: (entries) =>
      editStream(entries, 'x1', 'client', (text) => text.replace('"sequence_number":4}', '"sequence_number":40}')),
    check: 'stream.grammar',
    says: /sequence_number/,
  },
  {
    name: 'a changed reason to stop',
    cassette: MESSAGES,
    change: (entries) =>
      editStream(entries, 'x3', 'upstream', (text) =>
        text.replace('"stop_reason":"end_turn"', '"stop_reason":"max_tokens"'),
      ),
    check: 'stream.translation',
    says: /event \d+ (?:is|\().*response\.(?:completed|incomplete|output_item\.done)/,
  },
  {
    name: 'a changed text upstream',
    cassette: CHAT,
    change: (entries) => editStream(entries, 'x3', 'upstream', (text) => text.replace('" letters."', '" figures."')),
    check: 'stream.translation',
    says: /response\.output_text\.delta\) differs at \/delta/,
  },
  {
    name: 'a comment line that nobody sent',
    cassette: CHAT,
    change: (entries) => editStream(entries, 'x1', 'client', (text) => `: hello\n\n${text}`),
    check: 'stream.translation',
    says: /framed in another way from byte 0/,
  },
  {
    name: 'another status for the client',
    cassette: CHAT,
    change: (entries) => {
      side(entries, 'x1', 'client').response.status = 201;
    },
    check: 'stream.translation',
    says: /the status is 200 and should be 201/,
  },
];

const REQUESTS: CassetteFault[] = [
  {
    name: 'a lost `stream_options`',
    cassette: CHAT,
    change: (entries) => editRequestJson(entries, 'x1', 'upstream', (body) => delete body.stream_options),
    check: 'request.translation',
    says: /differs at \/stream_options/,
  },
  {
    name: 'a lost tool',
    cassette: MESSAGES,
    change: (entries) => editRequestJson(entries, 'x1', 'upstream', (body) => body.tools.pop()),
    check: 'request.translation',
    says: /differs at \/tools\/\d/,
  },
  {
    name: 'messages in another order',
    cassette: CHAT,
    change: (entries) => editRequestJson(entries, 'x2', 'upstream', (body) => body.messages.reverse()),
    check: 'request.translation',
    says: /differs at \/messages\/0/,
  },
  {
    name: 'another call id',
    cassette: CHAT,
    change: (entries) =>
      editRequestJson(entries, 'x2', 'upstream', (body) => {
        body.messages.find((one: { role: string }) => one.role === 'tool').tool_call_id = 'call_0';
      }),
    check: 'request.translation',
    says: /\/messages\/\d+\/tool_call_id/,
  },
  {
    name: 'fields in another order',
    cassette: CHAT,
    change: (entries) =>
      editRequest(entries, 'x1', 'upstream', (text) => {
        const { model, ...rest } = JSON.parse(text);
        return JSON.stringify({ ...rest, model });
      }),
    check: 'request.translation',
    says: /the same JSON, written in another way at byte \d+/,
  },
  {
    name: 'a request written with blanks',
    cassette: MESSAGES,
    change: (entries) =>
      editRequest(entries, 'x1', 'upstream', (text) => text.replace('"stream":true', '"stream": true')),
    check: 'request.translation',
    says: /written in another way at byte \d+/,
  },
  {
    name: 'a model that a rule should have renamed',
    cassette: CHAT,
    change: (entries) => {
      side(entries, 'x1', 'upstream')._producer.model = 'deepseek-chat';
    },
    check: 'request.translation',
    says: /differs at \/model/,
  },
  {
    name: 'another dialect than was in force',
    cassette: CHAT,
    change: (entries) => {
      side(entries, 'x1', 'upstream')._producer.dialect = 'mistral';
    },
    check: 'request.translation',
    says: /differs at \//,
  },
  {
    name: 'a dialect that is gone',
    cassette: CHAT,
    change: (entries) => {
      side(entries, 'x1', 'upstream')._producer.dialect = 'nobody';
    },
    check: 'request.translation',
    says: /no dialect "nobody" of chat/,
  },
  {
    name: 'a prompt that did not get through',
    cassette: MESSAGES,
    change: (entries) =>
      editRequest(entries, 'x1', 'client', (text) => text.replace('Print the name tapedeck', 'Print the name')),
    check: 'request.translation',
    says: /differs at \/messages\//,
  },
  {
    name: 'a lost loss',
    cassette: CHAT,
    change: (entries) => {
      side(entries, 'x1', 'client')._losses!.shift();
    },
    check: 'losses.equal',
    says: /differs at \/0/,
  },
  {
    name: 'a loss that nobody had',
    cassette: MESSAGES,
    change: (entries) => {
      side(entries, 'x2', 'client')._losses!.push({
        hop: 'responses->messages',
        path: '/x',
        kind: 'field',
        reason: 'why not',
      });
    },
    check: 'losses.equal',
    says: /differs at \/\d+/,
  },
];

const ANSWERS: CassetteFault[] = [
  {
    name: 'another error message',
    cassette: 'translated/0.169.0-chat-rate-limit',
    change: (entries) => editAnswer(entries, 'x1', 'upstream', (text) => text.replace('Rate limit', 'Some limit')),
    check: 'response.translation',
    says: /differs at \/error\/message/,
  },
  {
    name: 'an error that became a success',
    cassette: 'translated/0.169.0-chat-rate-limit',
    change: (entries) => {
      side(entries, 'x1', 'client').response.status = 200;
    },
    check: 'response.translation',
    says: /the status is 429 and should be 200/,
  },
  {
    name: 'another summary of a compacted conversation',
    cassette: 'translated/0.113.0-messages-compact',
    change: (entries) => editAnswer(entries, 'x2', 'client', (text) => text.replace(/tdc1\.\w{4}/, 'tdc1.AAAA')),
    check: 'response.translation',
    says: /differs at \/output\/0\/encrypted_content/,
  },
  {
    name: 'an end that the provider never came to',
    cassette: 'translated/0.169.0-chat-truncated',
    change: (entries) =>
      editStream(entries, 'x1', 'client', (text) => text.replaceAll('response.failed', 'response.completed')),
    check: 'stream.grammar',
    says: /response\.completed claims an end, but the upstream stream broke off/,
  },
  {
    name: 'an end that was told as a failure',
    cassette: 'translated/0.169.0-messages-truncated',
    change: (entries) =>
      editStream(entries, 'x1', 'client', (text) => text.replaceAll('response.failed', 'response.completed')),
    check: 'stream.translation',
    says: /is response\.failed and should be response\.completed/,
  },
];

const PASSED: CassetteFault[] = [
  {
    name: 'a lost `store`',
    cassette: TEXT,
    change: (entries) => editRequest(entries, 'x1', 'upstream', (text) => text.replace('"store":false,', '')),
    check: 'passthrough.equal',
    says: /upstream-request: differs at \/store/,
  },
  {
    name: 'numbers written in another way',
    cassette: TEXT,
    change: (entries) =>
      editRequest(entries, 'x1', 'upstream', (text) => text.replace('"stream":true', '"stream" :true')),
    check: 'passthrough.equal',
    says: /upstream-request: the same JSON, written in another way/,
  },
  {
    name: 'a delta that got lost on the way',
    cassette: TEXT,
    change: (entries) =>
      editEvents(entries, 'x1', 'upstream', (all) =>
        all.toSpliced(placeOf(all, 'response.output_text.delta'), 0, all[4]!),
      ),
    check: 'passthrough.equal',
    says: /client-response: event \d+/,
  },
  {
    name: 'another status than the provider gave',
    cassette: '0.169.0/rate-limit',
    change: (entries) => {
      side(entries, 'x1', 'client').response.status = 500;
    },
    check: 'passthrough.equal',
    says: /the status is 500 and was 429 upstream/,
  },
];

const CODINGS: CassetteFault[] = [
  {
    name: 'a changed zstd byte',
    cassette: ZSTD,
    change: (entries) => {
      const wire = side(entries, 'x2', 'client').request.postData!._wire!;
      const bytes = Buffer.from(wire.base64!, 'base64');
      bytes[bytes.length >> 1]! ^= 1;
      wire.base64 = bytes.toString('base64');
    },
    check: 'coding.decode',
    says: /client-request: the recorded bytes are not those of their SHA-256/,
  },
  {
    name: 'a cut zstd frame with a fitting SHA-256',
    cassette: ZSTD,
    change: (entries) => {
      const wire = side(entries, 'x2', 'client').request.postData!._wire!;
      const bytes = Buffer.from(wire.base64!, 'base64').subarray(0, -10);
      wire.base64 = bytes.toString('base64');
      wire.bytes = bytes.length;
      delete wire.sha256;
    },
    check: 'coding.decode',
    says: /client-request: .*(?:cut|ends|truncated|damaged)/,
  },
  {
    name: 'a recorded view of other bytes',
    cassette: ZSTD,
    change: (entries) => {
      const body = side(entries, 'x2', 'client').request.postData!;
      body.text = body.text.replace('"stream":true', '"stream":null');
    },
    check: 'coding.decode',
    says: /decodes to other bytes than the recorded view from byte \d+/,
  },
  {
    name: 'a lost content-encoding',
    cassette: ZSTD,
    change: (entries) => {
      const { request } = side(entries, 'x2', 'client');
      request.headers = request.headers.filter(({ name }) => name.toLowerCase() !== 'content-encoding');
    },
    check: 'coding.decode',
    says: /content-encoding says nothing, and the bytes are recorded as zstd/,
  },
  {
    name: 'wrong facts of a frame',
    cassette: ZSTD,
    change: (entries) => {
      side(entries, 'x2', 'client').request.postData!._wire!.zstd![0]!.windowSize = 1024;
    },
    check: 'coding.decode',
    says: /frame facts are wrong at \/0\/windowSize/,
  },
  {
    name: 'a wrong length on the wire',
    cassette: ZSTD,
    change: (entries) => {
      side(entries, 'x2', 'client').request.postData!._wire!.bytes += 1;
    },
    check: 'coding.decode',
    says: /bytes are recorded, and \d+ crossed the wire/,
  },
];

const LEGS: CassetteFault[] = [
  {
    name: 'an input that is a number',
    cassette: TEXT,
    change: (entries) =>
      editRequestJson(entries, 'x1', 'client', (body) => {
        body.input = 5;
      }),
    check: 'legs.valid',
    says: /client-request.*input/,
  },
  {
    name: 'an upstream request without messages',
    cassette: CHAT,
    change: (entries) => editRequestJson(entries, 'x1', 'upstream', (body) => delete body.messages),
    check: 'legs.valid',
    says: /upstream-request.*messages/,
  },
  {
    name: 'tokens as text',
    cassette: MESSAGES,
    change: (entries) =>
      editStream(entries, 'x1', 'client', (text) => text.replace(/"total_tokens":(\d+)/, '"total_tokens":"$1"')),
    check: 'legs.valid',
    says: /client-response.*total_tokens/,
  },
  {
    name: 'a block that nobody began',
    cassette: MESSAGES,
    change: (entries) =>
      editEvents(entries, 'x1', 'upstream', (all) => all.toSpliced(placeOf(all, 'content_block_start'), 1)),
    check: 'stream.grammar',
    says: /upstream-response event \d+/,
  },
  {
    name: 'a key in a prompt',
    cassette: TEXT,
    change: (entries) => editRequest(entries, 'x1', 'client', (text) => text.replace('Say that', `${KEY} Say that`)),
    check: 'redaction.complete',
    says: /looks like a credential: sk-p/,
  },
  {
    name: 'a key in a header',
    cassette: CHAT,
    change: (entries) => {
      side(entries, 'x1', 'upstream').request.headers.push({ name: 'x-custom', value: KEY });
    },
    check: 'redaction.complete',
    says: /looks like a credential: sk-p/,
  },
  {
    name: 'a key spread over two deltas',
    cassette: TEXT,
    change: (entries) =>
      editStream(entries, 'x1', 'client', (text) =>
        text
          .replace(/"delta":"The"/, `"delta":"${KEY.slice(0, 20)}"`)
          .replace(/"delta":" tape"/, `"delta":"${KEY.slice(20)} "`),
      ),
    check: 'redaction.complete',
    says: /response.*looks like a credential/,
  },
];

export const CASSETTE_FAULTS: readonly CassetteFault[] = [
  ...STREAMS,
  ...REQUESTS,
  ...ANSWERS,
  ...PASSED,
  ...CODINGS,
  ...LEGS,
];
