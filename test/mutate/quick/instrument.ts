import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Mutant } from '../explanations.ts';

export interface SourceText {
  /** Its path, from which the language is told. */
  name: string;
  content: string;
}

/** A mutant under the number by which the instrumented sources know it. */
export interface NumberedMutant extends Mutant {
  id: string;
}

export interface Instrumented {
  /** The sources with all mutants in them, each behind a switch, and with counters that tell which ones are reached. */
  files: readonly SourceText[];
  /** By the name of the file. */
  mutants: ReadonlyMap<string, NumberedMutant[]>;
}

/** What is used of `@stryker-mutator/instrumenter`. Its lines and columns count from 0. */
interface StrykerInstrumenter {
  Instrumenter: new (
    logger: object,
  ) => {
    instrument(
      files: readonly (SourceText & { mutate: boolean })[],
      options: { plugins: null; excludedMutations: string[]; ignorers: [] },
    ): Promise<{ files: readonly SourceText[]; mutants: readonly StrykerMutant[] }>;
  };
}

interface StrykerMutant extends Pick<NumberedMutant, 'id' | 'mutatorName' | 'replacement' | 'location'> {
  fileName: string;
  /** Only of those that a comment in the source excludes. */
  status?: 'Ignored';
}

const SILENT_LOGGER = {
  isDebugEnabled: () => false,
  debug: () => {},
  info: () => {},
  warn: console.warn,
};

/** Puts the same mutants into sources as Stryker does. */
export async function instrumentSources(sources: readonly SourceText[]): Promise<Instrumented> {
  const { Instrumenter } = await loadInstrumenter();
  const { files, mutants } = await new Instrumenter(SILENT_LOGGER).instrument(
    sources.map((source) => ({ ...source, mutate: true })),
    { plugins: null, excludedMutations: [], ignorers: [] },
  );
  const byFile = new Map<string, NumberedMutant[]>(sources.map(({ name }) => [name, []]));
  for (const mutant of mutants) byFile.get(mutant.fileName)?.push(numbered(mutant));
  return { files, mutants: byFile };
}

/** It is no dependency of ours but of Stryker's core, so it is looked up from there: then its version is the one that Stryker runs with. */
async function loadInstrumenter(): Promise<StrykerInstrumenter> {
  const core = createRequire(import.meta.url).resolve('@stryker-mutator/core/package.json');
  const path = createRequire(core).resolve('@stryker-mutator/instrumenter');
  return (await import(pathToFileURL(path).href)) as StrykerInstrumenter;
}

function numbered({ id, mutatorName, replacement, location, status }: StrykerMutant): NumberedMutant {
  const { start, end } = location;
  return {
    id,
    mutatorName,
    replacement: replacement ?? '',
    status: status ?? 'Pending',
    location: {
      start: { line: start.line + 1, column: start.column + 1 },
      end: { line: end.line + 1, column: end.column + 1 },
    },
  };
}
