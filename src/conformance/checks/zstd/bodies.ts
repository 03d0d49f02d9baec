import { encodeBody } from '../../../decode/body.ts';
import { shapesOf } from '../../../replay/suite/frames.ts';
import { toUtf8 } from '../../../util/bytes.ts';
import type { Protocol } from '../../../util/types.ts';
import type { Check, Level } from '../../check.ts';
import type { Trial } from '../../harness/trial.ts';
import { expectClientError } from '../shared/errors.ts';
import { holdsText } from '../shared/strings.ts';
import { startOf } from '../shared/words.ts';
import { BAD_ZSTD, LONG_TEXT } from './frames.ts';

/** Short, with what one-byte readers break: small frames leave it readable on the wire, and gateways parse it by halves. */
const UNICODE = 'naïve 你好 🙂 "quoted" \\ back';

/** Codex codes requests to the Responses API, with a ChatGPT login alone; whoever offers the others need not expect it, but must not garble it. */
const ENDPOINTS: Record<Protocol, { level: Level } & Pick<Check, 'profiles' | 'codex'>> = {
  responses: { level: 'must', profiles: ['codex'], codex: ['chatgpt'] },
  // No client that is known codes these.
  chat: { level: 'should', profiles: [] },
  messages: { level: 'should', profiles: [] },
};

const CODEX_SOURCE = 'Codex 0.113.0 to 0.169.0 with a ChatGPT login, measured: zstd level 3 without content size';
const RFC = 'RFC 8878; RFC 9110 section 8.4';

function slug(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}

/** Sends a coded body; what arrives upstream must say what was sent. */
async function tryCoded(
  t: Trial,
  codings: readonly string[],
  text: string,
  code: (bytes: Uint8Array) => Promise<Uint8Array> | Uint8Array,
): Promise<void> {
  const body = toUtf8(JSON.stringify(t.prompt({ text })));
  const label = codings.join(', ');
  const reply = await t.call({ body: await code(body), headers: { 'content-encoding': label } });
  if (reply.status === 415 && !(t.protocol === 'responses' && label === 'zstd'))
    return t.stop(
      'unsupported',
      `the gateway refuses ${label} bodies at this endpoint with 415, as RFC 9110 section 15.5.16 asks`,
    );
  if (
    !t.expect(
      reply.status === 200,
      `a ${label} body is answered with ${reply.status}: ${startOf(await reply.text(), 300)}`,
    )
  )
    return;
  await t.read(reply);
  const { request } = t.onlyCall();
  if (request.problem)
    return t.stop('fail', `the upstream got a body that does not fit its content-encoding: ${request.problem.message}`);
  t.expect(holdsText(request.json, text), 'the upstream did not get the text as it was sent', {
    where: 'upstream request',
    expected: startOf(text, 80),
  });
}

const SHAPE_CHECKS = (Object.keys(ENDPOINTS) as Protocol[]).flatMap((client) =>
  shapesOf(['zstd']).map((shape, i): Check => {
    const { level, ...whose } = ENDPOINTS[client];
    return {
      id: `zstd.${client}.${slug(shape.name.replace('zstd, ', ''))}`,
      revision: 1,
      requirement: `A zstd body (${shape.name.replace('zstd, ', '')}) is read as what it holds at the ${client} endpoint.`,
      source: i === 0 ? CODEX_SOURCE : RFC,
      // Only the first shape is what Codex itself sends.
      level: i === 0 ? level : 'should',
      ...whose,
      needs: 'upstream',
      clients: [client],
      run: (t) => tryCoded(t, ['zstd'], UNICODE, (bytes) => shape.make(bytes)),
    };
  }),
);

const LONG_CHECKS = (Object.keys(ENDPOINTS) as Protocol[]).map(
  (client): Check => ({
    id: `zstd.${client}.long`,
    revision: 1,
    requirement: `A zstd body that holds 1.5 MiB of text is read as what it holds at the ${client} endpoint.`,
    source: CODEX_SOURCE,
    ...ENDPOINTS[client],
    needs: 'upstream',
    clients: [client],
    patience: 2,
    run: (t) => tryCoded(t, ['zstd'], LONG_TEXT, (bytes) => encodeBody(bytes, ['zstd'])),
  }),
);

const OTHER_CODINGS = [['gzip'], ['deflate'], ['br'], ['gzip', 'zstd']];

const CODING_CHECKS = (Object.keys(ENDPOINTS) as Protocol[]).flatMap((client) =>
  OTHER_CODINGS.map(
    (codings): Check => ({
      id: `zstd.${client}.coding-${codings.join('-then-')}`,
      revision: 1,
      requirement: `A ${codings.join(', then ')} body is read, or refused with 415, at the ${client} endpoint.`,
      source: 'RFC 9110 sections 8.4 and 15.5.16',
      ...ENDPOINTS[client],
      level: 'should',
      needs: 'upstream',
      clients: [client],
      run: (t) => tryCoded(t, codings, UNICODE, (bytes) => encodeBody(bytes, codings)),
    }),
  ),
);

const BAD_CHECKS = (Object.keys(ENDPOINTS) as Protocol[]).flatMap((client) =>
  Object.entries(BAD_ZSTD).map(
    ([name, { what, make }]): Check => ({
      id: `zstd.${client}.bad-${name}`,
      revision: 2,
      requirement: `${what[0]!.toUpperCase()}${what.slice(1)} is refused with a client error that has the protocol's shape, at the ${client} endpoint.`,
      source: 'RFC 9110 section 15.5; RFC 8878; RFC 9659 for the window',
      ...ENDPOINTS[client],
      level: 'should',
      needs: 'upstream',
      clients: [client],
      alone: 'unmarked',
      reaches: false,
      async run(t) {
        const body = toUtf8(JSON.stringify(t.prompt({ text: UNICODE })));
        const bytes = await make(await encodeBody(body, ['zstd']), body);
        const coding = name === 'bomb-nested' ? 'zstd, zstd' : 'zstd';
        const reply = await t.call({ body: bytes, headers: { 'content-encoding': coding } });
        await expectClientError(t, reply, what);
        for (const { request } of t.upstream.calls)
          t.expect(request.json === undefined, `${what} became a request that the upstream could read`, {
            where: 'upstream request',
          });
      },
    }),
  ),
);

const UNLABELLED: readonly Check[] = (Object.keys(ENDPOINTS) as Protocol[]).map((client) => ({
  id: `zstd.${client}.no-label`,
  revision: 1,
  requirement: `A zstd body without content-encoding is refused with a client error, or read, at the ${client} endpoint.`,
  source: 'RFC 9110 section 8.4: no coding is named, so the body is broken JSON',
  ...ENDPOINTS[client],
  level: 'should',
  needs: 'upstream',
  clients: [client],
  alone: 'unmarked',
  reaches: false,
  async run(t) {
    const body = toUtf8(JSON.stringify(t.prompt({ text: UNICODE })));
    const reply = await t.call({ body: await encodeBody(body, ['zstd']) });
    if (reply.status === 200)
      t.expect(holdsText(t.sentUp(), UNICODE), 'the upstream did not get the text as it was sent');
    else await expectClientError(t, reply, 'a zstd body without content-encoding');
  },
}));

/** The zstd battery on every endpoint, and the other codings. */
export const BODY_CHECKS: readonly Check[] = [
  ...SHAPE_CHECKS,
  ...LONG_CHECKS,
  ...CODING_CHECKS,
  ...BAD_CHECKS,
  ...UNLABELLED,
];
