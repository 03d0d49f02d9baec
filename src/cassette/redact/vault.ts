import { isDummy } from './credentials.ts';
import { type Literal, literalForms, SHORTEST_LITERAL } from './literals.ts';

/** Policy numbers of redaction, with their reasons. */
export const VAULT_LIMITS = {
  /** Credentials remembered; the one not seen for longest goes first. A session has one to five. */
  literals: 200,
  /** Short texts remembered as holding nothing: the headers of a session are a few dozen, those with an id in them come and go. */
  clean: 1000,
  cleanLength: 512,
} as const;

/**
 * What one recording knows of its credentials: the number that each value got, and the values that are searched for
 * everywhere because they were seen where only a credential stands.
 */
export class Vault {
  private readonly numbers = new Map<string, { kind: string; n: number }>();
  private readonly learned = new Map<string, Literal[]>();
  private readonly counters = new Map<string, number>();
  private flat: Literal[] | undefined;
  private readonly clean = new Map<string, Set<string>>();

  /** The placeholder of a value: the same one whenever it is seen, whatever shows it. Counts one replacement. */
  replace(kind: string, value: string): string {
    let entry = this.numbers.get(value);
    if (entry === undefined) {
      entry = { kind, n: this.numbers.size + 1 };
      this.numbers.set(value, entry);
    }
    this.counters.set(entry.kind, (this.counters.get(entry.kind) ?? 0) + 1);
    return `[redacted:${entry.kind}#${entry.n}]`;
  }

  /** Searches for this value from now on, and for its base64 forms; says whether it is a new one. */
  learn(kind: string, value: string): boolean {
    if (value.length < SHORTEST_LITERAL || isDummy(value) || PLACEHOLDER.test(value)) return false;
    const known = this.learned.get(value);
    this.learned.delete(value);
    this.learned.set(value, known ?? literalForms(kind, value));
    if (known === undefined) this.changed();
    if (this.learned.size > VAULT_LIMITS.literals) {
      this.learned.delete(this.learned.keys().next().value!);
      this.changed();
    }
    return known === undefined;
  }

  /**
   * What `redact` makes of a text, which is asked once for a text that it leaves as it is: headers come again with every
   * message. All is asked again when a credential was learned.
   * @param way names what `redact` does
   */
  redactOnce(way: 'text' | 'url' | 'whole', text: string, redact: (text: string) => string): string {
    if (this.clean.get(way)?.has(text)) return text;
    const redacted = redact(text);
    if (redacted === text && text.length <= VAULT_LIMITS.cleanLength) this.rememberClean(way, text);
    return redacted;
  }

  private rememberClean(way: string, text: string): void {
    const known = this.clean.get(way) ?? new Set();
    if (known.size >= VAULT_LIMITS.clean) known.clear();
    this.clean.set(way, known.add(text));
  }

  private changed(): void {
    this.flat = undefined;
    this.clean.clear();
  }

  literals(): readonly Literal[] {
    this.flat ??= [...this.learned.values()].flat();
    return this.flat;
  }

  /** Replacements by kind. */
  counts(): Record<string, number> {
    return Object.fromEntries(this.counters);
  }
}

/** A placeholder, as it stands in texts, or in addresses and forms. */
export const PLACEHOLDER = /\[redacted:[a-z0-9-]+#\d+\]|%5Bredacted%3A[a-z0-9-]+%23\d+%5D/;
