import type { ExchangeFacts } from './facts.ts';

/** A common cause, what it looks like, and what to do. The tables are in causes-*.ts; docs/explain.md lists them. */
export interface Cause {
  id: string;
  level: 'broken' | 'warning';
  /** What one sees, for the list in the docs. */
  looks: string;
  /** What happened, one sentence. */
  cause: string;
  /** What to do, imperative. */
  fix: string;
  source: string;
  /** What in the exchange shows it; undefined: not this cause. */
  match(facts: ExchangeFacts): string | undefined;
}

/** Matches when the client's forecast, or one of its remarks, has one of these rules. */
export function byRule(...rules: string[]): Cause['match'] {
  return ({ forecast }) => {
    if (!forecast) return undefined;
    if (rules.includes(forecast.rule)) return forecast.reason;
    return forecast.remarks.find((remark) => rules.includes(remark.rule))?.reason;
  };
}

/** Matches an HTTP status of the answer, with what it says. */
export function byStatus(from: number, to = from): Cause['match'] {
  return (facts) => (facts.answer.status >= from && facts.answer.status <= to ? tellStatus(facts) : undefined);
}

/** Matches what the error says, whichever way it came: code or text of a body, or of an event. */
export function bySaying(pattern: RegExp): Cause['match'] {
  return (facts) => {
    const { error, status, text } = facts.answer;
    const said = error ? `${error.code} ${error.message}` : status >= 400 ? text.slice(0, SAID_CHARS) : '';
    return pattern.test(said) ? tellStatus(facts) : undefined;
  };
}

/** Matches when all do; the evidence is that of the last. */
export function all(...matches: Cause['match'][]): Cause['match'] {
  return (facts) => {
    let evidence: string | undefined;
    for (const match of matches) {
      evidence = match(facts);
      if (evidence === undefined) return undefined;
    }
    return evidence;
  };
}

/** Matches when one does. */
export function any(...matches: Cause['match'][]): Cause['match'] {
  return (facts) => matches.map((match) => match(facts)).find((evidence) => evidence !== undefined);
}

/** A plain condition. */
export function when(
  test: (facts: ExchangeFacts) => boolean,
  evidence: (facts: ExchangeFacts) => string,
): Cause['match'] {
  return (facts) => (test(facts) ? evidence(facts) : undefined);
}

/** Characters of an error body that are looked at; pages can be long. */
const SAID_CHARS = 4000;
const SHOWN_CHARS = 200;

/** What the answer says went wrong, shortened: `status 400: Unknown parameter …`, `server_error: …`. */
export function tellStatus({ answer, forecast }: ExchangeFacts): string {
  const { error, status, text } = answer;
  const told = error ? [status < 400 ? error.code : '', error.message || error.code] : [status < 400 ? '' : text];
  const said = [...new Set(told)].filter(Boolean).join(': ').replace(/\s+/g, ' ').trim();
  const shown = said.length > SHOWN_CHARS ? `${said.slice(0, SHOWN_CHARS - 1)}…` : said;
  if (status < 400) return shown || (forecast?.reason ?? 'an error without a text');
  return `status ${status}${shown === '' ? ', no body' : `: ${shown}`}`;
}
