/** A mutant of Stryker's JSON report. Lines and columns count from 1; the end is behind the last character. */
export interface Mutant {
  mutatorName: string;
  replacement?: string;
  status: 'Killed' | 'Timeout' | 'Survived' | 'NoCoverage' | 'RuntimeError' | 'CompileError' | 'Ignored' | 'Pending';
  location: { start: Place; end: Place };
}

interface Place {
  line: number;
  column: number;
}

/** What is read of Stryker's JSON report. */
export interface Report {
  files: Record<string, { source: string; mutants: Mutant[] }>;
}

/**
 * Why mutants that no test notices may stay. An entry holds for the mutants that all of its fields fit; each of its snippets has to fit one
 * that survives. Snippets have single spaces where the source has white space, and may end in `…` for any rest.
 */
export interface Explanation {
  /** In the folder. */
  file: string;
  /** Stryker's name of the kind of change; any when neither is there. */
  mutator?: string;
  mutators?: string[];
  /** The original snippet. */
  code?: string;
  codes?: string[];
  /** A part of the line in which the snippet begins, for snippets that stand in several places. */
  line?: string;
  /** The replacement; any when it is left out. */
  to?: string;
  /** Why no input shows a difference, or why the difference matters to no one. */
  why: string;
}

export interface Survivor {
  file: string;
  line: number;
  column: number;
  reached: boolean;
  mutator: string;
  code: string;
  to: string;
  /** The whole line in which it begins. */
  lineText: string;
}

export interface FolderVerdict {
  killed: number;
  survived: number;
  notReached: number;
  explained: number;
  /** Survivors, reached or not, without an explanation. */
  unexplained: Survivor[];
  /** Explanations, or snippets of them, that fit no survivor. */
  idle: string[];
  /** Mutants that were not tried. */
  pending: number;
}

/** The name of the folder of the files that stand in `src/translate/` itself. */
export const BESIDE = 'beside';

const ROOT = 'src/translate/';

/** What a report says of every folder of `src/translate/`, in the order of their names. */
export function judgeReport(
  report: Report,
  explanations: ReadonlyMap<string, readonly Explanation[]>,
): Map<string, FolderVerdict> {
  const folders = new Map<string, [string, Report['files'][string]][]>();
  for (const [path, file] of Object.entries(report.files).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const place = placeOf(path);
    if (place) folders.set(place.folder, [...(folders.get(place.folder) ?? []), [place.file, file]]);
  }
  const names = [...folders.keys()].sort();
  return new Map(names.map((name) => [name, judgeFolder(folders.get(name)!, explanations.get(name) ?? [])]));
}

/** Its folder, and its path in there; of other files none. */
export function placeOf(path: string): { folder: string; file: string } | undefined {
  if (!path.startsWith(ROOT)) return undefined;
  const rest = path.slice(ROOT.length);
  const slash = rest.indexOf('/');
  return slash < 0 ? { folder: BESIDE, file: rest } : { folder: rest.slice(0, slash), file: rest.slice(slash + 1) };
}

function judgeFolder(
  files: readonly [string, Report['files'][string]][],
  explanations: readonly Explanation[],
): FolderVerdict {
  const mutants = files.flatMap(([, file]) => file.mutants);
  const survivors = files.flatMap(([name, file]) => survivorsOf(name, file));
  const unexplained = survivors.filter((survivor) => !explanations.some((entry) => explains(entry, survivor)));
  return {
    killed: mutants.filter(({ status }) => status === 'Killed' || status === 'Timeout').length,
    survived: survivors.filter(({ reached }) => reached).length,
    notReached: survivors.filter(({ reached }) => !reached).length,
    explained: survivors.length - unexplained.length,
    unexplained,
    idle: explanations.flatMap((entry) => idleOf(entry, survivors)),
    pending: mutants.filter(({ status }) => status === 'Pending').length,
  };
}

function survivorsOf(name: string, { source, mutants }: Report['files'][string]): Survivor[] {
  const lines = source.split('\n');
  return mutants
    .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
    .map(({ location, mutatorName, replacement, status }) => ({
      file: name,
      ...location.start,
      reached: status === 'Survived',
      mutator: mutatorName,
      code: squeeze(snippetOf(lines, location)),
      to: squeeze(replacement ?? ''),
      lineText: squeeze(lines[location.start.line - 1] ?? ''),
    }));
}

function snippetOf(lines: readonly string[], { start, end }: Mutant['location']): string {
  const taken = lines.slice(start.line - 1, end.line);
  const last = taken.length - 1;
  // The end is cut first: on a single line its column counts from the line's begin as well.
  return taken
    .map((line, at) => (at === last ? line.slice(0, end.column - 1) : line))
    .map((line, at) => (at === 0 ? line.slice(start.column - 1) : line))
    .join('\n');
}

function explains(entry: Explanation, survivor: Survivor): boolean {
  return snippetsOf(entry).some((code) => fits(entry, code, survivor));
}

function idleOf(entry: Explanation, survivors: readonly Survivor[]): string[] {
  const snippets = snippetsOf(entry);
  if (snippets.length === 0) return [`${entry.file}: an explanation without code`];
  return snippets
    .filter((code) => !survivors.some((survivor) => fits(entry, code, survivor)))
    .map((code) => `${entry.file}: ${code}`);
}

function snippetsOf({ code, codes }: Explanation): readonly string[] {
  return code === undefined ? (codes ?? []) : [code, ...(codes ?? [])];
}

function fits(entry: Explanation, code: string, survivor: Survivor): boolean {
  const mutators = entry.mutator === undefined ? entry.mutators : [entry.mutator, ...(entry.mutators ?? [])];
  return (
    entry.file === survivor.file &&
    (mutators === undefined || mutators.includes(survivor.mutator)) &&
    isLike(survivor.code, code) &&
    (entry.line === undefined || survivor.lineText.includes(entry.line)) &&
    (entry.to === undefined || isLike(survivor.to, entry.to))
  );
}

function isLike(text: string, pattern: string): boolean {
  return pattern.endsWith('…') ? text.startsWith(pattern.slice(0, -1)) : text === pattern;
}

function squeeze(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
