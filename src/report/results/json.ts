import type { ReplayReport } from './model.ts';

/** The model as it is, in lines that a diff can show: one a result. */
export function writeJson(report: ReplayReport): string {
  const { cassettes, ...head } = report;
  const start = JSON.stringify(head, null, 1).slice(0, -2);
  const list = cassettes.map(({ exchanges, ...cassette }) => {
    const inner = exchanges.map(({ results, ...exchange }) => {
      const lines = results.map((result) => `    ${JSON.stringify(result)}`).join(',\n');
      return `   ${JSON.stringify(exchange).slice(0, -1)},"results":[\n${lines}\n   ]}`;
    });
    const body = inner.length > 0 ? `[\n${inner.join(',\n')}\n  ]` : '[]';
    return `  ${JSON.stringify(cassette).slice(0, -1)},"exchanges":${body}}`;
  });
  return `${start},\n "cassettes": [${list.length > 0 ? `\n${list.join(',\n')}\n ` : ''}]\n}\n`;
}
