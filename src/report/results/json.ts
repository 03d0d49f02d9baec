import type { CassetteResult, CheckResult, ReplayReport } from './model.ts';

/** The model as it is, in lines that a diff can show: one a result. */
export function writeJson(report: ReplayReport): string {
  return [...jsonParts(report)].join('');
}

/** The same in parts, a cassette at a time: the whole is many times as long as what it is written from. */
export function* jsonParts({ cassettes, ...head }: ReplayReport): Generator<string> {
  yield `${JSON.stringify(head, null, 1).slice(0, -2)},\n "cassettes": [`;
  for (const [i, cassette] of cassettes.entries()) yield `${i === 0 ? '' : ','}\n${cassetteLines(cassette)}`;
  yield `${cassettes.length === 0 ? '' : '\n '}]\n}\n`;
}

function cassetteLines({ exchanges, ...cassette }: CassetteResult): string {
  const lineOf = rememberLines();
  const inner = exchanges.map(({ results, ...exchange }) => {
    const lines = results.map(lineOf).join(',\n');
    return `   ${JSON.stringify(exchange).slice(0, -1)},"results":[\n${lines}\n   ]}`;
  });
  const body = inner.length > 0 ? `[\n${inner.join(',\n')}\n  ]` : '[]';
  return `  ${JSON.stringify(cassette).slice(0, -1)},"exchanges":${body}}`;
}

/** Results that say the same are one object, as a rule. */
function rememberLines(): (result: CheckResult) => string {
  const known = new Map<CheckResult, string>();
  return (result) => {
    const line = known.get(result) ?? `    ${JSON.stringify(result)}`;
    known.set(result, line);
    return line;
  };
}
