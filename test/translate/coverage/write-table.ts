/** Writes the generated parts of docs/translation.md anew: translates a sample of every type. `npm run coverage:translation` */
import { readFileSync, writeFileSync } from 'node:fs';
import { renderPage } from './page.ts';
import { computeCoverage } from './sections.ts';

const PAGE = new URL('../../../docs/translation.md', import.meta.url);

writeFileSync(PAGE, renderPage(readFileSync(PAGE, 'utf8'), computeCoverage()));
