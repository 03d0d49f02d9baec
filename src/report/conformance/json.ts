import type { ConformanceReport } from './model.ts';

/** The model as it is, in lines that a diff can show: one a check and one a result. */
export function writeJson(report: ConformanceReport): string {
  const { checks, results, ...rest } = report;
  const head = JSON.stringify(rest, null, 1).slice(0, -2);
  return `${head},\n "checks": ${list(checks)},\n "results": ${list(results)}\n}\n`;
}

function list(elements: readonly unknown[]): string {
  if (elements.length === 0) return '[]';
  return `[\n${elements.map((element) => `  ${JSON.stringify(element)}`).join(',\n')}\n ]`;
}
