import type { ChalkInstance } from 'chalk';
import { wrapText } from '../../report/text.ts';
import type { Guide, Recipe } from './guide.ts';

/** The lines of a guide. Blocks stand at the left margin, so that a selection of whole lines can be pasted. */
export function guideLines(guide: Guide, colour: ChalkInstance, columns: number): string[] {
  const version = guide.version === undefined ? '' : ` ${guide.version}`;
  const lines = [colour.bold(`${guide.client}${version} at ${guide.url}`), ''];
  for (const [i, recipe] of guide.recipes.entries()) lines.push(...recipeLines(recipe, i + 1, colour, columns));
  if (guide.warnings.length > 0) lines.push(colour.bold('Know this'), ...warningLines(guide.warnings, colour, columns));
  return lines;
}

function recipeLines(recipe: Recipe, number: number, colour: ChalkInstance, columns: number): string[] {
  const lines = [colour.bold(`${number}. ${recipe.title}`)];
  lines.push(...wrapText(recipe.when, columns - 3).map((line) => `   ${line}`), '');
  for (const block of recipe.blocks) {
    lines.push(colour.dim(`── ${block.into}`), ...block.text.split('\n').map((line) => colour.cyan(line)), '');
  }
  if (recipe.warnings.length > 0) lines.push(...warningLines(recipe.warnings, colour, columns), '');
  return lines;
}

function warningLines(warnings: readonly string[], colour: ChalkInstance, columns: number): string[] {
  return warnings.flatMap((warning) =>
    wrapText(warning, columns - 4).map((line, i) => `${i === 0 ? `  ${colour.yellow('!')} ` : '    '}${line}`),
  );
}
