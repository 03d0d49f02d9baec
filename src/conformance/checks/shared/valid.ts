import type { Finding } from '../../../validate/findings.ts';
import type { Trial } from '../../harness/trial.ts';

/** Fields that readers of answers go by: a null there is as bad as none at all. */
const READ = new Set([
  ...[
    'id',
    'object',
    'type',
    'role',
    'model',
    'output',
    'content',
    'name',
    'call_id',
    'arguments',
    'input',
    'text',
    'item',
  ],
  ...['response', 'choices', 'index', 'message', 'delta', 'output_index', 'content_index', 'content_block', 'function'],
]);

/** Notes what is wrong with the form of an answer. A null in place of a field that may be left out says as much as leaving it out. */
export function expectValid(t: Trial, findings: readonly Finding[]): void {
  for (const { severity, message, pointer, rule, source, value } of findings)
    if (severity === 'error') {
      const place = { where: 'answer', pointer, rule, source, actual: value } as const;
      t.expect(false, message, isSpareNull({ pointer, rule, value }) ? { ...place, lesser: true } : place);
    }
}

function isSpareNull({ pointer, rule, value }: Pick<Finding, 'pointer' | 'rule' | 'value'>): boolean {
  return value === null && rule.startsWith('schema.') && !READ.has(pointer.split('/').at(-1) ?? '');
}
