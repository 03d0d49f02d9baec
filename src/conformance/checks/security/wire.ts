import { headerPairs } from '../../../util/headers.ts';
import { type Check, type ConformanceProfile, EVERY_CLIENT } from '../../check.ts';
import { endpointPath } from '../../harness/prompt.ts';
import type { Trial } from '../../harness/trial.ts';
import { startOf } from '../shared/words.ts';

const ALL_CLIENTS: readonly ConformanceProfile[] = ['codex', 'open-responses', 'openai', 'anthropic'];

/** A request as bytes: the usual head with some lines more, and a body. */
function rawRequest(
  t: Trial,
  lines: readonly string[],
  body: string,
  method = 'POST',
  path = t.urlOf().pathname,
): string {
  const usual = headerPairs(t.headers()).filter(([name]) => !/^(?:content-length|connection|host)$/i.test(name));
  return [
    `${method} ${path} HTTP/1.1`,
    `host: ${t.urlOf().host}`,
    'connection: close',
    ...usual.map(([name, value]) => `${name}: ${value}`),
    ...lines,
    '',
    body,
  ].join('\r\n');
}

/** A second request, hidden where a reader that frames otherwise finds it. */
function smuggled(t: Trial): string {
  return `GET /v1/smuggled-${t.marker} HTTP/1.1\r\nhost: ${t.urlOf().host}\r\n\r\n`;
}

/** Framings on which two readers may not agree (RFC 9112 section 11.2). */
const AMBIGUOUS: readonly { name: string; what: string; make(t: Trial): string }[] = [
  {
    name: 'length-and-chunked',
    what: 'a length beside chunked coding',
    make: (t) => rawRequest(t, ['content-length: 4', 'transfer-encoding: chunked'], `0\r\n\r\n${smuggled(t)}`),
  },
  {
    name: 'two-lengths',
    what: 'two lengths that differ',
    make: (t) => rawRequest(t, ['content-length: 0', `content-length: ${smuggled(t).length}`], smuggled(t)),
  },
  {
    name: 'odd-coding',
    what: 'a transfer coding that is spelt oddly',
    make: (t) => rawRequest(t, ['transfer-encoding: xchunked', 'content-length: 4'], `0\r\n\r\n${smuggled(t)}`),
  },
  {
    name: 'space-before-colon',
    what: 'a space before the colon of a header',
    make: (t) => rawRequest(t, ['transfer-encoding : chunked', 'content-length: 4'], `0\r\n\r\n${smuggled(t)}`),
  },
];

const SMUGGLING = AMBIGUOUS.map(
  ({ name, what, make }): Check => ({
    id: `security.smuggling.${name}`,
    revision: 2,
    requirement: `A request with ${what} is refused, or is one request, and never two.`,
    source: 'RFC 9112 sections 6.3 and 11.2',
    level: 'must',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    alone: 'unmarked',
    reaches: false,
    async run(t) {
      const { statuses } = await t.raw(make(t));
      // A gateway that waits for more has at least not taken the rest for another request.
      const hidden = t.upstream.calls.filter(({ request }) => request.url.includes('smuggled'));
      t.expect(hidden.length === 0, 'the hidden request reached the provider', { where: 'upstream request' });
      t.expect(statuses.length <= 1, `one request got ${statuses.length} answers: ${statuses.join(', ')}`, {
        where: 'answer',
      });
    },
  }),
);

/** Outside of the provider's API. */
const PLACE = 'internal';

/** Paths that a careless join turns into another one. */
const PATHS: readonly { name: string; path: string }[] = [
  { name: 'dot-segments', path: `/v1/responses/../../${PLACE}` },
  { name: 'encoded-dots', path: `/v1/%2e%2e/%2e%2e/${PLACE}` },
  { name: 'encoded-slash', path: `/v1/..%2f..%2f${PLACE}` },
  { name: 'backslash', path: `/v1/..\\..\\${PLACE}` },
  { name: 'double-slash', path: `//${PLACE}` },
];

/** Whether a path names that place, and not one of the same name below the base URL. */
function leadsOut(url: string): boolean {
  return url.includes(PLACE) && !new URL(`http://provider${url.replaceAll('\\', '/')}`).pathname.startsWith('/v1');
}

const PATH_CHECKS = PATHS.map(
  ({ name, path }): Check => ({
    id: `security.path.${name}`,
    revision: 2,
    requirement: `A path with ${name.replace('-', ' ')} does not lead out of the provider's base URL.`,
    source: 'RFC 3986 section 5.2.4; providers have other things beside their API',
    level: 'must',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    alone: 'unmarked',
    reaches: false,
    async run(t) {
      // Where a plain path that is no API's goes to the provider, everything does: there is nothing that a trick could lead out of.
      await t.raw(rawRequest(t, ['content-length: 2'], '{}', 'POST', `/${PLACE}`));
      if (t.upstream.calls.some(({ request }) => leadsOut(request.url)))
        return t.stop('not-applicable', `the gateway passes every path on to its provider, /${PLACE} too`);
      await t.raw(rawRequest(t, ['content-length: 2'], '{}', 'POST', path));
      // A gateway may ask its provider for other things in the meantime.
      for (const { request } of t.upstream.calls)
        t.expect(!leadsOut(request.url), `the provider was asked for ${request.url}`, { where: 'upstream request' });
    },
  }),
);

export const SECURITY_WIRE_CHECKS: readonly Check[] = [
  ...SMUGGLING,
  ...PATH_CHECKS,
  {
    id: 'security.headers.oversize',
    revision: 1,
    requirement: 'A request with 256 KiB of headers is refused with a client error, or the connection is closed.',
    source: 'RFC 6585 section 5: 431',
    level: 'should',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    alone: 'unmarked',
    reaches: false,
    async run(t) {
      const reply = await t.call({ body: t.prompt(), headers: { 'x-filler': 'x'.repeat(256 * 1024) } });
      const start = startOf(await reply.text(), 160);
      t.expect(reply.status < 500, `256 KiB of headers are answered with ${reply.status}: ${start}`, {
        where: 'answer',
      });
    },
  },
  {
    id: 'security.headers.injection',
    revision: 1,
    requirement: 'A model name with a line break in it does not become a header.',
    source: 'CWE-113: values of the request that are put into headers',
    level: 'must',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    alone: 'unmarked',
    reaches: false,
    async run(t) {
      const model = 'made-up\r\nx-injected: yes';
      const reply = await t.call({ body: t.prompt({ more: { model } }) });
      await reply.bytes();
      t.expect(reply.header('x-injected') === undefined, 'the answer has the injected header', { where: 'answer' });
      for (const { request } of t.upstream.calls)
        t.expect(
          !headerPairs(request.headers).some(([name]) => name.toLowerCase() === 'x-injected'),
          'the provider got the injected header',
          {
            where: 'upstream request',
          },
        );
    },
  },
  {
    id: 'security.method.unknown',
    revision: 2,
    requirement: 'A method that nobody knows is answered, and not with a failure of the server.',
    source: 'RFC 9110 section 9.1; 501 says that a method is not known',
    level: 'info',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    alone: 'unmarked',
    reaches: false,
    async run(t) {
      const { statuses, text } = await t.raw(
        rawRequest(t, ['content-length: 0'], '', 'PROPFIND', `${t.urlOf(endpointPath(t.protocol)).pathname}`),
      );
      const [status = 0] = statuses;
      t.expect(status > 0, 'PROPFIND is not answered', { where: 'answer' });
      t.expect(status < 500 || status === 501, `PROPFIND is answered with ${status}: ${startOf(text, 160)}`, {
        where: 'answer',
      });
    },
  },
];
