// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the strings here are source texts
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ErrorCode, TapedeckError } from '../../src/errors.ts';
import { checkFile, errorCodesOf } from './architecture.ts';
import { blankLiterals, importsOf } from './source-text.ts';

const CONTEXT = { errorCodes: ['usage', 'internal'] };

function rulesBroken(path: string, text: string): string[] {
  return checkFile(path, text, CONTEXT).map((violation) => `${violation.rule}:${violation.line}`);
}

describe('planted violations', () => {
  it.each<[what: string, path: string, text: string, expected: string[]]>([
    // Rule 1
    [
      'protocols/ reaching for decode/',
      'src/protocols/chat/a.ts',
      "import { a } from '../../decode/sse.ts';",
      ['layers:1'],
    ],
    [
      'protocols/ reaching for a type of cassette/',
      'src/protocols/a.ts',
      "import type { E } from '../cassette/format.ts';",
      ['layers:1'],
    ],
    [
      'translate/ reaching for replay/',
      'src/translate/x/a.ts',
      "import { a } from '../../replay/match.ts';",
      ['layers:1'],
    ],
    [
      'validate/ reaching for the store',
      'src/validate/a.ts',
      "import { a } from '../cassette/store.ts';",
      ['layers:1'],
    ],
    [
      'oracle/ reaching for validate/',
      'src/oracle/codex/a.ts',
      "import { a } from '../../validate/grammar.ts';",
      ['layers:1'],
    ],
    [
      'cassette/ reaching for proxy/',
      'src/cassette/a.ts',
      "\n\nimport { a } from '../proxy/exchange.ts';",
      ['layers:3'],
    ],
    ['util/ reaching for protocols/', 'src/util/a.ts', "import { a } from '../protocols/a.ts';", ['layers:1']],
    [
      'a dynamic import across layers',
      'src/decode/a.ts',
      "const a = await import('../cassette/store.ts');",
      ['layers:1'],
    ],
    [
      'an import over several lines',
      'src/route/a.ts',
      "import {\n  a,\n  b,\n} from '../proxy/server.ts';",
      ['layers:1'],
    ],
    ['a folder nobody planned', 'src/misc/a.ts', 'export const a = 1;', ['layers:1']],
    ['a file outside src/', 'src/decode/a.ts', "import { a } from '../../test/helpers/a.ts';", ['layers:1']],
    // Rule 2
    ['files', 'src/decode/a.ts', "import { readFileSync } from 'node:fs';", ['side-effects:1']],
    ['files by promise', 'src/protocols/a.ts', "import * as fs from 'node:fs/promises';", ['side-effects:1']],
    ['sockets', 'src/replay/match.ts', "import http from 'node:http';", ['side-effects:1']],
    ['undici', 'src/proxy/pipeline.ts', "import { Agent } from 'undici';", ['side-effects:1']],
    ['ws', 'src/conform.ts', "import { WebSocket } from 'ws';", ['layers:1', 'side-effects:1']],
    ['the process module', 'src/cassette/redact.ts', "import process from 'node:process';", ['side-effects:1']],
    ['the process global', 'src/report/a.ts', 'const a = process.env.A;', ['side-effects:1']],
    ['process inside a template', 'src/report/a.ts', 'const a = `x ${process.pid} y`;', ['side-effects:1']],
    ['the clock', 'src/cassette/recorder.ts', 'const a = 1;\nconst b = Date.now();', ['side-effects:2']],
    ['the clock by constructor', 'src/cassette/recorder.ts', 'const b = new Date();', ['side-effects:1']],
    ['the monotonic clock', 'src/oracle/a.ts', 'const b = performance.now();', ['side-effects:1']],
    ['a timer', 'src/proxy/pipeline.ts', 'setTimeout(() => {}, 5);', ['side-effects:1']],
    ['a timer as an abort signal', 'src/proxy/pipeline.ts', 'const s = AbortSignal.timeout(5);', ['side-effects:1']],
    ['randomness', 'src/translate/a.ts', 'const a = Math.random();', ['side-effects:1']],
    ['random ids', 'src/translate/a.ts', "import { createHash, randomUUID } from 'node:crypto';", ['side-effects:1']],
    ['random ids from the global', 'src/translate/a.ts', 'const a = crypto.randomUUID();', ['side-effects:1']],
    ['output', 'src/validate/explain.ts', "console.error('x');", ['side-effects:1']],
    ['an unknown package', 'src/decode/a.ts', "import { gunzip } from '@scope/zip/inner';", ['side-effects:1']],
    // Rule 3
    ['respond/ calling upstream/', 'src/respond/a.ts', "import { a } from '../upstream/client.ts';", ['cross-step:1']],
    ['state/ calling respond/', 'src/state/a.ts', "import { a } from '../respond/sse.ts';", ['cross-step:1']],
    ['report/ opening cassettes', 'src/report/a.ts', "import { a } from '../cassette/store.ts';", ['cross-step:1']],
    ['proxy/ calling cli/', 'src/proxy/server.ts', "import { say } from '../cli/io.ts';", ['cross-step:1']],
    // Rule 4
    ['a file of 300 lines', 'src/util/a.ts', 'export const a = 1;\n'.repeat(300), ['size:300']],
    ['a default export', 'src/util/a.ts', '\nexport default function a() {}', ['exports:2']],
    ['a renamed default export', 'src/util/a.ts', 'const a = 1;\nexport { a as default };', ['exports:2']],
    [
      'a barrel',
      'src/util/index.ts',
      "export * from './a.ts';\nexport type { B } from './b.ts';",
      ['barrel:1', 'barrel:2'],
    ],
    // Rule 5
    ['an invented code', 'src/cli/a.ts', "throw new TapedeckError('no-luck', 'x');", ['error-codes:1']],
    [
      'an invented code on the next line',
      'src/cli/a.ts',
      "throw new TapedeckError(\n  'no-luck',\n  'x');",
      ['error-codes:1'],
    ],
    ['a cast to a code', 'src/cli/a.ts', 'const a = b as ErrorCode;', ['error-codes:1']],
    ['a second list of codes', 'src/cli/a.ts', "type ErrorCode = 'a';", ['error-codes:1']],
    ['a second error type', 'src/cli/a.ts', 'class MissError extends TapedeckError {\n}', ['error-codes:1']],
    // Public texts
    ['a home folder in a document', 'docs/a.md', `one\nsee /home/${'jsmith'}/x`, ['machine-paths:2']],
    ['a checkout in a comment', 'src/util/a.ts', `// like /${'work'}/main/x`, ['machine-paths:1']],
    ['a macOS folder in a test', 'test/a.test.ts', `const a = '/${'Users'}/jsmith/x';`, ['machine-paths:1']],
    ['a folder of root', 'README.md', `cd /${'root'}/x`, ['machine-paths:1']],
  ])('%s is found', (_what, path, text, expected) => {
    expect(rulesBroken(path, text)).toEqual(expected);
  });
});

describe('what the design allows', () => {
  it.each<[what: string, path: string, text: string]>([
    [
      'common code everywhere',
      'src/protocols/chat/a.ts',
      "import { a } from '../../errors.ts';\nimport { b } from '../../util/bytes.ts';",
    ],
    ['a layer importing itself', 'src/decode/zstd/a.ts', "import { a } from '../limits.ts';"],
    ['translate/ over protocols/', 'src/translate/x/a.ts', "import { a } from '../../protocols/chat/types.ts';"],
    ['validate/ over the shape of a cassette', 'src/validate/a.ts', "import type { E } from '../cassette/legs.ts';"],
    [
      'proxy/ across steps',
      'src/proxy/pipeline.ts',
      "import { a } from '../upstream/client.ts';\nimport type { Recorder } from '../cassette/tap.ts';",
    ],
    ['the suite across steps', 'src/replay/suite.ts', "import { a } from '../validate/exchange.ts';"],
    [
      'cli/ over everything',
      'src/cli/a.ts',
      "import { readFileSync } from 'node:fs';\nimport { a } from '../replay/player.ts';\nimport { b } from './io.ts';",
    ],
    [
      'report/ taking types of anything',
      'src/report/a.ts',
      "import type { Recorder } from '../cassette/tap.ts';\nimport type { ChalkInstance } from 'chalk';",
    ],
    [
      'hashes, buffers and zlib in pure code',
      'src/decode/a.ts',
      "import { createHash } from 'node:crypto';\nimport { Buffer } from 'node:buffer';\nimport { gunzip } from 'node:zlib';",
    ],
    ['the coding packages in pure code', 'src/decode/a.ts', "import { decompress } from '@mongodb-js/zstd';"],
    ['the manifest', 'src/util/version.ts', "import p from '../../package.json' with { type: 'json' };"],
    [
      'types of an impure module',
      'src/proxy/pipeline.ts',
      "import type { IncomingMessage } from 'node:http';\nimport { type Dispatcher } from 'undici';",
    ],
    [
      'words in comments and strings',
      'src/decode/a.ts',
      "// Date.now() and process.env\n/* import { a } from 'node:fs'; */\nconst a = 'setTimeout(' + `console.log ${1}` + /process.x/.source;",
    ],
    [
      'a property that is called like a global',
      'src/decode/a.ts',
      'const a = b.process(1);\nconst c: { process: number } = { process: 1 };',
    ],
    [
      'a date from a value',
      'src/cassette/a.ts',
      'const a = new Date(startedAt).toISOString();\nconst b = Date.parse(text);',
    ],
    ['a file of 299 lines', 'src/util/a.ts', 'export const a = 1;\n'.repeat(299)],
    ['the public index', 'src/index.ts', "export { a } from './decode/sse.ts';"],
    ['a known code', 'src/cli/a.ts', "throw new TapedeckError('usage', 'x');"],
    ['an example home', 'docs/a.md', 'cwd is /home/user/project, sources at https://host.example/work/a and ./root/b'],
  ])('%s', (_what, path, text) => {
    expect(checkFile(path, text, CONTEXT).map((violation) => violation.message)).toEqual([]);
  });
});

describe('messages', () => {
  it('say which file, which line and which rule', () => {
    expect(checkFile('src/decode/a.ts', '\nconst a = Date.now();', CONTEXT)).toEqual([
      {
        file: 'src/decode/a.ts',
        line: 2,
        rule: 'side-effects',
        message: expect.stringMatching(/^src\/decode\/a\.ts:2: uses `Date\.now` \(rule 2: /),
      },
    ]);
  });
});

describe('importsOf', () => {
  it.each<[text: string, expected: object[]]>([
    ["import 'a';", [{ specifier: 'a', names: [], typeOnly: false, reExport: false, line: 1 }]],
    ["import a from 'b';", [{ specifier: 'b', names: ['default'], typeOnly: false, reExport: false, line: 1 }]],
    ["import * as a from 'b';", [{ specifier: 'b', names: ['*'], typeOnly: false, reExport: false, line: 1 }]],
    [
      "import a, { type b, c as d } from 'e';",
      [{ specifier: 'e', names: ['default', 'b', 'c'], typeOnly: false, reExport: false, line: 1 }],
    ],
    [
      "import { type a, type b } from 'c';",
      [{ specifier: 'c', names: ['a', 'b'], typeOnly: true, reExport: false, line: 1 }],
    ],
    ["import type a from 'c';", [{ specifier: 'c', names: ['default'], typeOnly: true, reExport: false, line: 1 }]],
    ["export * from './a.ts';", [{ specifier: './a.ts', names: ['*'], typeOnly: false, reExport: true, line: 1 }]],
    ["x();\nconst a = () => import('b');", [{ specifier: 'b', names: [], typeOnly: false, reExport: false, line: 2 }]],
    ["export const from = 'a';\nexport function b(from = 'c') {}", []],
  ])('reads %j', (text, expected) => {
    expect(importsOf(text)).toEqual(expected);
  });
});

describe('blankLiterals', () => {
  it.each([
    ["a('b//c') // d", "a('    ')     "],
    ['a = `b${c + `d${e}`}f` + g', 'a = ` ${c + ` ${e}`} ` + g'],
    ['a = b / c / d', 'a = b / c / d'],
    ['a = /[/"]\\//.test(b)', 'a = /      /.test(b)'],
    ["'it\\'s' + x /* y\nz */ + w", "'     ' + x     \n     + w"],
    ['{ `${ { a: 1 }.a }` }', '{ `${ { a: 1 }.a }` }'],
  ])('blanks %j', (text, expected) => {
    expect(blankLiterals(text)).toBe(expected);
  });
});

describe('errorCodesOf', () => {
  it('reads the union that the error type takes', () => {
    const codes = errorCodesOf(readFileSync(new URL('../../src/errors.ts', import.meta.url), 'utf8'));
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes).toHaveLength(19);
    for (const code of codes) expect(new TapedeckError(code as ErrorCode, '').exitCode).toEqual(expect.any(Number));
  });
});
