import { asArray, asObject, asString, type JsonObject } from '../../protocols/grammar.ts';
import { entryOf } from '../../util/entries.ts';
import { reportUnread } from '../shared/fields.ts';
import type { MessageScope } from './messages.ts';

type PartOf = (part: JsonObject, path: string, scope: MessageScope) => JsonObject | undefined;

/** By type, which is also the name of the field that has the content. */
const PARTS: Readonly<Record<string, PartOf>> = {
  text: (part) => (typeof part.text === 'string' ? { type: 'input_text', text: part.text } : undefined),
  image_url: translateImage,
  file: translateFile,
};

/** Content parts of a message or of a tool's output. @param path of the list */
export function translateContent(content: unknown, path: string, scope: MessageScope): JsonObject[] {
  if (content != null && !Array.isArray(content))
    scope.losses.add(path, 'part', 'content is a text or a list of parts');
  return asArray(content).flatMap((value, index) => {
    const part = asObject(value) ?? {};
    const at = `${path}/${index}`;
    const translate = entryOf(PARTS, part.type);
    const translated = translate?.(part, at, scope);
    if (!translated) {
      const reason = part.type === 'input_audio' ? 'Responses takes no audio' : 'Responses has no such part';
      scope.losses.add(at, 'part', translate ? 'the part has no content that the provider takes' : reason);
      return [];
    }
    const read = ['type', part.type as string, 'prompt_cache_breakpoint'];
    reportUnread(part, at, 'field', { read, lost: {} }, scope.losses);
    const breakpoint = asObject(part.prompt_cache_breakpoint);
    if (part.prompt_cache_breakpoint != null && !breakpoint) {
      scope.losses.add(`${at}/prompt_cache_breakpoint`, 'value', 'Responses knows no such mark');
    }
    return [breakpoint ? { ...translated, prompt_cache_breakpoint: breakpoint } : translated];
  });
}

function translateImage(part: JsonObject, _path: string, { context }: MessageScope): JsonObject | undefined {
  // Some clients give the URL itself.
  const image = asObject(part.image_url) ?? { url: part.image_url };
  const url = asString(image.url);
  const { images } = context.dialect;
  if (url === undefined || images === 'none' || (images === 'data' && !/^data:/i.test(url))) return undefined;
  return { type: 'input_image', image_url: url, detail: asString(image.detail) ?? 'auto' };
}

function translateFile(part: JsonObject, path: string, { losses }: MessageScope): JsonObject | undefined {
  const file = asObject(part.file) ?? {};
  const fields = ['file_data', 'file_id', 'filename'].filter((name) => typeof file[name] === 'string');
  reportUnread(file, `${path}/file`, 'field', { read: fields, lost: {} }, losses);
  if (file.file_data === undefined && file.file_id === undefined) return undefined;
  return { type: 'input_file', ...Object.fromEntries(fields.map((name) => [name, file[name]])) };
}
