import { Buffer } from 'node:buffer';
import { asArray, asObject, type JsonObject, parseData } from '../../../src/protocols/grammar.ts';
import type { Dialect } from '../../../src/translate/dialects.ts';
import { openSeal } from '../../../src/translate/messages-responses/seal.ts';
import { pointerStep } from '../../../src/translate/shared/losses.ts';
import { openOpaque } from '../../../src/translate/shared/opaque.ts';
import type { Plan } from '../../../src/translate/types.ts';
import type { Loss } from '../../../src/util/types.ts';
import { ALIASES, OTHER_FORMS, TEXT_KEYS } from './leaf-rules.ts';

/** A string, number or boolean within a document; null, and what is empty, says nothing. */
export interface Leaf {
  /** JSON pointer. */
  path: string;
  /** The last name of the path that is no index of a list. */
  key: string;
  value: string | number | boolean;
}

/** A document before and after a translation. */
export interface Comparison {
  source: unknown;
  target: unknown;
  losses: readonly Loss[];
  /** Names and ids that the way back restores. */
  plan?: Pick<Plan, 'tools' | 'callIds' | 'inner'>;
  dialect?: Dialect;
}

export interface Verdict {
  /** Leaves of the source that the target does not have, that no loss names and that no rule finds in another form. */
  silent: Leaf[];
  /** Leaves of the source that only a loss names. */
  lost: Leaf[];
  /** Leaves that the target has. */
  carried: Leaf[];
  /** Leaves that stand in the target in another form, by the reason of the rule. */
  reformed: Map<string, Leaf[]>;
}

export function leavesOf(value: unknown, path = '', key = ''): Leaf[] {
  if (value === null || value === undefined || value === '') return [];
  if (typeof value !== 'object') return [{ path, key, value: value as Leaf['value'] }];
  const isList = Array.isArray(value);
  return Object.entries(value).flatMap(([name, child]) =>
    leavesOf(child, path + pointerStep(name), isList ? key : name),
  );
}

/**
 * Looks for every leaf of the source in the target. A leaf of the target stands for one leaf of the source: what the source says
 * twice, the target must say twice. Names of fields count: a number, a boolean or a word is found under its own name or
 * under one of ALIASES; a text is found in any text, also where it is written as JSON within JSON.
 */
export function compareLeaves(comparison: Comparison): Verdict {
  const target = new TargetLeaves(comparison.target);
  const leaves = leavesOf(comparison.source);
  const isLoss = (leaf: Leaf) => isTold(leaf.path, comparison.losses);
  // A loss may tell of a value that came in another form, so that it is sought as well, but behind those that must be there.
  const order = [...leaves.filter((leaf) => !isLoss(leaf)), ...leaves.filter(isLoss)];
  // What stands there as it was goes first: what else is sought within texts must not find it there.
  const carried = new Set(order.filter((leaf) => target.takeWhole(leaf)));
  for (const leaf of order) if (!carried.has(leaf) && target.takePart(leaf)) carried.add(leaf);
  const ruleFor = (leaf: Leaf) => OTHER_FORMS.find(({ fits }) => fits(leaf, comparison, target));
  const verdict: Verdict = { silent: [], lost: [], carried: [], reformed: new Map() };
  for (const leaf of leaves) {
    if (carried.has(leaf)) continue;
    if (isLoss(leaf)) {
      verdict.lost.push(leaf);
      continue;
    }
    let reformed: Leaf | undefined = leaf;
    let rule = ruleFor(leaf);
    if (!rule) {
      // One that is there in another form may have taken what stands there for this one.
      const equals = [...carried].filter(({ key, value }) => key === leaf.key && value === leaf.value);
      reformed = equals.find((other) => {
        rule = ruleFor(other);
        return rule;
      });
    }
    if (!reformed || !rule) {
      verdict.silent.push(leaf);
      continue;
    }
    carried.add(leaf).delete(reformed);
    verdict.reformed.set(rule.reason, [...(verdict.reformed.get(rule.reason) ?? []), reformed]);
  }
  verdict.carried.push(...carried);
  return verdict;
}

/** An entry of the conversation or of the answer. */
const ENTRY = /^\/(?:input|output|messages|content)\/\d+$/;

/** A loss of a field that names the entry in which it stood must say in its words which field it was. */
function isTold(path: string, losses: readonly Loss[]): boolean {
  return losses.some(({ path: told, kind, reason }) => {
    if (path === told) return true;
    if (!path.startsWith(`${told}/`)) return false;
    if (!ENTRY.test(told) || !OF_FIELDS.has(kind)) return true;
    const steps = path.slice(told.length + 1).split('/');
    return steps.some((step) => step.length > 2 && step !== 'type' && reason.includes(step.replace(/s$/, '')));
  });
}

const OF_FIELDS: ReadonlySet<string> = new Set(['field', 'value', 'event']);

/** The leaves of a translated document, each of which can be taken once. */
export class TargetLeaves {
  /** By name and value, the leaves that are there; those that stand within the JSON of a text have no text of their own. */
  readonly #leaves = new Map<string, (TargetText | undefined)[]>();
  readonly #texts: TargetText[] = [];
  readonly #all = new Set<string>();

  constructor(document: unknown) {
    for (const leaf of leavesOf(document)) this.#add(leaf);
  }

  /** Whether a leaf of that name and value is there, taken or not. */
  has(key: string, value: unknown): boolean {
    return this.#all.has(signature(key, value));
  }

  /** Takes a leaf of that name and value. */
  take(key: string, value: unknown): boolean {
    const left = this.#leaves.get(signature(key, value));
    if (!left || left.length === 0) return false;
    const text = left.pop();
    if (text) text.left = '';
    return true;
  }

  /** Takes the leaf as a whole, under its own name or another one. */
  takeWhole({ key, value }: Leaf): boolean {
    return [key, ...(ALIASES[key] ?? [])].some((name) => this.take(name, value));
  }

  /** Takes the leaf out of a text, or its parts from wherever they stand. */
  takePart(leaf: Leaf): boolean {
    const { value } = leaf;
    if (typeof value !== 'string') return false;
    return (
      (isText(leaf) && this.#takeWithin(value)) ||
      this.#takeParsed(value) ||
      this.#takeDataUrl(value) ||
      this.#takeEncoded(leaf)
    );
  }

  #add(leaf: Leaf): void {
    const { value } = leaf;
    const text = typeof value === 'string' ? { left: value } : undefined;
    if (text) this.#texts.push(text);
    this.#keep(leaf, text);
    if (typeof value !== 'string') return;
    for (const inner of leavesOf(parsedOf(value))) this.#keep(inner, undefined);
    // What is sealed stands there packed.
    for (const inner of leavesOf(openOpaque(value)?.blocks ?? openSeal(value))) this.#add(inner);
  }

  #keep({ key, value }: Leaf, text: TargetText | undefined): void {
    const name = signature(key, value);
    this.#all.add(name);
    const list = this.#leaves.get(name);
    if (list) list.push(text);
    else this.#leaves.set(name, [text]);
  }

  /** Cuts the text out of one that holds it, as it is or as JSON writes it. */
  #takeWithin(value: string): boolean {
    const quoted = JSON.stringify(value).slice(1, -1);
    const forms = new Set([value, quoted, JSON.stringify(quoted).slice(1, -1)]);
    for (const form of forms) {
      for (const text of this.#texts) {
        const at = indexWithin(text.left, form);
        if (at < 0) continue;
        text.left = `${text.left.slice(0, at)}\n${text.left.slice(at + form.length)}`;
        return true;
      }
    }
    return false;
  }

  /** Arguments that are text in one protocol and an object in the other; what was sealed and is a block again. */
  #takeParsed(value: string): boolean {
    const parsed = openOpaque(value)?.blocks ?? parsedOf(value);
    if (parsed === undefined) return false;
    return leavesOf(parsed).every((inner) => inner.key === 'type' || this.takeWhole(inner) || this.takePart(inner));
  }

  /** A data URL whose media type and data stand apart. */
  #takeDataUrl(value: string): boolean {
    const [, mediaType, data] = /^data:([^;,]+);base64,(.+)$/s.exec(value) ?? [];
    if (mediaType === undefined || data === undefined) return false;
    return this.take('media_type', mediaType) && this.take('data', data);
  }

  /** A text file is told as its text. */
  #takeEncoded({ key, value }: Leaf): boolean {
    if (key !== 'file_data' && key !== 'data') return false;
    const text = Buffer.from(String(value).replace(/^data:[^,]*,/, ''), 'base64').toString();
    return text !== '' && this.#takeWithin(text);
  }
}

/** A letter or two stand in every text: they are found between lines or quotes alone. */
function indexWithin(text: string, form: string): number {
  if (form.length >= 3) return text.indexOf(form);
  for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + 1)) {
    if (isEdge(text[at - 1]) && isEdge(text[at + form.length])) return at;
  }
  return -1;
}

function isEdge(character: string | undefined): boolean {
  return character === undefined || /[\n"\\]/.test(character);
}

/** A text of the target, without what was found in it. */
interface TargetText {
  left: string;
}

/** Values of a list or an object that is written as text. */
function parsedOf(value: string): unknown {
  if (!/^\s*[[{]/.test(value)) return undefined;
  const parsed = parseData(value);
  return asObject(parsed) ?? (asArray(parsed).length > 0 ? parsed : undefined);
}

function signature(key: string, value: unknown): string {
  return `${key} ${JSON.stringify(value)}`;
}

/** Words stand under names; what a person or a model has written may stand anywhere. */
function isText({ key, value }: Leaf): boolean {
  return TEXT_KEYS.has(key) || /\s/.test(String(value)) || String(value).length > 40;
}

/** A copy without the leaf at that path. */
export function withoutLeaf(document: unknown, path: string): unknown {
  const copy = structuredClone(document);
  const steps = path
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = steps.pop()!;
  const parent = steps.reduce((at, step) => at[step] as JsonObject, copy as JsonObject);
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else delete parent[last];
  return copy;
}
