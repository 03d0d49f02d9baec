import { findFloatIntegers } from '../../decode/json.ts';
import { asFields } from './items.ts';

/** Why Codex cannot read a `response.completed`, as serde says it. */
export interface CompletedFault {
  rule: string;
  /** Goes into the message behind "failed to parse ResponseCompleted: ". */
  text: string;
}

/** Integer members in the order in which Codex declares them, which is the order in which missing ones are named. */
const USAGE_INTEGERS = ['input_tokens', 'output_tokens', 'total_tokens'] as const;
const USAGE_DETAILS = { input_tokens_details: 'cached_tokens', output_tokens_details: 'reasoning_tokens' } as const;

/**
 * Checks what Codex needs of `response.completed`: `response.id`, and usage whole or not at all. Measured in all three
 * versions (m-completed-noid, m-usage-*); the float rule from a probe of 0.169.0.
 * @param text the event's data, because a parsed number no longer shows that it was written `12.0`
 */
export function checkCompleted(text: string, event: Record<string, unknown>): CompletedFault | undefined {
  const response = asFields(event.response);
  // Without a response object the event is ignored, which the caller sees as a stream that never completed.
  if (!response) return undefined;
  const floats = new Set(findFloatIntegers(text).map((float) => float.pointer));
  return checkUsage(response.usage, floats) ?? checkId(response.id);
}

function checkId(id: unknown): CompletedFault | undefined {
  if (typeof id === 'string') return undefined;
  if (id === undefined) return { rule: 'codex.completed.no-id', text: 'missing field `id`' };
  return { rule: 'codex.completed.no-id', text: `invalid type: ${typeName(id)}, expected a string` };
}

function checkUsage(value: unknown, floats: ReadonlySet<string>): CompletedFault | undefined {
  if (value === undefined || value === null) return undefined;
  const usage = asFields(value);
  if (!usage) return { rule: 'codex.completed.usage-type', text: `invalid type: ${typeName(value)}, expected struct` };
  for (const [name, member] of Object.entries(usage)) {
    const fault = checkMember(name, member, floats);
    if (fault) return fault;
  }
  const missing = USAGE_INTEGERS.find((name) => usage[name] === undefined);
  return missing && { rule: 'codex.completed.usage-missing', text: `missing field \`${missing}\`` };
}

function checkMember(name: string, value: unknown, floats: ReadonlySet<string>): CompletedFault | undefined {
  const path = `/response/usage/${name}`;
  if ((USAGE_INTEGERS as readonly string[]).includes(name)) return checkInteger(path, value, floats);
  const detail = Object.hasOwn(USAGE_DETAILS, name) && USAGE_DETAILS[name as keyof typeof USAGE_DETAILS];
  const details = detail ? asFields(value) : undefined;
  if (!detail || !details) return undefined;
  if (details[detail] === undefined) {
    return { rule: 'codex.completed.usage-missing', text: `missing field \`${detail}\`` };
  }
  return checkInteger(`${path}/${detail}`, details[detail], floats);
}

function checkInteger(path: string, value: unknown, floats: ReadonlySet<string>): CompletedFault | undefined {
  if (typeof value !== 'number') {
    return { rule: 'codex.completed.usage-type', text: `invalid type: ${typeName(value)}, expected i64` };
  }
  if (floats.has(path) || !Number.isInteger(value)) {
    return { rule: 'codex.completed.integer-as-float', text: 'invalid number' };
  }
  return undefined;
}

/** serde's name for a JSON value. */
function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return `string ${JSON.stringify(value)}`;
  if (typeof value === 'number')
    return Number.isInteger(value) ? `integer \`${value}\`` : `floating point \`${value}\``;
  if (typeof value === 'boolean') return `boolean \`${value}\``;
  return Array.isArray(value) ? 'sequence' : 'map';
}
