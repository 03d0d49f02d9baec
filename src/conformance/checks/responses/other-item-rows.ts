import type { ItemRow } from './items.ts';

const API = 'OpenAI API reference, input items';

/** Items that other clients than Codex send. */
export const OTHER_ROWS: readonly ItemRow[] = [
  {
    name: 'plain-messages',
    what: 'A message with neither type nor parts',
    items: [
      { role: 'user', content: 'Made-up question.' },
      { role: 'assistant', content: 'Made-up answer.' },
    ],
    why: `${API}: easy input message; the SDKs write them`,
    level: 'should',
    profiles: ['open-responses'],
  },
  {
    name: 'files',
    what: 'A message with files',
    items: [
      {
        ...{ type: 'message', role: 'user' },
        content: [
          { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0xLjQK' },
          { type: 'input_file', file_id: 'file-made-up' },
        ],
      },
    ],
    why: 'Open Responses suite, file-input',
    level: 'should',
    profiles: ['open-responses'],
  },
  {
    name: 'mcp',
    what: 'What an MCP server that the provider called has said',
    items: [
      {
        ...{ type: 'mcp_list_tools', id: 'mcpl_1', server_label: 'made_up' },
        tools: [{ name: 'add', description: null, annotations: null, input_schema: { type: 'object' } }],
      },
      {
        ...{ type: 'mcp_call', id: 'mcp_1', server_label: 'made_up', name: 'add', arguments: '{"a": 1}' },
        output: '2',
      },
    ],
    why: API,
    level: 'should',
    profiles: ['open-responses'],
  },
  {
    name: 'reference',
    what: 'A reference to an item that the provider has stored',
    items: [{ type: 'item_reference', id: 'msg_made_up' }],
    why: API,
    level: 'should',
    profiles: ['open-responses'],
  },
  {
    name: 'extension',
    what: 'An item type with the prefix of its maker',
    items: [{ type: 'acme:made_up', id: 'acme_1', status: 'completed', note: 'made up' }],
    why: 'Open Responses specification, extensions',
    level: 'info',
    profiles: ['open-responses'],
  },
];
