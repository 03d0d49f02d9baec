import { type Fields, fieldsOf } from '../report/fields.ts';
import type { TimedEvent } from '../report/timeline.ts';
import type { AnswerView } from './answer-view.ts';
import { finding, type HopFinding } from './finding.ts';
import { leafDifferences } from './leaf-differences.ts';
import { deltaText } from './timing.ts';

/** Event by event, or leaf by leaf of a document, of two answers in one protocol. Texts and calls as a whole are compared elsewhere. */
export function streamFindings(source: AnswerView, target: AnswerView): HopFinding[] {
  if (!source.isStream) return documentFindings(source.document, target.document);
  const [before, after] = [byType(source.events), byType(target.events)];
  const found: HopFinding[] = [];
  for (const type of new Set([...before.keys(), ...after.keys()])) {
    const [old, now] = [before.get(type) ?? [], after.get(type) ?? []];
    const isDelta = [...old, ...now].some((event) => deltaText(event) !== '');
    // Deltas may be cut in other places.
    if (old.length !== now.length && !(isDelta && old.length > 0 && now.length > 0)) {
      const kind = old.length > now.length ? 'lost' : 'invented';
      const note = `${old.length} of the provider, ${now.length} of the gateway.`;
      found.push(finding(kind, 'stream', type, { note, harm: kind === 'lost' ? LOST[type] : undefined }));
    }
    if (isDelta) found.push(...lostMembers(type, old[0], now[0]));
    else if (old.length === now.length) found.push(...old.flatMap((event, i) => eventFindings(type, event, now[i]!)));
  }
  return once(found);
}

const LOST: Record<string, string> = {
  'response.output_item.done': 'Codex takes items from these events alone.',
  'response.completed': 'Codex repeats the whole request.',
  message_stop: 'Clients wait for it.',
};

/** What Codex and the SDKs read of the places that a gateway may change. */
function documentFindings(before: unknown, after: unknown): HopFinding[] {
  return leafDifferences(before, after)
    .filter(({ pointer }) => !isTold(pointer))
    .map(({ kind, pointer, ...values }) => finding(kind, 'answer', pointer, values));
}

function eventFindings(type: string, before: TimedEvent, after: TimedEvent): HopFinding[] {
  if (before.data === after.data) return [];
  return leafDifferences(before.json ?? before.data, after.json ?? after.data)
    .filter(({ pointer }) => !isTold(pointer))
    .map(({ kind, pointer, ...values }) => finding(kind, 'stream', `${type} ${pointer}`, values));
}

/** Usage, model and the texts of calls have findings of their own. */
function isTold(pointer: string): boolean {
  return /(?:^|\/)usage(?:\/|$)|^(?:\/response|\/message)?\/model$|\/(?:text|arguments|input)$/.test(pointer);
}

/** Members that every delta of the provider has and none of the gateway. */
function lostMembers(type: string, before: TimedEvent | undefined, after: TimedEvent | undefined): HopFinding[] {
  const [old, now] = [fieldsOf(before?.json), fieldsOf(after?.json)];
  if (!before || !after) return [];
  return Object.keys(old)
    .filter((name) => !Object.hasOwn(now as Fields, name))
    .map((name) => finding('dropped', 'stream', `${type} /${name}`, { before: old[name] }));
}

/** By type and, since a Chat stream has but one, by what a chunk is for. Comments are no events. */
function byType(events: readonly TimedEvent[]): Map<string, TimedEvent[]> {
  const groups = new Map<string, TimedEvent[]>();
  for (const event of events) {
    const type = event.type === 'chunk' && deltaText(event) !== '' ? 'chunk with text' : event.type;
    groups.set(type, [...(groups.get(type) ?? []), event]);
  }
  return groups;
}

/** What is done to every event of a kind is told once. */
function once(findings: readonly HopFinding[]): HopFinding[] {
  const told = new Map<string, { first: HopFinding; count: number }>();
  for (const one of findings) {
    const key = `${one.kind} ${one.path}`;
    const known = told.get(key);
    if (known) known.count += 1;
    else told.set(key, { first: one, count: 1 });
  }
  return [...told.values()].map(({ first, count }) =>
    count === 1 ? first : { ...first, note: `In ${count} events.` },
  );
}
