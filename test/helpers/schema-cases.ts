import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** One document of fixtures/schema-cases; its README says what the fields mean. */
export interface Case {
  root: string;
  description: string;
  data?: unknown;
  text?: string;
  valid: string[];
  findings: Record<string, string[]>;
}

const FOLDER = fileURLToPath(new URL('../../fixtures/schema-cases/', import.meta.url));

interface Group {
  root: string;
  tests: Omit<Case, 'root'>[];
}

/** All cases, freshly parsed. */
export function readCases(): Case[] {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
  const groups = files.flatMap((name) => JSON.parse(readFileSync(FOLDER + name, 'utf8')) as Group[]);
  return groups.flatMap(({ root, tests }) => tests.map((test) => ({ root, ...test })));
}
