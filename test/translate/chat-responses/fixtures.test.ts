import { chatResponses } from '../../../src/translate/chat-responses/hop.ts';
import { describeFixtures } from '../../helpers/translation-fixtures.ts';

describeFixtures('chat-responses', chatResponses, { model: 'gpt-5.5', messages: [], stream: true });
