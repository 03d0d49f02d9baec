import { asNumber, asObject, asString, type JsonObject } from '../../protocols/grammar.ts';

/** Fields of a detail that grow by deltas (OpenRouter, "Reasoning Tokens"). */
const GROWING = ['text', 'summary', 'data'];

/** Adds deltas of `reasoning_details` to what has come so far: what has the same index and type is one. */
export function joinDetails(details: JsonObject[], deltas: readonly unknown[]): void {
  for (const value of deltas) {
    const delta = asObject(value);
    if (!delta) continue;
    const index = asNumber(delta.index);
    const known =
      index === undefined ? undefined : details.find((one) => one.index === index && one.type === delta.type);
    if (known) joinDetail(known, delta);
    else details.push({ ...delta });
  }
}

function joinDetail(known: JsonObject, delta: JsonObject): void {
  for (const [name, value] of Object.entries(delta)) {
    if (value === null) continue;
    const before = GROWING.includes(name) ? asString(known[name]) : undefined;
    known[name] = before !== undefined && typeof value === 'string' ? before + value : value;
  }
}
