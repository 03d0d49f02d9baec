/** Shorter ones could stand anywhere by chance. */
const SHORTEST = 6;

/** Headers whose values are secrets, by a word of their names: `x-api-key`, and not `x-portkey-provider`. */
const SECRET_NAME =
  /(?:^|[-_])(?:\w*auth\w*|\w*token|\w*secret|\w*cookie|\w*password|\w*credentials?|(?:api|auth|access|private|subscription)?key)(?:[-_]|$)/i;

/** An address is none, whatever the header is called, unless it holds a password. */
const NO_SECRET = /^https?:\/\/[^@]*$/i;

/** What must not be told: the key, and the values of headers that carry credentials. */
export function secretsOf(key: string | undefined, headers: Readonly<Record<string, string>>): string[] {
  const carried = Object.entries(headers).flatMap(([name, value]) =>
    SECRET_NAME.test(name) && !NO_SECRET.test(value) ? [value, value.replace(/^\w+\s+/, '')] : [],
  );
  const long = [key ?? '', ...carried].filter((value) => value.length >= SHORTEST);
  // The longest first: one may be part of another.
  return [...new Set(long)].sort((a, b) => b.length - a.length);
}

/** As what a secret appears in reports: what a shell would fill in. */
const PLACEHOLDER = '$TAPEDECK_KEY';

/** What is told in place of something else. */
export type Replacements = readonly (readonly [text: string, told: string])[];

/** Nothing that must not be told, and no address that is another one on the next run. @param places base URLs by what to call them */
export function replacementsFor(secrets: readonly string[], places: Readonly<Record<string, string>>): Replacements {
  const hosts = Object.entries(places).map(([name, url]) => [new URL(url).host, name] as const);
  return [...secrets.map((secret) => [secret, PLACEHOLDER] as const), ...hosts];
}

/** The fields of a report in which a gateway's own words stand. */
const TOLD: ReadonlySet<string> = new Set(['reason', 'faults', 'notes', 'detail']);

/** The same part of a report as it may be told: a gateway may say secrets again, in errors above all. */
export function asTold<T extends object>(part: T, replacements: Replacements): T {
  const fields = Object.entries(part).map(([name, value]) => [
    name,
    TOLD.has(name) ? replace(value, replacements) : value,
  ]);
  return Object.fromEntries(fields) as T;
}

function replace(value: unknown, replacements: Replacements): unknown {
  if (typeof value === 'string') return replacements.reduce((text, [from, to]) => text.replaceAll(from, to), value);
  if (Array.isArray(value)) return value.map((element) => replace(element, replacements));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, replace(inner, replacements)]));
}

/** Patterns that take them out of a cassette. */
export function patternsOf(secrets: readonly string[]): RegExp[] {
  return secrets.map((secret) => new RegExp(secret.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'), 'g'));
}
