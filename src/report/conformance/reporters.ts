import type { ChalkInstance } from 'chalk';
import type { ReporterName } from '../results/reporters.ts';
import { writeHtml } from './html.ts';
import { writeJson } from './json.ts';
import { writeJunit } from './junit.ts';
import { writeMarkdown } from './markdown.ts';
import type { ConformanceReport } from './model.ts';
import { writeTap } from './tap.ts';
import { writeText } from './text.ts';

/** The formats of `replay`, for a conformance report. */
export const CONFORMANCE_REPORTERS: Readonly<
  Record<ReporterName, (report: ConformanceReport, colour: ChalkInstance) => string>
> = {
  text: writeText,
  json: writeJson,
  junit: writeJunit,
  tap: writeTap,
  markdown: writeMarkdown,
  html: writeHtml,
};
