import type { Defect } from './defect.ts';

/** The page of the docs about planted defects. */
export function writeDefects(defects: readonly Defect[]): string {
  const rows = defects.map(
    ({ id, what, seen, upstream, client = 'responses', caughtBy }) =>
      `| \`${id}\` | ${cell(what)} | ${cell(seen)} | ${client} -> ${upstream ?? client} | \`${caughtBy}\` |`,
  );
  return `# Planted defects

How the conformance checks are themselves checked: ${defects.length} gateways that are right but for one thing. Each one is our own proxy between two hops
that do the damage, and each must be caught by the check that is named; the same gateway without the damage must fail nothing. \`npm test\` runs
all of them and prints how many were caught; \`npm run defects\` writes this page.

| defect | what is wrong | where such a thing was seen | route | caught by |
| ------ | ------------- | --------------------------- | ----- | --------- |
${rows.join('\n')}
`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
