import { describe, expect, it } from 'vitest';
import { parseDataUrl, textOfBase64, toDataUrl } from '../../../src/translate/shared/data-url.ts';

describe('parseDataUrl', () => {
  it.each<[string, string, string]>([
    ['data:image/png;base64,iVBORw0=', 'image/png', 'iVBORw0='],
    ['DATA:Image/PNG;BASE64,iVBORw0=', 'image/png', 'iVBORw0='],
    ['data:text/plain;charset=utf-8;base64,4pyT', 'text/plain', '4pyT'],
    ['data:,a%20b', 'text/plain', 'YSBi'],
    ['data:image/svg+xml,%3Csvg%2f%3e', 'image/svg+xml', 'PHN2Zy8+'],
    ['data:text/plain,100%', 'text/plain', 'MTAwJQ=='],
    ['data:text/plain,%zz%4', 'text/plain', 'JXp6JTQ='],
    ['data:text/plain,✓', 'text/plain', '4pyT'],
    ['data: image/png ; base64 ,AAAA', 'image/png', 'AAAA'],
    ['data:text/plain;base64;x=1,AA', 'text/plain', 'QUE='],
    ['data:text/plain;notbase64,AA', 'text/plain', 'QUE='],
    ['data:;base64,', 'text/plain', ''],
  ])('%s', (url, mediaType, base64) => expect(parseDataUrl(url)).toEqual({ mediaType, base64 }));

  it.each(['https://example.org/a.png', 'data', 'data:image/png', '', ' data:,x', `data:${'x'.repeat(600)},a`])(
    '%j is none',
    (url) => expect(parseDataUrl(url)).toBeUndefined(),
  );

  it('gives back what toDataUrl made', () => {
    expect(parseDataUrl(toDataUrl('image/webp', 'AAAA'))).toEqual({ mediaType: 'image/webp', base64: 'AAAA' });
  });
});

describe('textOfBase64', () => {
  it('is UTF-8', () => expect(textOfBase64('4pyT')).toBe('✓'));
});
