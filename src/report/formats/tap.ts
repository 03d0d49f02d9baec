import { oneLine } from '../text.ts';

/** One line of a TAP report. */
export interface TestPoint {
  ok: boolean;
  name: string;
  /** Why it was not tried. */
  skip?: string;
  /** A failure that does not count, and why. */
  todo?: string;
  details?: Readonly<Record<string, string | readonly string[]>>;
}

/** Test Anything Protocol, version 13, which readers of version 14 know as well; details are a YAML block of JSON strings. */
export function tapDocument(points: readonly TestPoint[], comments: readonly string[] = []): string {
  const lines = points.flatMap(({ ok, name, skip, todo, details }, i) => [
    `${ok ? 'ok' : 'not ok'} ${i + 1} - ${escapeName(name)}${directive('SKIP', skip)}${directive('TODO', todo)}`,
    ...(details ? yamlBlock(details) : []),
  ]);
  const remarks = comments.map((comment) => `# ${oneLine(comment)}`);
  return `${['TAP version 13', `1..${points.length}`, ...lines, ...remarks].join('\n')}\n`;
}

function directive(name: 'SKIP' | 'TODO', why: string | undefined): string {
  return why === undefined ? '' : ` # ${name} ${oneLine(why)}`;
}

/** A YAML flow of JSON is YAML 1.2. */
function yamlBlock(values: Readonly<Record<string, string | readonly string[]>>): string[] {
  return ['  ---', ...Object.entries(values).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}`), '  ...'];
}

/** A `#` would begin a directive. */
function escapeName(text: string): string {
  return oneLine(text).replace(/[\\#]/g, '\\$&');
}
