import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../src/cli/main.ts';
import { captureIo } from '../helpers/capture-io.ts';
import { fixture, temporaryFolder } from '../helpers/cassette-files.ts';

const page = (path: string) => ({
  startedDateTime: '2026-01-02T03:04:05.000Z',
  time: 12,
  request: { method: 'GET', url: `https://example.test${path}`, httpVersion: 'HTTP/1.1', headers: [] },
  response: {
    status: 200,
    statusText: 'OK',
    httpVersion: 'HTTP/1.1',
    headers: [],
    content: { size: 4, mimeType: 'text/html', text: '<p>x' },
  },
});
const har = (...entries: object[]) => ({
  log: { version: '1.2', creator: { name: 'Firefox', version: '1' }, entries },
});

let cwd: string;
beforeEach(async () => {
  cwd = temporaryFolder();
  await writeFile(join(cwd, 'page.har'), JSON.stringify(har(page('/'))));
  await writeFile(join(cwd, 'pages.har'), JSON.stringify(har(page('/'), page('/style.css'))));
  await writeFile(join(cwd, 'empty.har'), JSON.stringify(har()));
  const models = page('/v1/models');
  Object.assign(models.response.content, { mimeType: 'application/json', text: '{"object":"list","data":[]}' });
  await writeFile(join(cwd, 'mixed.har'), JSON.stringify(har(page('/'), models)));
});

async function cli(...argv: string[]) {
  const io = captureIo({ cwd });
  const code = await run(argv, io);
  return { code, out: io.out() };
}

describe('a HAR file of another program', () => {
  it('is shown as what that program recorded', async () => {
    expect((await cli('show', 'page.har')).out).toMatch(/^recorded {2}2026-01-02 03:04:05 UTC by Firefox 1$/m);
  });

  it.each([
    ['page.har', /^– page\.har {2}1 exchange, nothing could be judged \(no path of an API that is known\)$/m],
    ['empty.har', /^– empty\.har {2}0 exchanges, nothing was judged$/m],
    ['mixed.har', /^✓ mixed\.har {2}2 exchanges, no findings$/m],
  ])('gets no mark for what was not judged: %s', async (name, line) => {
    const { code, out } = await cli('validate', name);
    expect(out).toMatch(line);
    expect(code).toBe(0);
  });

  it('has a count of what was judged', async () => {
    expect(JSON.parse((await cli('validate', '--json', 'mixed.har', 'pages.har')).out).counts).toMatchObject({
      exchanges: 4,
      judged: 1,
    });
  });

  it('is not called well by explain', async () => {
    const { code, out } = await cli('explain', 'page.har');
    expect(out).toMatch(/^not judged {2}Nothing here could be judged/m);
    expect(out).toMatch(/^ {2}How it ended was not recorded; /m);
    expect(out).not.toContain('nobody known');
    expect(code).toBe(0);
    expect((await cli('explain', 'pages.har')).out).toMatch(/^not judged {2}Nothing here .* \(2 exchanges\)$/m);
    expect((await cli('explain', 'mixed.har')).out).toMatch(
      /^ok {2}Nothing is wrong with 1 exchange\. Nothing could be said of 1 more\.$/m,
    );
  });
});

describe('explain --codex', () => {
  const text = fixture('cassettes/0.169.0/text.har');

  it('says of a version that it was not measured', async () => {
    const { code, out } = await cli('explain', text, '1', '--codex', '9.9');
    expect(out).toMatch(/^ok /m);
    expect(out).toMatch(/^ {2}Codex 9\.9 \(not measured; judged by 0\.113\.0 to 0\.169\.0\) takes this answer\.$/m);
    expect(code).toBe(0);
  });

  it('says nothing of the kind of one that was', async () => {
    expect((await cli('explain', text, '1', '--codex', '0.122.0')).out).not.toContain('not measured');
  });
});
