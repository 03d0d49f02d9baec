import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createGenerator } from 'ts-json-schema-generator';
import { applyPatches, dropHeaderParams, markIntegers, patchPlaces, stripAnnotations } from './patches.ts';
import { type Definitions, sortKeys } from './schema.ts';
import { sharpenUnions } from './unions.ts';

/**
 * Generates schemas/*.schema.json from the pinned SDKs' types, and those of the reports from ours.
 *   npm run schemas         writes them
 *   npm run schemas:check   writes them to a temporary folder and names the files that differ; exit code 1 if any does
 */
const BUNDLES = {
  responses: {
    source: 'openai',
    roots: [
      'ResponsesRequest',
      'ResponsesResponse',
      'ResponsesStreamEvent',
      'ResponsesCompactRequest',
      'ResponsesCompactResponse',
      'ResponsesClientMessage',
      'ResponsesServerMessage',
    ],
  },
  chat: { source: 'openai', roots: ['ChatRequest', 'ChatResponse', 'ChatChunk'] },
  openai: { source: 'openai', roots: ['OpenAIModelList', 'OpenAIError'] },
  messages: {
    source: '@anthropic-ai/sdk',
    roots: [
      'MessagesRequest',
      'MessagesResponse',
      'MessagesStreamEvent',
      'MessagesCountTokensRequest',
      'MessagesCountTokensResponse',
      'MessagesModelList',
      'MessagesError',
    ],
  },
} as const;

const HERE = fileURLToPath(new URL('.', import.meta.url));
const SCHEMAS = fileURLToPath(new URL('..', import.meta.url));

export interface Bundle {
  /** File name in schemas/. */
  file: string;
  roots: readonly string[];
  /** With unions rewritten, as committed. */
  schema: Record<string, unknown>;
  /** With TypeScript's unions as they are: only to prove that the rewriting changes no verdict. */
  raw: Record<string, unknown>;
}

/** Runs the generator (some seconds: it loads a TypeScript program) and answers with all bundles. */
export function generateBundles(): Bundle[] {
  const generator = createGenerator({
    path: join(HERE, 'roots.ts'),
    tsconfig: join(HERE, 'tsconfig.json'),
    expose: 'export',
    jsDoc: 'basic',
    additionalProperties: false,
    skipTypeCheck: true,
    sortProps: true,
  });
  const unused = patchPlaces();
  const bundles = Object.entries(BUNDLES).map(([name, { source, roots }]): Bundle => {
    const definitions: Definitions = {};
    for (const root of roots) Object.assign(definitions, generator.createSchema(root).definitions);
    dropHeaderParams(definitions);
    for (const place of applyPatches(definitions)) unused.delete(place);
    if (markIntegers(definitions) === 0) throw new Error(`${name}: the integer patch changed nothing`);
    stripAnnotations(definitions);
    const raw = toBundle(name, source, definitions);
    sharpenUnions(definitions);
    return { file: `${name}.schema.json`, roots, schema: toBundle(name, source, definitions), raw };
  });
  if (unused.size > 0) {
    const names = [...unused.values()].join('; ');
    throw new Error(`patches that no longer apply, see schemas/generate/patches.ts: ${names}`);
  }
  return bundles;
}

/** Our own JSON reports: the file, and the type that it is made from. */
const REPORTS = {
  replay: { model: 'src/report/results/model.ts', root: 'ReplayReport' },
  conformance: { model: 'src/report/conformance/model.ts', root: 'ConformanceReport' },
  why: { model: 'src/replay/why.ts', root: 'WhyReport' },
  diff: { model: 'src/replay/cassette-difference.ts', root: 'DiffReport' },
  explain: { model: 'src/report/explain-report.ts', root: 'ExplainReport' },
} as const;

/** A JSON report, from our own types: descriptions stay, since they are ours and tell a reader what is meant. */
export function generateReport(name: keyof typeof REPORTS = 'replay'): {
  file: string;
  schema: Record<string, unknown>;
} {
  const { model, root } = REPORTS[name];
  const generator = createGenerator({
    path: join(SCHEMAS, '..', model),
    tsconfig: join(SCHEMAS, '../tsconfig.json'),
    type: root,
    expose: 'export',
    jsDoc: 'extended',
    additionalProperties: false,
    skipTypeCheck: true,
    sortProps: true,
  });
  const definitions = generator.createSchema(root).definitions ?? {};
  const text = JSON.stringify(sortKeys(definitions)).replaceAll('"#/definitions/', '"#/$defs/');
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `${name}.schema.json`,
    $comment: `Generated from ${model}; do not edit.`,
    $ref: `#/$defs/${root}`,
    $defs: JSON.parse(text),
  };
  return { file: `${name}.schema.json`, schema };
}

function toBundle(name: string, source: string, definitions: Definitions): Record<string, unknown> {
  const text = JSON.stringify(sortKeys(definitions)).replaceAll('"#/definitions/', '"#/$defs/');
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `${name}.schema.json`,
    $comment: `Generated from the types of ${source}@${versionOf(source)}; do not edit.`,
    $defs: JSON.parse(text),
  };
}

function versionOf(packageName: string): string {
  // Read as a file: neither SDK exports its package.json.
  const path = new URL(`../../node_modules/${packageName}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}

/** The text of a schema file: one space of indent, because the files are read in diffs and shipped. */
export function schemaText(schema: Record<string, unknown>): string {
  return `${JSON.stringify(schema, null, 1)}\n`;
}

function writeBundles(folder: string): string[] {
  const reports = Object.keys(REPORTS).map((name) => generateReport(name as keyof typeof REPORTS));
  return [...generateBundles(), ...reports].map(({ file, schema }) => {
    writeFileSync(join(folder, file), schemaText(schema));
    return file;
  });
}

function checkBundles(): number {
  const folder = mkdtempSync(join(tmpdir(), 'tapedeck-schemas-'));
  try {
    const stale = writeBundles(folder).filter(
      (file) => readIfThere(join(SCHEMAS, file)) !== readFileSync(join(folder, file), 'utf8'),
    );
    for (const file of stale)
      console.error(`schemas/${file} is not what its types give; run \`npm run schemas\` and review the diff`);
    return stale.length > 0 ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  if (process.argv.includes('--check')) process.exitCode = checkBundles();
  else for (const file of writeBundles(SCHEMAS)) console.log(`wrote schemas/${file}`);
}
