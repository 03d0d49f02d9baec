import { type RawFinding, tellNames } from './explain.ts';
import type { Finding, Profile } from './findings.ts';

/** Profiles by how much their word says: what Codex does, then what clients in general need, then the letter. */
const WEIGHT: Record<Profile, number> = { codex: 2, tolerant: 1, strict: 0 };

/**
 * Of several findings about one fault (same rule at the same place, from different profiles) the one of the weightiest
 * profile stays; an error beats a warning. What is missing from one object then becomes one finding.
 */
export function mergeProfiles(findings: readonly RawFinding[]): Finding[] {
  const kept = new Map<string, RawFinding>();
  for (const finding of findings) {
    const key = JSON.stringify([finding.rule, finding.pointer, finding.missing, finding.event]);
    const other = kept.get(key);
    if (!other || weigh(finding) > weigh(other)) kept.set(key, finding);
  }
  return joinMissing([...kept.values()]);
}

function joinMissing(findings: readonly RawFinding[]): Finding[] {
  const groups = new Map<string, RawFinding[]>();
  for (const [index, finding] of findings.entries()) {
    const key = finding.missing === undefined ? index : [finding.profile, finding.pointer, finding.event];
    const group = groups.get(JSON.stringify(key));
    if (group) group.push(finding);
    else groups.set(JSON.stringify(key), [finding]);
  }
  return [...groups.values()].map(([first, ...others]) => {
    const { missing, ...finding } = first!;
    if (missing === undefined || others.length === 0) return finding;
    const message = finding.message.replace(tellNames([missing]), tellNames([missing, ...others.map(nameOf)]));
    return { ...finding, message };
  });
}

function nameOf(finding: RawFinding): string {
  return finding.missing ?? '';
}

function weigh(finding: Finding): number {
  return WEIGHT[finding.profile] + (finding.severity === 'error' ? 10 : 0);
}

/** The same complaint about several events of a stream becomes one, at the first event, which counts the others. */
export function collapseRepeats(findings: readonly Finding[]): Finding[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = JSON.stringify([finding.profile, finding.rule, finding.pointer, finding.message, finding.leg]);
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  return [...groups.values()].map((group) => {
    const first = group[0]!;
    if (group.length === 1) return first;
    return { ...first, message: `${first.message} (and so in ${group.length - 1} more events)` };
  });
}
