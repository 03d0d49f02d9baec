import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { instrumentSources, type NumberedMutant } from './instrument.ts';

/** What a box is built of. All paths but the first two are below `repo`, with slashes. */
export interface Grounds {
  repo: string;
  /** The folder in which it is built; what stands there is removed. Packages are found from there as from `repo`, if it is below it. */
  box: string;
  /** Files and folders that the tests load modules from. A link would not do: a module's own imports are looked up from where it really is. */
  copied: readonly string[];
  /** Folders that are read only. */
  linked: readonly string[];
  /** The sources that get mutants. */
  sources: readonly string[];
  /** The tests that judge them. */
  tests: readonly string[];
}

/** What the process that runs the tests has to load, in this order; absolute paths. */
export interface Plan {
  sources: string[];
  tests: string[];
}

export interface Box {
  /** The file in which its `Plan` stands. */
  plan: string;
  /** The sources as they were, and their mutants; a report once the mutants have got their status. */
  files: Record<string, { source: string; mutants: NumberedMutant[] }>;
}

/** A copy of the repository in which the sources hold their mutants and `vitest` is our stand-in. */
export async function buildBox({ repo, box, copied, linked, sources, tests }: Grounds): Promise<Box> {
  rmSync(box, { recursive: true, force: true });
  mkdirSync(box, { recursive: true });
  for (const path of copied) cpSync(join(repo, path), join(box, path), { recursive: true });
  for (const path of linked) symlinkSync(join(repo, path), join(box, path));
  placeStandIn(box);
  const files = await placeMutants(repo, box, sources);
  const plan = join(box, 'plan.json');
  const inBox = (path: string) => join(box, path);
  writeFileSync(plan, JSON.stringify({ sources: sources.map(inBox), tests: tests.map(inBox) } satisfies Plan));
  return { plan, files };
}

/** It is not copied: the tests have to get the very module to which the process that runs them listens. */
function placeStandIn(box: string): void {
  const folder = join(box, 'node_modules/vitest');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', exports: './index.js' }));
  const standIn = new URL('stand-in.ts', import.meta.url).href;
  writeFileSync(join(folder, 'index.js'), `export * from ${JSON.stringify(standIn)};\n`);
}

async function placeMutants(repo: string, box: string, sources: readonly string[]): Promise<Box['files']> {
  const texts = sources.map((name) => ({ name, content: readFileSync(join(repo, name), 'utf8') }));
  const { files, mutants } = await instrumentSources(texts);
  for (const { name, content } of files) writeFileSync(join(box, name), content);
  return Object.fromEntries(
    texts.map(({ name, content }) => [name, { source: content, mutants: mutants.get(name) ?? [] }]),
  );
}
