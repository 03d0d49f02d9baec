import { sha256Hex } from '../util/sha256.ts';
import type { Protocol } from '../util/types.ts';
import { type JsonPath, walkJson } from './redact/walk.ts';

/** Which strings of a request are long texts that never change within a client's version. */
export interface ElideRules {
  /** Steps joined with a dot; `#` is any list position, `0` the first, `**` any number of steps. */
  paths: readonly string[];
  /** Paths of messages of which the first with a developer's or system's role counts. */
  firstMessage?: { list: string; roles: readonly string[] };
  /** Shorter texts stay, in UTF-16 units. */
  minLength: number;
}

/** Below this a placeholder, which has about 95 characters, saves little and tells less than the text. */
const MIN_LENGTH = 200;

/** Descriptions of tools and of their parameters, also of tools in namespaces. */
const TOOL_PATHS = ['tools.**.description', 'tools.**.definition'];

/**
 * The static texts of each protocol's requests. Codex 0.113 and 0.122 send `instructions`; 0.169 sends them as the first developer
 * message and may put its tools into an `additional_tools` item.
 */
export const ELIDE_RULES: Record<Protocol, ElideRules> = {
  responses: {
    paths: ['instructions', ...TOOL_PATHS, ...TOOL_PATHS.map((path) => `input.#.${path}`)],
    firstMessage: { list: 'input', roles: ['developer', 'system'] },
    minLength: MIN_LENGTH,
  },
  chat: {
    paths: TOOL_PATHS,
    firstMessage: { list: 'messages', roles: ['developer', 'system'] },
    minLength: MIN_LENGTH,
  },
  messages: { paths: ['system', 'system.#.text', ...TOOL_PATHS], minLength: MIN_LENGTH },
};

/** An elided text, as it stands in a cassette: hex SHA-256 of its UTF-8, and its length in UTF-16 units. */
export const ELIDED = /^\[elided:sha256=[0-9a-f]{64};chars=\d+\]$/;

/** What stands for a text. */
export function elidedText(text: string): string {
  return `[elided:sha256=${sha256Hex(text)};chars=${text.length}]`;
}

/**
 * Replaces the long static texts of a JSON request by what `elidedText` gives for them, in the raw text: all else stays as it
 * is, byte for byte. `chars` counts the UTF-16 units of the texts. A document that is not JSON, or a text that is elided already, stays.
 */
export function elideTexts(text: string, rules: ElideRules): { text: string; texts: number; chars: number } {
  const places = findTexts(text, rules);
  const pieces: string[] = [];
  let at = 0;
  let texts = 0;
  let chars = 0;
  for (const { start, end } of places) {
    const value = JSON.parse(text.slice(start - 1, end + 1)) as string;
    if (value.length < rules.minLength || ELIDED.test(value)) continue;
    pieces.push(text.slice(at, start), elidedText(value));
    at = end;
    texts++;
    chars += value.length;
  }
  return { text: pieces.join('') + text.slice(at), texts, chars };
}

interface Place {
  start: number;
  end: number;
}

/** Long strings that a rule names, in order; none when the document breaks off or does not end where the text ends. */
function findTexts(text: string, rules: ElideRules): Place[] {
  const patterns = rules.paths.map(pathPattern);
  const places: Place[] = [];
  const messages = new MessageTexts(rules.firstMessage);
  const end = walkJson(text, 0, (path, from, to, isString) => {
    if (!isString) return;
    messages.see(path, text.slice(from, Math.min(to, from + 32)), { start: from, end: to });
    if (to - from < rules.minLength) return;
    const joined = path.join('.');
    if (patterns.some((pattern) => pattern.test(joined))) places.push({ start: from, end: to });
  });
  if (end === undefined || text.slice(end).trim() !== '') return [];
  return [...places, ...messages.texts()].sort((a, b) => a.start - b.start);
}

function pathPattern(path: string): RegExp {
  const steps = path.split('.').map((step) => {
    if (step === '**') return '(?:[^.]+\\.)*';
    return step === '#' ? '\\d+\\.' : `${step}\\.`;
  });
  return new RegExp(`^${steps.join('').replace(/\\\.$/, '')}$`);
}

/** Collects the texts of the first message with one of the roles: the role may stand behind them. */
class MessageTexts {
  private readonly rule: ElideRules['firstMessage'];
  private readonly seen = new Map<number, Place[]>();
  private first: number | undefined;

  constructor(rule: ElideRules['firstMessage']) {
    this.rule = rule;
  }

  see(path: JsonPath, value: string, place: Place): void {
    const [list, index, field, ...rest] = path;
    if (list !== this.rule?.list || typeof index !== 'number') return;
    if (field === 'role' && this.rule?.roles.includes(value)) this.first = Math.min(this.first ?? index, index);
    const isText = field === 'content' && (rest.length === 0 || (rest.length === 2 && rest[1] === 'text'));
    if (isText) this.seen.set(index, [...(this.seen.get(index) ?? []), place]);
  }

  texts(): Place[] {
    return this.first === undefined ? [] : (this.seen.get(this.first) ?? []);
  }
}
