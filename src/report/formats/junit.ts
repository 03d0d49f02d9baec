import { printable } from '../text.ts';

/** What a JUnit report is made of; texts are escaped when it is written. */
export interface TestSuite {
  name: string;
  properties?: Readonly<Record<string, string | number>>;
  cases: readonly TestCase[];
}

export interface TestCase {
  name: string;
  /** Nothing: it passed. */
  outcomes: readonly Outcome[];
  /** What a reader should know besides. */
  notes?: readonly string[];
}

export interface Outcome {
  kind: 'skipped' | 'failure' | 'error';
  message: string;
  type?: string;
  details?: readonly string[];
}

/**
 * The XML that Ant's JUnit task began with and that CI servers read. There are no times in it, since a report is the same on every run.
 * @param name of the whole
 */
export function junitDocument(name: string, suites: readonly TestSuite[]): string {
  const cases = suites.flatMap((suite) => suite.cases);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${escapeXml(name)}" ${countsOf(cases)}>`,
    ...suites.flatMap(suiteLines),
    '</testsuites>',
    '',
  ].join('\n');
}

function suiteLines({ name, properties = {}, cases }: TestSuite): string[] {
  const known = Object.entries(properties).map(
    ([key, value]) => `<property name="${escapeXml(key)}" value="${escapeXml(String(value))}"/>`,
  );
  return [
    ` <testsuite name="${escapeXml(name)}" ${countsOf(cases)}>`,
    ...(known.length === 0 ? [] : [`  <properties>${known.join('')}</properties>`]),
    ...cases.map((one) => caseLine(name, one)),
    ' </testsuite>',
  ];
}

/** Failures are counted one by one, cases that failed once. */
function countsOf(cases: readonly TestCase[]): string {
  const outcomes = cases.flatMap((one) => one.outcomes);
  const having = (kind: Outcome['kind']) =>
    cases.filter((one) => one.outcomes.some((each) => each.kind === kind)).length;
  const errors = outcomes.filter(({ kind }) => kind === 'error').length;
  return `tests="${cases.length}" failures="${having('failure')}" errors="${errors}" skipped="${having('skipped')}"`;
}

function caseLine(suite: string, { name, outcomes, notes = [] }: TestCase): string {
  const inner = [
    ...outcomes.map(outcomeText),
    ...(notes.length > 0 ? [`<system-out>${escapeXml(notes.join('\n'))}</system-out>`] : []),
  ].join('');
  const start = `  <testcase classname="${escapeXml(suite)}" name="${escapeXml(name)}"`;
  return inner === '' ? `${start}/>` : `${start}>${inner}</testcase>`;
}

function outcomeText({ kind, message, type, details = [] }: Outcome): string {
  const attributes = `message="${escapeXml(message)}"${type === undefined ? '' : ` type="${escapeXml(type)}"`}`;
  return details.length === 0
    ? `<${kind} ${attributes}/>`
    : `<${kind} ${attributes}>${escapeXml(details.join('\n'))}</${kind}>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
};

/** XML 1.0 has no way to write most control characters (section 2.2), so they become their pictures; so do lone surrogates. */
function escapeXml(text: string): string {
  return printable(text)
    .replace(/\p{Surrogate}/gu, '\uFFFD')
    .replace(/[\uFFFE\uFFFF]/g, '\uFFFD')
    .replace(/[&<>"\n]/g, (char) => ENTITIES[char]!);
}
