import { messagesResponses } from '../../../src/translate/messages-responses/hop.ts';
import { describeFixtures } from '../../helpers/translation-fixtures.ts';

describeFixtures('messages-responses', messagesResponses, {
  model: 'claude-opus-5',
  max_tokens: 1000,
  messages: [],
  stream: true,
});
