import { parseSse } from '../../decode/sse.ts';
import { summariseAnswer, summariseStream, type Usage } from '../../report/answer-summary.ts';
import { concatBytes, fromUtf8 } from '../../util/bytes.ts';
import { headerValue } from '../../util/headers.ts';
import type { ObservedSide } from './observed.ts';

/** Tokens that a run may cost. */
export interface Budget {
  limit: number;
  spent(): number;
  isOver(): boolean;
  spend(exchanges: readonly ObservedSide[]): void;
}

export function createBudget(limit: number): Budget {
  let spent = 0;
  return {
    limit,
    spent: () => spent,
    isOver: () => spent >= limit,
    spend(exchanges) {
      for (const exchange of exchanges) spent += tokensOf(exchange);
    },
  };
}

/** English text has about four bytes a token, JSON fewer: for answers that do not say what they cost. */
const BYTES_PER_TOKEN = 4;

/** What an exchange cost, as its answer says, or by its size; an error costs nothing. */
export function tokensOf({ protocol, requestBody, response, chunks }: ObservedSide): number {
  if (!response || response.status >= 300) return 0;
  const body = concatBytes(chunks.map(([, bytes]) => bytes));
  const streamed = /event-stream/.test(headerValue(response.headers, 'content-type') ?? '');
  const { usage } = streamed
    ? summariseStream(
        protocol,
        parseSse(body).events.map(({ data }) => parse(data)),
      )
    : summariseAnswer(protocol, parse(fromUtf8(body)));
  const told = sumOf(usage);
  return told > 0 ? told : Math.ceil((requestBody.length + body.length) / BYTES_PER_TOKEN);
}

function sumOf({ input = 0, output = 0, total = 0 }: Usage = {}): number {
  return Math.max(total, input + output);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
