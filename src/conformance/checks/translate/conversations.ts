import type { Check } from '../../check.ts';
import { WEATHER_TOOL } from '../../harness/prompt.ts';
import { expectClientError } from '../shared/errors.ts';
import { conversation } from './history.ts';
import { DOWN, PNG, TRANSLATED, tell, textsOf, UP } from './told.ts';

const CODEX = 'Codex 0.113.0 to 0.169.0, measured';

/** 1 × 1 pixels, another picture than the first. */
const OTHER_PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';

/** What stands in conversations beside texts and calls. */
export const CONVERSATION_CHECKS: readonly Check[] = [
  {
    ...TRANSLATED,
    id: 'translate.conversation.developer-in-the-middle',
    requirement:
      'A message of the developer in the middle of a conversation arrives, and not as something that the model said.',
    source: `${CODEX}: changes of permissions and of the mode stand there; measured: lost (codex-api-proxy), or refused by the provider (GoModel)`,
    level: 'must',
    clients: ['responses', 'chat'],
    async run(t) {
      const items = [{ user: 'first' }, { assistant: 'answer' }, { developer: 'Made-up note 17.' }, { user: 'second' }];
      const { model } = await tell(t, conversation(t, items));
      const inTurns = textsOf(model.turns).filter(([, text]) => text.includes('note 17'));
      t.expect(model.system.includes('note 17') || inTurns.length > 0, 'the message is lost', UP);
      t.expect(!inTurns.some(([role]) => role === 'assistant'), 'it is told as what the model said', UP);
      // Texts of one role that follow each other may be one.
      const roles = textsOf(model.turns).flatMap(([role, text]) =>
        [...text.matchAll(/\b(?:first|answer|second)\b/g)].map(([word]) => `${role}: ${word}`),
      );
      t.expectSame(roles, ['user: first', 'assistant: answer', 'user: second'], 'the rest is another conversation', UP);
    },
  },
  {
    ...TRANSLATED,
    id: 'translate.conversation.two-images',
    requirement: 'Two images of one message arrive as two, in order.',
    source: `${CODEX}: every file that the user adds is an image of the message`,
    level: 'must',
    async run(t) {
      const body = t.prompt({ image: PNG });
      const field = t.protocol === 'responses' ? 'input' : 'messages';
      const [message] = body[field] as { content: Record<string, unknown>[] }[];
      const image = message!.content.find(({ type }) => /image/.test(String(type)));
      const other = JSON.parse(JSON.stringify(image).replaceAll(PNG, OTHER_PNG)) as Record<string, unknown>;
      const { model } = await tell(t, { ...body, [field]: [{ ...message, content: [...message!.content, other] }] });
      const images = model.turns.flatMap((turn) => (turn.kind === 'image' ? [turn.data] : []));
      t.expectSame(images, [PNG, OTHER_PNG], 'the images are not the same', UP);
    },
  },
  {
    ...TRANSLATED,
    id: 'translate.conversation.hosted-tool',
    requirement:
      'A tool that the provider would have to run does not keep the other tools, or the whole request, from the model.',
    source: `${CODEX}: web_search, which has no name, stands among its tools; measured: refused, or the tools behind it dropped`,
    level: 'must',
    profiles: ['codex'],
    clients: ['responses'],
    async run(t) {
      const tools = [
        { type: 'web_search', external_web_access: true },
        { type: 'function', strict: false, ...WEATHER_TOOL },
      ];
      const { model } = await tell(t, t.prompt({ more: { tools } }));
      const names = model.tools.map(({ name }) => name);
      t.expect(names.includes(WEATHER_TOOL.name), `the model is offered ${names.join(', ') || 'nothing'}`, UP);
    },
  },
  {
    ...TRANSLATED,
    id: 'translate.conversation.count-tokens',
    requirement:
      'A client of Messages that asks for the tokens of a prompt gets a number, or a refusal in its own form.',
    source: 'Messages API, count_tokens; Claude Code asks for it, and a 200 with something else stops it',
    level: 'must',
    profiles: ['anthropic'],
    clients: ['messages'],
    // Nobody but the gateway may have to be asked.
    reaches: false,
    async run(t) {
      const { max_tokens: _, stream: __, ...body } = t.prompt({ system: 'Be brief.', tools: [WEATHER_TOOL] });
      const reply = await t.call({ path: '/messages/count_tokens', body });
      if (reply.status !== 200) {
        await expectClientError(t, reply, 'a request to count tokens');
        return t.stop('unsupported', `the gateway does not count tokens: ${reply.status}`);
      }
      const { input_tokens: count } = ((await reply.json()) ?? {}) as { input_tokens?: unknown };
      t.expect(typeof count === 'number' && count > 0, `the prompt has ${JSON.stringify(count)} tokens`, DOWN);
    },
  },
];
