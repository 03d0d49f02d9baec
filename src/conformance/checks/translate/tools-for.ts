import type { Protocol } from '../../../util/types.ts';
import type { PromptTool } from '../../harness/prompt.ts';

/** Functions as a client of a protocol offers them. */
export function toolsFor(protocol: Protocol, tools: readonly PromptTool[]): object[] {
  if (protocol === 'responses') return tools.map((tool) => ({ type: 'function', strict: false, ...tool }));
  if (protocol === 'chat') return tools.map((tool) => ({ type: 'function', function: tool }));
  return tools.map(({ parameters, ...tool }) => ({ ...tool, input_schema: parameters }));
}
