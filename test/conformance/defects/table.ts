import type { Defect } from './defect.ts';
import type { Innocent } from './innocents.ts';

/** The page of the docs about planted defects. */
export function writeDefects(defects: readonly Defect[], innocents: readonly Innocent[]): string {
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

## Right in another way

A check must not accuse a gateway that does things otherwise than ours and does no harm by it. These are tried as well, each with the checks that it comes close to:

| gateway | what it does | checks |
| ------- | ------------ | ------ |
${innocents.map(({ id, what, checks }) => `| \`${id}\` | ${cell(what)} | ${checks.map((check) => `\`${check}\``).join(', ')} |`).join('\n')}
`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
