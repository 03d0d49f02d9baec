import type { ErrorObject } from 'ajv';
import type { Finding, Profile } from './findings.ts';
import { hintForFields, hintForLiteral } from './hints.ts';
import type { SchemaFaults } from './validators.ts';

/** Characters of a value that a finding shows. */
const VALUE_CHARS = 120;
/** Allowed values that a message lists. */
const LISTED = 8;

/** Keywords that only steer the schema: what they lead to has an error of its own. */
const STEERING = new Set(['if', 'oneOf', 'allOf', 'not']);

/** A finding before findings are merged: `missing` names the field that `schema.required` is about. */
export type RawFinding = Finding & { missing?: string };

/**
 * Turns Ajv's errors into findings, one for a fault: steering keywords go, and what the members of a union say about
 * the same place is reduced to the member that came furthest.
 * @param rootName name of the document as in ROOTS; it decides which hints apply
 */
export function explainFaults(rootName: string, profile: Profile, faults: SchemaFaults): RawFinding[] {
  const errors = pickBranches(faults.errors).filter((error) => !STEERING.has(error.keyword));
  const hinted = new Set<string>();
  return errors.flatMap((error) => {
    const told = (TELL[error.keyword] ?? tellOther)(error, rootName, faults);
    // A confusion shows both as fields too few and as fields too many; the latter add nothing then.
    const confusion = `${error.instancePath} ${told.hint}`;
    if (told.hint !== undefined && told.missing === undefined && hinted.has(confusion)) return [];
    hinted.add(confusion);
    const finding: RawFinding = {
      profile,
      severity: 'error',
      rule: told.rule,
      source: faults.sourceOf(error),
      message: [told.message, told.hint, consequence(rootName, profile, error.instancePath)].filter(Boolean).join('; '),
      pointer: told.pointer ?? error.instancePath,
    };
    if (told.missing !== undefined) finding.missing = told.missing;
    if ('value' in told) finding.value = shorten(told.value);
    return [finding];
  });
}

/** What Codex does when this is wrong; the same in all measured versions. */
function consequence(rootName: string, profile: Profile, pointer: string): string | undefined {
  if (profile !== 'codex') return undefined;
  if (rootName === 'codex.models') return 'Codex drops the whole list';
  if (rootName !== 'responses.event') return undefined;
  return pointer.startsWith('/response') ? 'this ends the turn in Codex' : 'Codex drops the item without a word';
}

/**
 * An `anyOf` reports the errors of all its members, then itself. Of these only the deepest are kept (the member that fits
 * best fails last), each of them once; without any, the `anyOf` stands for all.
 */
function pickBranches(errors: readonly ErrorObject[]): ErrorObject[] {
  const kept: ErrorObject[] = [];
  for (const error of errors) {
    if (error.keyword !== 'anyOf') {
      kept.push(error);
      continue;
    }
    const branch: ErrorObject[] = [];
    while (kept.length > 0 && isAtOrBelow(kept.at(-1)!.instancePath, error.instancePath)) branch.unshift(kept.pop()!);
    kept.push(...pickDeepest(branch, error));
  }
  return kept;
}

function pickDeepest(branch: readonly ErrorObject[], anyOf: ErrorObject): ErrorObject[] {
  const telling = branch.filter((error) => !STEERING.has(error.keyword));
  const depth = Math.max(...telling.map((error) => depthOf(error.instancePath)));
  const deepest = telling.filter((error) => depthOf(error.instancePath) === depth);
  const distinct = [...new Map(deepest.map((error) => [identityOf(error), error])).values()];
  // At the place of the union itself, different complaints of several members would contradict each other.
  const contradicts = depth === depthOf(anyOf.instancePath) && distinct.length > 1;
  return distinct.length === 0 || contradicts ? [anyOf] : distinct;
}

function isAtOrBelow(path: string, ancestor: string): boolean {
  return path === ancestor || path.startsWith(`${ancestor}/`);
}

function depthOf(path: string): number {
  return path.split('/').length;
}

function identityOf(error: ErrorObject): string {
  return `${error.instancePath} ${error.keyword} ${JSON.stringify(error.params)}`;
}

interface Told {
  rule: string;
  message: string;
  hint?: string | undefined;
  pointer?: string;
  missing?: string;
  value?: unknown;
}

const TELL: Record<string, (error: ErrorObject, root: string, faults: SchemaFaults) => Told> = {
  required: (error, root) => tellMissing(error, root, String(error.params.missingProperty)),
  additionalProperties: (error, root) => {
    const name = String(error.params.additionalProperty);
    return {
      rule: 'schema.unknown-field',
      message: `the field \`${name}\` is unknown here`,
      hint: hintForFields(root, error.instancePath, [name]),
      pointer: `${error.instancePath}/${escapePointer(name)}`,
      value: (error.data as Record<string, unknown>)[name],
    };
  },
  type: (error) => ({
    rule: 'schema.type',
    message: `must be ${listTypes(error.params.type)}, is ${typeName(error.data)}`,
    value: error.data,
  }),
  const: (error, root) => tellLiteral(error, root, [error.params.allowedValue]),
  enum: (error, root) => tellLiteral(error, root, error.params.allowedValues as unknown[]),
  discriminator: tellTag,
  anyOf: (error) => ({
    rule: 'schema.union',
    message: 'fits none of the forms that are allowed here',
    value: error.data,
  }),
};

function tellMissing(error: ErrorObject, root: string, name: string): Told {
  const hint = hintForFields(root, error.instancePath, fieldsOf(error.data));
  return { rule: 'schema.required', message: tellNames([name]), hint, missing: name };
}

/** "`a` and `b` are missing" */
export function tellNames(names: readonly string[]): string {
  const listed = names.map((name) => `\`${name}\``);
  const last = listed.at(-1)!;
  return listed.length === 1 ? `${last} is missing` : `${listed.slice(0, -1).join(', ')} and ${last} are missing`;
}

function tellOther(error: ErrorObject): Told {
  return { rule: `schema.${error.keyword}`, message: error.message ?? 'is not allowed', value: error.data };
}

function tellLiteral(error: ErrorObject, root: string, allowed: unknown[]): Told {
  return {
    rule: 'schema.value',
    message: `${show(error.data)} is not allowed here (allowed: ${listValues(allowed)})`,
    hint: hintForLiteral(root, error.instancePath, error.data, allowed),
    value: error.data,
  };
}

/** The tag that chooses a union's member is absent, of the wrong type, or names none. */
function tellTag(error: ErrorObject, root: string, faults: SchemaFaults): Told {
  const { tag, tagValue } = error.params as { tag: string; tagValue: unknown };
  if (tagValue === undefined) return tellMissing(error, root, tag);
  const allowed = faults.tagsOf(error, tag);
  const hint = hintForLiteral(root, error.instancePath, tagValue, allowed);
  // A long list helps only those who have nothing better to go by.
  const listed = allowed.length > 0 && (hint === undefined || allowed.length <= LISTED);
  return {
    rule: 'schema.unknown-variant',
    message: `${show(tagValue)} is no known \`${tag}\` here${listed ? ` (known: ${listValues(allowed)})` : ''}`,
    hint,
    pointer: `${error.instancePath}/${tag}`,
    value: tagValue,
  };
}

function fieldsOf(data: unknown): string[] {
  return typeof data === 'object' && data !== null && !Array.isArray(data) ? Object.keys(data) : [];
}

function listTypes(types: unknown): string {
  return (Array.isArray(types) ? types : String(types).split(',')).join(' or ');
}

function listValues(values: readonly unknown[]): string {
  const shown = values.slice(0, LISTED).map(show).join(', ');
  return values.length > LISTED ? `${shown} and ${values.length - LISTED} more` : shown;
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'an integer' : 'a number with a fraction';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function show(value: unknown): string {
  return `\`${JSON.stringify(value)}\``;
}

export function escapePointer(token: string): string {
  return token.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** A value short enough for one line; containers become their JSON text when they are too long. */
export function shorten(value: unknown): unknown {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (text === undefined || text.length <= VALUE_CHARS) return value;
  return `${text.slice(0, VALUE_CHARS)}… (${text.length} characters)`;
}
