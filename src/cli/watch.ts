import type { EntryEnd } from '../cassette/format.ts';
import type { AttemptTap, ExchangeTap, MessageTap, Recorder, RequestHead, ResponseHead } from '../cassette/tap.ts';
import { answerOf } from '../oracle/codex/answer.ts';
import { judgeAnswer } from '../oracle/codex/judge.ts';
import { requestKindOf } from '../oracle/codex/request.ts';
import type { CodexAnswer, CodexVerdict } from '../oracle/codex/types.ts';
import { codexVersionOf } from '../oracle/codex/version.ts';
import { formatBytes, formatMs } from '../report/format.ts';
import { printable } from '../report/text.ts';
import { headerValue } from '../util/headers.ts';
import type { Outcome } from '../util/types.ts';
import { type Io, remark } from './io.ts';

/** Answers above this are not judged line by line; `explain` does it from the cassette. */
const JUDGED_BYTES = 4 * 1024 * 1024;

const SILENT: MessageTap = { data() {}, end() {} };
const UNRECORDED: ExchangeTap = {
  clientRequest: SILENT,
  attempt: (): AttemptTap => ({ request: () => SILENT, informational() {}, response: () => SILENT, close() {} }),
  informational() {},
  clientResponse: () => SILENT,
  losses() {},
  webSocketClose() {},
  close() {},
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

/** What has been seen of one exchange. */
interface Seen {
  request: RequestHead;
  /** Undecoded; undefined once it got too large. */
  body: Buffer[] | undefined;
  head: ResponseHead | undefined;
  headMs: number;
  chunks: CodexAnswer['chunks'][number][];
  /** Of the answer. */
  bytes: number;
  end: EntryEnd['how'];
}

function watchOne(number: number, request: RequestHead, inner: ExchangeTap, io: Io): ExchangeTap {
  const seen: Seen = { request, body: [], head: undefined, headMs: 0, chunks: [], bytes: 0, end: 'complete' };
  let requestBytes = 0;
  return {
    clientRequest: both(inner.clientRequest, (_ms, data) => {
      requestBytes += data.length;
      if (requestBytes > JUDGED_BYTES) seen.body = undefined;
      else seen.body?.push(Buffer.from(data));
    }),
    attempt: () => inner.attempt(),
    informational: (ms, head) => inner.informational(ms, head),
    losses: (losses) => inner.losses(losses),
    webSocketClose: (close) => inner.webSocketClose(close),
    clientResponse(ms, head, producer) {
      seen.head = head;
      seen.headMs = ms;
      const onData = (at: number, data: Uint8Array) => {
        seen.bytes += data.length;
        if (seen.bytes <= JUDGED_BYTES) seen.chunks.push({ ms: at, data });
      };
      return both(inner.clientResponse(ms, head, producer), onData, (end) => {
        seen.end = end.how;
      });
    },
    close(outcome, end) {
      inner.close(outcome, end);
      remark(io, exchangeLine(number, seen, outcome, end, io));
    },
  };
}

function both(inner: MessageTap, onData: MessageTap['data'], onEnd: MessageTap['end'] = () => {}): MessageTap {
  return {
    data(ms, chunk, binary) {
      onData(ms, chunk);
      inner.data(ms, chunk, binary);
    },
    end(end, trailers) {
      onEnd(end);
      inner.end(end, trailers);
    },
  };
}

function exchangeLine(number: number, seen: Seen, outcome: Outcome, end: EntryEnd, io: Io): string {
  const { dim, red, green, yellow } = io.errorColour;
  const status = seen.head?.status ?? 0;
  const verdict = verdictOf(seen, outcome);
  const paint = outcome !== 'complete' ? red : verdict && verdict.action !== 'accept' ? yellow : green;
  const parts = [
    dim(`#${number}`),
    printable(`${seen.request.method} ${seen.request.url.split('?')[0]}`),
    paint(status === 0 ? '---' : String(status)),
    formatMs(end.ms),
    formatBytes(seen.bytes),
    outcome === 'complete' ? '' : red(outcome),
    verdict ? paint(`Codex: ${verdict.action}${verdict.action === 'accept' ? '' : ` (${verdict.reason})`}`) : '',
  ];
  return parts.filter(Boolean).join('  ');
}

function verdictOf({ request, body, head, ...seen }: Seen, outcome: Outcome): CodexVerdict | undefined {
  const version = codexVersionOf(request.headers);
  const coded = headerValue(request.headers, 'content-encoding') !== undefined;
  const text = body && !coded ? Buffer.concat(body).toString() : undefined;
  const kind = requestKindOf(request.method, request.url, text)?.kind;
  if (!version || !kind || !head || outcome === 'client-aborted' || seen.bytes > JUDGED_BYTES) return undefined;
  const { status, headers } = head;
  const { chunks, headMs, end } = seen;
  return judgeAnswer(
    version,
    kind,
    answerOf({ status, headers, chunks, headMs, end, endMs: chunks.at(-1)?.ms ?? headMs }),
  );
}
