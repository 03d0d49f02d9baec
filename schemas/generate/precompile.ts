import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { SchemaEnv } from 'ajv/dist/compile/index.js';
import standalone from 'ajv/dist/standalone/index.js';
import type { AnyValidateFunction, SourceCode } from 'ajv/dist/types/index.js';
import { allForms, bundlesOf, nameOfForm, type SchemaForm } from '../../src/validate/forms.ts';
import { instanceOf, type NamedSchema, readForm, referenceTo } from '../../src/validate/validators.ts';

/**
 * Writes the validators of all forms as code, so that no command has to compile schemas when it starts. The second half of
 * `npm run build`; the folder is dist/validate/precompiled/ unless another is given.
 */
const FOLDER = fileURLToPath(new URL('../../dist/validate/precompiled', import.meta.url));

/** The text of a CommonJS module that src/validate/validators.ts reads as PrecompiledModule. */
export function precompile(
  form: SchemaForm,
  definitions: readonly string[],
  ajv = instanceOf(form, { source: true }),
): string {
  const references = Object.fromEntries(definitions.map((name) => [name, referenceTo(form, name)]));
  const code = shorten(standalone.default(ajv, references));
  const names = new Map<unknown, readonly [bundle: string, definition: string]>();
  for (const bundle of bundlesOf(form)) {
    const all = readForm(form, bundle).$defs as Record<string, NamedSchema[2]>;
    for (const [name, schema] of Object.entries(all)) names.set(schema, [bundle, name]);
  }
  const constants = new Map<string, unknown>();
  for (const name of definitions) collectConstants(ajv.getSchema(references[name]!)!, constants);
  const places = [...constants].map(([constant, schema]) => {
    const place = names.get(schema);
    if (!place) throw new Error(`${nameOfForm(form)}: ${constant} is no definition, so its errors could not be placed`);
    return `[${place.map((part) => JSON.stringify(part)).join(',')},${constant}]`;
  });
  return `${code}\nexports.$schemas = [${places.join(',\n')}];\n`;
}

const PATH = /schemaPath:"(?:[^"\\]|\\.)*",(?=keyword:)/g;
const SCHEMA = /,schema:schema\d+(?:\.[\w$]+|\[\d+\]|\["(?:[^"\\]|\\.)*"\])*(?=,parentSchema:)/g;
const TOLD =
  /const (err\d+) = (\{instancePath.*?\});if\(vErrors === null\)\{vErrors = \[\1\];\}else \{vErrors\.push\(\1\);\}/g;

/**
 * Nearly all of the code makes errors. What nobody reads of them goes, and so does the long way of noting them: half of the bytes, which
 * take time to load.
 */
function shorten(code: string): string {
  return code.replace(PATH, '').replace(SCHEMA, '').replace(TOLD, '(vErrors ??= []).push($2);');
}

/** Names that the code of a validator, and of those that it calls, has for schemas. */
function collectConstants(validate: AnyValidateFunction, found: Map<string, unknown>, seen = new Set<unknown>()): void {
  if (seen.has(validate)) return;
  seen.add(validate);
  const { scopeValues } = (validate as { source?: SourceCode }).source!;
  for (const name of scopeValues.schema ?? []) found.set(String(name), name.value?.ref);
  for (const name of scopeValues.validate ?? []) {
    collectConstants(name.value?.ref as AnyValidateFunction, found, seen);
  }
  for (const prefix of ['root', 'wrapper']) {
    for (const name of scopeValues[prefix] ?? []) {
      const called = (name.value?.ref as SchemaEnv | undefined)?.validate;
      if (called) collectConstants(called, found, seen);
    }
  }
}

/** Writes a folder whole, or leaves the one that is there. */
function writeAll(folder: string): void {
  const fresh = `${folder}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  for (const { form, definitions } of allForms()) {
    writeFileSync(join(fresh, `${nameOfForm(form)}.cjs`), precompile(form, definitions));
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeAll(process.argv[2] ?? FOLDER);
