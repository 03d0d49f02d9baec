import { fromUtf8 } from '../../util/bytes.ts';
import { sha256Hex } from '../../util/sha256.ts';
import type { Protocol } from '../../util/types.ts';
import { defaultAnswer, problem } from '../provider/default-answer.ts';
import type { AnswerWatch } from '../provider/give-answer.ts';
import { createMint, type Mint } from '../provider/mint.ts';
import type { Answer, AnswerContext, ReceivedRequest } from '../script.ts';
import type { Attended } from '../scripted-upstream.ts';
import { beginSide, msOf, type ObservedSide } from './observed.ts';
import { inTime } from './stop.ts';
import { judgeRequest, type Refusal } from './strictness.ts';

/** A request of the gateway to its provider. */
export interface UpstreamCall {
  request: ReceivedRequest;
  /** Resolves when the answer is over: given to its end, or the gateway went away before. */
  closed: Promise<'answered' | 'gone'>;
  observed: ObservedSide;
}

/** What a check says and sees as the gateway's provider. Only the requests that carry the check's marker come here. */
export interface Desk {
  /** In the order in which they came. */
  calls: readonly UpstreamCall[];
  /** What strict providers refuse; each of these requests was answered with 400. */
  refusals: readonly Refusal[];
  /** Says what every further request is answered with, until it is said again. `nth` counts from 1. */
  answer(how: Answerer): void;
  /** Takes whatever the gateway sends, for the rest of the trial. */
  beLenient(): void;
  /** The next request that nobody waited for yet; ends the trial when none comes. */
  next(): Promise<UpstreamCall>;
}

export type Answerer = (request: ReceivedRequest, context: AnswerContext, nth: number) => Answer;

/** All desks behind one scripted upstream. */
export interface DeskRoom {
  open(marker: string, timeoutMs: number): { desk: Desk; close(): void };
  /** Requests without the marker of an open desk go to this one, as long as it is open. */
  openForAll(marker: string, timeoutMs: number): { desk: Desk; close(): void };
  /** For the scripted upstream. */
  attend(request: ReceivedRequest): Attended | undefined;
}

const MARKER = /tdk[0-9a-f]{12}/g;

/** The marker of a trial: it stands in the prompt, survives every translation, and is the same on every run. */
export function markerOf(...parts: readonly (string | number)[]): string {
  return `tdk${sha256Hex(parts.join('\n')).slice(0, 12)}`;
}

/** @param strict refuse, as providers do, what the protocol does not have */
export function createDeskRoom(strict: boolean): DeskRoom {
  const desks = new Map<string, OpenDesk>();
  let forAll: OpenDesk | undefined;
  const open = (marker: string, timeoutMs: number) => {
    const desk = new OpenDesk(marker, timeoutMs, strict);
    desks.set(marker, desk);
    return { desk, close: () => void desks.delete(marker) };
  };
  return {
    open,
    openForAll(marker, timeoutMs) {
      const { desk, close } = open(marker, timeoutMs);
      forAll = desk;
      return {
        desk,
        close: () => {
          close();
          forAll = undefined;
        },
      };
    },
    attend(request) {
      // What belongs to nobody is answered as usual: model lists, health checks.
      return (deskOf(request, desks) ?? forAll)?.receive(request);
    },
  };
}

/** The last marker counts: a gateway may put texts of its own, or of an earlier request, in front. */
function deskOf(request: ReceivedRequest, desks: ReadonlyMap<string, OpenDesk>): OpenDesk | undefined {
  const text = `${request.url} ${request.decoded ? fromUtf8(request.decoded) : ''}`;
  const found = [...text.matchAll(MARKER)].map(([marker]) => desks.get(marker)).filter((desk) => desk !== undefined);
  return found.at(-1);
}

class OpenDesk implements Desk {
  readonly calls: UpstreamCall[] = [];
  readonly refusals: Refusal[] = [];
  readonly #mint: Mint;
  readonly #timeoutMs: number;
  #strict: boolean;
  #waited = 0;
  #wake = () => {};
  #answerer: Answerer = (request, context) => defaultAnswer(request, context);

  constructor(marker: string, timeoutMs: number, strict: boolean) {
    this.#mint = createMint(marker);
    this.#timeoutMs = timeoutMs;
    this.#strict = strict;
  }

  answer(how: Answerer): void {
    this.#answerer = how;
  }

  beLenient(): void {
    this.#strict = false;
  }

  async next(): Promise<UpstreamCall> {
    const place = this.#waited++;
    while (this.calls.length <= place) {
      const more = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      const what = place === 0 ? 'a request at the upstream' : `request ${place + 1} at the upstream`;
      await inTime(more, this.#timeoutMs, what);
    }
    return this.calls[place]!;
  }

  receive(request: ReceivedRequest): Attended {
    const observed = observe(request);
    const { watch, closed } = watchAnswer(observed);
    this.calls.push({ request, closed, observed });
    const nth = this.calls.length;
    this.#wake();
    return { answer: this.#answerTo(request, nth), watch };
  }

  #answerTo(request: ReceivedRequest, nth: number): Answer {
    const refusals = this.#strict ? judgeRequest(request) : [];
    this.refusals.push(...refusals);
    const [first] = refusals;
    if (first) return problem(request, 400, 'invalid_request', first.message);
    const context = { mint: this.#mint, model: String(request.json?.model ?? 'tapedeck-scripted') };
    return request.problem ? defaultAnswer(request, context) : this.#answerer(request, context, nth);
  }
}

function observe({ method, url, headers, raw, protocol }: ReceivedRequest): ObservedSide {
  return beginSide(protocol as Protocol | null, { method, url, httpVersion: 'HTTP/1.1', headers }, raw);
}

function watchAnswer(observed: ObservedSide): { watch: AnswerWatch; closed: Promise<'answered' | 'gone'> } {
  let close: (how: 'answered' | 'gone') => void = () => {};
  const closed = new Promise<'answered' | 'gone'>((resolve) => {
    close = resolve;
  });
  const watch: AnswerWatch = {
    head(status, headers) {
      observed.headMs = msOf(observed);
      observed.response = { status, statusText: '', httpVersion: 'HTTP/1.1', headers };
    },
    data: (bytes) => void observed.chunks.push([msOf(observed), bytes]),
    end(how) {
      const ms = msOf(observed);
      observed.outcome = how === 'complete' ? 'complete' : 'upstream-aborted';
      observed.end = how === 'complete' ? { by: 'upstream', ms, how } : { by: 'upstream', ms, how: 'reset' };
      if (how !== 'open') close('answered');
    },
    gone() {
      observed.outcome = 'client-aborted';
      observed.end = { by: 'tapedeck', ms: msOf(observed), how: 'closed' };
      close('gone');
    },
  };
  return { watch, closed };
}
