import type { EntryEnd } from '../cassette/format.ts';
import type { AttemptTap, ExchangeTap, MessageTap, Recorder, RequestHead, ResponseHead } from '../cassette/tap.ts';
import { judgeAnswer } from '../oracle/codex/judge.ts';
import type { CodexAnswer } from '../oracle/codex/types.ts';
import { codexVersionOf } from '../oracle/codex/version.ts';
import { classify, type Endpoint } from '../route/endpoints.ts';
import { headerValue } from '../util/headers.ts';
import type { Outcome } from '../util/types.ts';
import { type Io, remark } from './io.ts';

/** Answers above this are not judged line by line; `explain` does it from the cassette. */
const JUDGED_BYTES = 4 * 1024 * 1024;

const SILENT: MessageTap = { data() {}, end() {} };
const UNRECORDED: ExchangeTap = {
  clientRequest: SILENT,
  attempt: (): AttemptTap => ({ request: () => SILENT, response: () => SILENT, close() {} }),
  clientResponse: () => SILENT,
  losses() {},
  close() {},
};

/** Oracle kinds by endpoint; other endpoints get no verdict. */
const KINDS: Partial<Record<Endpoint, 'turn' | 'compact' | 'models'>> = {
  responses: 'turn',
  'responses.compact': 'compact',
  models: 'models',
};

/**
 * A recorder that prints one line an exchange on stderr as it ends, with what Codex will make of the answer, and hands
 * everything on to `inner` (absent: nothing is recorded). For terminals only: it keeps each answer until it is judged.
 */
export function watchExchanges(inner: Recorder | undefined, io: Io): Recorder {
  let count = 0;
  return {
    room: () => inner?.room(),
    open(start) {
      count += 1;
      return watchOne(count, start.request, inner?.open(start) ?? UNRECORDED, io);
    },
    close: () => inner?.close() ?? Promise.reject(new Error('nothing is recorded')),
  };
}

function watchOne(number: number, request: RequestHead, inner: ExchangeTap, io: Io): ExchangeTap {
  const answer = {
    head: undefined as ResponseHead | undefined,
    headMs: 0,
    chunks: [] as CodexAnswer['chunks'][number][],
    bytes: 0,
  };
  return {
    clientRequest: inner.clientRequest,
    attempt: () => inner.attempt(),
    losses: (losses) => inner.losses(losses),
    clientResponse(ms, head, producer) {
      answer.head = head;
      answer.headMs = ms;
      const tap = inner.clientResponse(ms, head, producer);
      return {
        data(at, data) {
          answer.bytes += data.length;
          if (answer.bytes <= JUDGED_BYTES) answer.chunks.push({ ms: at, data });
          tap.data(at, data);
        },
        end: (end, trailers) => tap.end(end, trailers),
      };
    },
    close(outcome, end) {
      inner.close(outcome, end);
      remark(io, exchangeLine(number, request, answer, outcome, end, io));
    },
  };
}

function exchangeLine(
  number: number,
  request: RequestHead,
  answer: { head: ResponseHead | undefined; headMs: number; chunks: CodexAnswer['chunks']; bytes: number },
  outcome: Outcome,
  end: EntryEnd,
  io: Io,
): string {
  const { dim, red, green, yellow } = io.errorColour;
  const status = answer.head?.status ?? 0;
  const verdict = answer.bytes <= JUDGED_BYTES ? verdictOf(request, answer, outcome, end) : undefined;
  const paint = outcome !== 'complete' ? red : verdict && verdict.action !== 'accept' ? yellow : green;
  const parts = [
    dim(`#${number}`),
    `${request.method} ${request.url.split('?')[0]}`,
    paint(status === 0 ? '---' : String(status)),
    `${(end.ms / 1000).toFixed(2)} s`,
    `${answer.bytes} B`,
    outcome === 'complete' ? '' : red(outcome),
    verdict ? paint(`Codex: ${verdict.action}${verdict.action === 'accept' ? '' : ` — ${verdict.reason}`}`) : '',
  ];
  return parts.filter(Boolean).join('  ');
}

function verdictOf(
  request: RequestHead,
  answer: { head: ResponseHead | undefined; headMs: number; chunks: CodexAnswer['chunks'] },
  outcome: Outcome,
  end: EntryEnd,
) {
  const version = codexVersionOf(request.headers);
  const kind = KINDS[classify(request.method, request.url).endpoint];
  if (!version || !kind || outcome === 'client-aborted') return undefined;
  const headers = answer.head?.headers ?? [];
  const coded = headerValue(headers, 'content-encoding');
  return judgeAnswer(version, kind, {
    status: answer.head?.status ?? 0,
    headers,
    chunks: answer.chunks,
    headMs: answer.headMs,
    end:
      end.how === 'complete'
        ? 'complete'
        : end.how === 'reset'
          ? 'reset'
          : end.how === 'timeout'
            ? 'timeout'
            : 'closed',
    endMs: end.ms,
    ...(coded === undefined ? {} : { coded }),
  });
}
