/** Writes the catalogue in docs/conformance.md anew: `npm run conformance:docs`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { CATALOGUE } from '../../../src/conformance/catalogue.ts';
import { renderCatalogue } from './document.ts';

const PAGE = new URL('../../../docs/conformance.md', import.meta.url);

writeFileSync(PAGE, renderCatalogue(readFileSync(PAGE, 'utf8'), CATALOGUE));
