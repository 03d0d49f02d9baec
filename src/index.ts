/** The public library API. What is not exported here may change at any time. */

export type { CassetteHeader, Chunk, Entry, EntryEnd, HarHeader, Producer, WireFacts } from './cassette/format.ts';
export type { Leg, LegBody, RecordedExchange } from './cassette/legs.ts';
export { groupExchanges, legOf, legsOf } from './cassette/legs.ts';
export { createRecorder, type RecorderOptions } from './cassette/recorder.ts';
export {
  createRedactor,
  type RedactOptions,
  type Redactor,
  type SecretHit,
  scanForSecrets,
} from './cassette/redact.ts';
export {
  type CassetteReader,
  type ExchangePlaces,
  findCassette,
  openCassette,
  writeCassette,
} from './cassette/store.ts';
export type { ExchangeTap, MessageTap, Recorder, RecordingSummary } from './cassette/tap.ts';
export { type ScriptedUpstream, startScriptedUpstream } from './conformance/scripted-upstream.ts';
export { createBodyDecoder, decodeBody, encodeBody } from './decode/body.ts';
export { createSseParser, parseSse } from './decode/sse.ts';
export type { DecodeLimits, DecodeProblem, DecodeResult, SseEvent } from './decode/types.ts';
export { type ErrorCode, EXIT, TapedeckError } from './errors.ts';
export { judgeAnswer } from './oracle/codex/judge.ts';
export { judgeSession } from './oracle/codex/session.ts';
export type { CodexAnswer, CodexVerdict } from './oracle/codex/types.ts';
export { type ProxyOptions, type RunningProxy, startProxy } from './proxy/server.ts';
export {
  type DocumentKind,
  type TranslatedDocument,
  type TranslateOptions,
  translateDocument,
} from './proxy/translated/document.ts';
export type { TranslationOptions } from './proxy/translated/setup.ts';
export { type ExchangeSource, sourceOfCassette } from './replay/exchange-source.ts';
export type { Leftover } from './replay/library.ts';
export { createMatcher, type Matcher, type MatchOptions, type Miss } from './replay/match.ts';
export { parseMatchRules } from './replay/match-rules.ts';
export { type Player, type PlayerOptions, startPlayer } from './replay/player.ts';
export { guardNetwork, type NetworkGuard } from './replay/polly/offline.ts';
export type { MatchRules } from './replay/request.ts';
export type { LegName, Loss, LossWeight, Outcome, Protocol, RawHeaders, Side } from './util/types.ts';
export { validateDocument } from './validate/document.ts';
export { validateExchange } from './validate/exchange.ts';
export type { Finding, Profile } from './validate/findings.ts';
export { checkGrammar } from './validate/grammar.ts';
