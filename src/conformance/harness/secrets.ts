/** Shorter ones could stand anywhere by chance. */
const SHORTEST = 6;

/** Headers whose values are secrets. */
const SECRET_NAME = /auth|key|token|secret|cookie|password|credential/i;

/** What must not be told: the key, and the values of headers that carry credentials. */
export function secretsOf(key: string | undefined, headers: Readonly<Record<string, string>>): string[] {
  const carried = Object.entries(headers).flatMap(([name, value]) =>
    SECRET_NAME.test(name) ? [value, value.replace(/^\w+\s+/, '')] : [],
  );
  const long = [key ?? '', ...carried].filter((value) => value.length >= SHORTEST);
  // The longest first: one may be part of another.
  return [...new Set(long)].sort((a, b) => b.length - a.length);
}

/** As what a secret appears in reports: what a shell would fill in. */
const PLACEHOLDER = '$TAPEDECK_KEY';

/** The fields of a report in which a gateway's own words stand. */
const TOLD: ReadonlySet<string> = new Set(['reason', 'faults', 'notes', 'detail']);

/** The same part of a report without secrets: a gateway may say them again, in errors above all. */
export function withoutSecrets<T extends object>(part: T, secrets: readonly string[]): T {
  if (secrets.length === 0) return part;
  const fields = Object.entries(part).map(([name, value]) => [name, TOLD.has(name) ? clean(value, secrets) : value]);
  return Object.fromEntries(fields) as T;
}

function clean(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') return secrets.reduce((text, secret) => text.replaceAll(secret, PLACEHOLDER), value);
  if (Array.isArray(value)) return value.map((element) => clean(element, secrets));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, clean(inner, secrets)]));
}

/** Patterns that take them out of a cassette. */
export function patternsOf(secrets: readonly string[]): RegExp[] {
  return secrets.map((secret) => new RegExp(secret.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'), 'g'));
}
