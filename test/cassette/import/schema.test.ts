import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { openSource } from '../../../src/cassette/import/detect.ts';
import { importSource } from '../../../src/cassette/import/run.ts';
import { fixture, temporaryFolder } from '../../helpers/cassette-files.ts';

const { har: validateHar } = createRequire(import.meta.url)('har-validator/lib/promise.js') as {
  har(document: unknown): Promise<unknown>;
};
const schema = JSON.parse(await readFile(new URL('../../../schemas/cassette.schema.json', import.meta.url), 'utf8'));
const validate = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false, allErrors: true }).compile(
  schema,
);

describe.each(['codex-dump', 'mitmproxy.flows', 'mitmproxy.har', 'chromium.har'])(
  'what is imported from %s',
  (name) => {
    it('fits the schemas of cassettes and of HAR 1.2', async () => {
      const path = join(temporaryFolder(), 'imported.har');
      const source = await openSource(fixture(`import/${name}`));
      const options = { path, force: false, tool: '1', patterns: [], headers: [], gateway: undefined };
      await importSource(source, { ...options, protocolOf: () => null });
      const document = JSON.parse(await readFile(path, 'utf8'));
      validate(document);
      expect(validate.errors ?? []).toEqual([]);
      await expect(validateHar(document)).resolves.toBe(document);
    });
  },
);
