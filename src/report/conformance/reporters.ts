import type { ChalkInstance } from 'chalk';
import type { ReporterName } from '../results/reporters.ts';
import { writeJson } from './json.ts';
import type { ConformanceReport } from './model.ts';
import { writeText } from './text.ts';

/** The formats of `replay`, for a conformance report. */
export const CONFORMANCE_REPORTERS: Readonly<
  Record<ReporterName, (report: ConformanceReport, colour: ChalkInstance) => string>
> = {
  text: writeText,
  json: writeJson,
  junit: writeJson,
  tap: writeJson,
  markdown: writeJson,
  html: writeJson,
};
