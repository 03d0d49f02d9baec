import { LIMITS } from '../../../src/decode/limits.ts';
import { formatSize } from '../../../src/decode/problems.ts';
import type { BatteryCase } from './cases.ts';
import { type Measured, renderTable, renderTables } from './table.ts';

/** The text of docs/codings.md. */
export function renderDocument(battery: readonly BatteryCase[], measured: Readonly<Record<string, Measured>>): string {
  return `# Content codings

<!-- Written by \`npm run codings\`; do not edit. -->

Codex sends its requests in zstd when it is logged in with ChatGPT, and any client may code a body. This page says what Tapedeck
answers to every kind of body, good and bad. \`tapedeck proxy --request-coding decode\` answers a client so, and a cassette's
decoded view is made in the same way; with \`--request-coding pass\` bodies go up as they came.

- 400 \`coding-corrupt\`: the coded bytes are damaged, cut off or followed by something else, or there are none;
- 413 \`body-too-large\`: more than the limits allow;
- 415 \`coding-unknown\`: a coding that is not gzip, deflate, br or zstd, or too many of them.

## Limits

${renderLimits()}

Memory grows by the decoded limit and 16 MiB at most, here 80 MiB. A bomb whose headers tell its size is refused before a byte of
it is decoded.

## What is decoded by what

A whole zstd body is walked first: all frame and block headers are read and bound its size. Where only the bound is over the
limit (a stream that is flushed for each item), the sizes of all matches are added up. Only then libzstd decodes it. A streamed
body is decoded block by block by Tapedeck's own decoder, which is strict by RFC 8878; content sizes and checksums are verified
at the end of each frame. libzstd is less strict: damage in the literals of a frame without checksum may give wrong bytes where
the stream decoder finds it. gzip, deflate and br are zlib's and brotli's matter; bytes after the end are refused for all of them.

A request that says \`content-length: 0\` has no body, so no coding is looked at; a chunked one without bytes is refused.

## The battery

Every row is a test: decoded whole, as a stream, and sent through the proxy. "cut after each byte" is as many bodies as there are
bytes, all answered alike. "reference program" is zstd 1.5.4 or gzip 1.12, given the body on its standard input; \`-\`: there is none for
the coding. "memory" is the peak of the resident memory while the body is decoded with the limits above.

${renderTables(battery, measured)}`;
}

function renderLimits(): string {
  const rows: [string, string][] = [
    ['coded body of a request', formatSize(LIMITS.request.coded)],
    ['decoded body of a request', formatSize(LIMITS.request.decoded)],
    ['coded and decoded body of an answer', formatSize(LIMITS.response.decoded)],
    ['stacked codings', String(LIMITS.codings)],
    ['bytes between two of them', formatSize(LIMITS.betweenCodings)],
    ['window of a zstd frame (RFC 9659)', formatSize(LIMITS.zstdWindow)],
    ['zstd frames in a body', String(LIMITS.zstdFrames)],
    ['zstd blocks in a body', String(LIMITS.zstdBlocks)],
  ];
  return renderTable(['what', 'limit'], rows);
}
