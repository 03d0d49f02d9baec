import type { ChalkInstance } from 'chalk';
import { writeHtml } from './html.ts';
import { jsonParts } from './json.ts';
import { writeJunit } from './junit.ts';
import { writeMarkdown } from './markdown.ts';
import type { ReplayReport } from './model.ts';
import { writeTap } from './tap.ts';
import { writeText } from './text.ts';

/** Writes a report in one format, whole or in parts. @param colour of the place that it goes to; only `text` uses it */
export type Reporter = (report: ReplayReport, colour: ChalkInstance) => string | Iterable<string>;

export const REPORTERS = {
  text: writeText,
  json: jsonParts,
  junit: writeJunit,
  tap: writeTap,
  markdown: writeMarkdown,
  html: writeHtml,
} as const satisfies Record<string, Reporter>;

export type ReporterName = keyof typeof REPORTERS;

export const REPORTER_NAMES = Object.keys(REPORTERS) as ReporterName[];
