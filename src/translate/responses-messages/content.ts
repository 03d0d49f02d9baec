import { asArray, asObject, asString, type JsonObject } from '../../protocols/grammar.ts';
import { entryOf } from '../../util/entries.ts';
import type { Dialect } from '../dialects.ts';
import { parseDataUrl, textOfBase64 } from '../shared/data-url.ts';
import { type Losses, pointerStep } from '../shared/losses.ts';

export interface ContentScope {
  dialect: Dialect;
  losses: Losses;
}

/** Media types that an image block may name (MessagesRequest, `Base64ImageSource`). */
const IMAGE_TYPES: ReadonlySet<string> = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp']);

interface PartReader {
  /** Fields that say all, and those that change nothing when they are left out. */
  fields: readonly string[];
  read(part: JsonObject, path: string, scope: ContentScope): JsonObject | undefined;
}

const TEXT: PartReader = { fields: ['type', 'text'], read: readText };

/** By the type of the part. */
const PARTS: Readonly<Record<string, PartReader>> = {
  input_text: TEXT,
  output_text: TEXT,
  text: TEXT,
  summary_text: TEXT,
  reasoning_text: TEXT,
  refusal: {
    fields: ['type', 'refusal'],
    read(part, path, scope) {
      scope.losses.add(path, 'part', 'Messages knows no refusal: it is told as text');
      return textBlock(asString(part.refusal) ?? '', `${path}/refusal`, scope);
    },
  },
  input_image: { fields: ['type', 'image_url', 'detail'], read: readImage },
  input_file: { fields: ['type', 'file_data', 'file_url', 'filename'], read: readFile },
};

/**
 * The content of a message or an output as blocks.
 * @param content a string or a list of parts
 * @param path JSON pointer of the content in the request
 * @param only the one type of block that may stand there; any when it is left out
 */
export function readContent(content: unknown, path: string, scope: ContentScope, only?: 'text'): JsonObject[] {
  if (typeof content === 'string') return present(textBlock(content, path, scope));
  if (!Array.isArray(content)) {
    if (content != null) scope.losses.add(path, 'part', 'this is no content');
    return [];
  }
  return content.flatMap((value, index) => {
    const at = `${path}/${index}`;
    if (typeof value === 'string') return present(textBlock(value, at, scope));
    return present(readPart(asObject(value) ?? {}, at, scope, only));
  });
}

function readPart(part: JsonObject, path: string, scope: ContentScope, only?: 'text'): JsonObject | undefined {
  const reader = entryOf(PARTS, part.type);
  if (!reader) {
    scope.losses.add(path, 'part', `Messages knows no part ${JSON.stringify(asString(part.type) ?? '')}`);
    return undefined;
  }
  const block = reader.read(part, path, scope);
  if (!block) return undefined;
  tellUnread(part, reader.fields, path, scope);
  if (only === undefined || block.type === only) return block;
  scope.losses.add(path, 'part', 'an assistant message of Messages has no such part');
  return undefined;
}

/** Tells every field that nobody read; one that is null or an empty list says nothing. */
export function tellUnread(value: JsonObject, read: readonly string[], path: string, scope: ContentScope): void {
  for (const [name, field] of Object.entries(value)) {
    if (field == null || read.includes(name) || isEmptyList(field)) continue;
    scope.losses.add(`${path}${pointerStep(name)}`, 'field', 'Messages has no place for it');
  }
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function present(block: JsonObject | undefined): JsonObject[] {
  return block ? [block] : [];
}

function readText(part: JsonObject, path: string, scope: ContentScope): JsonObject | undefined {
  const text = asString(part.text);
  if (text === undefined) scope.losses.add(path, 'part', 'the part has no text');
  return textBlock(text ?? '', `${path}/text`, scope);
}

/** The API refuses text blocks that are empty or blank. An empty one says nothing, so that leaving it out is no loss. */
export function textBlock(text: string, path: string, scope: ContentScope): JsonObject | undefined {
  if (text.trim() !== '') return { type: 'text', text };
  if (text !== '') scope.losses.add(path, 'value', 'Messages refuses a text of white space alone');
  return undefined;
}

function readImage(part: JsonObject, path: string, scope: ContentScope): JsonObject | undefined {
  const block = imageBlock(asString(part.image_url), path, scope);
  if (!block) return undefined;
  const detail = asString(part.detail);
  if (detail !== undefined && detail !== 'auto') {
    scope.losses.add(`${path}/detail`, 'field', 'Messages chooses the detail of an image by itself');
  }
  return block;
}

/** The image of a data URL or an https URL. */
export function imageBlock(url: string | undefined, path: string, scope: ContentScope): JsonObject | undefined {
  const source = imageSource(url, path, scope);
  return source && { type: 'image', source };
}

function imageSource(url: string | undefined, path: string, scope: ContentScope): JsonObject | undefined {
  const lose = (reason: string) => {
    scope.losses.add(path, 'part', reason);
    return undefined;
  };
  if (scope.dialect.images === 'none') return lose('the provider takes no images');
  if (url === undefined) return lose('an image by its file id is known to OpenAI alone');
  const data = parseDataUrl(url);
  if (data) {
    if (!IMAGE_TYPES.has(data.mediaType)) return lose(`Messages takes no image of type ${data.mediaType}`);
    return { type: 'base64', media_type: data.mediaType, data: data.base64 };
  }
  if (scope.dialect.images === 'data') return lose('the provider takes images as data alone');
  return /^https:\/\//i.test(url) ? { type: 'url', url } : lose('Messages takes no image from such a URL');
}

function readFile(part: JsonObject, path: string, scope: ContentScope): JsonObject | undefined {
  if (scope.dialect.lacks.includes('document')) {
    scope.losses.add(path, 'part', 'the provider takes no documents');
    return undefined;
  }
  const url = urlSource(asString(part.file_url));
  const source = url ?? dataSource(asString(part.file_data), asString(part.filename));
  if (!source) {
    scope.losses.add(path, 'part', 'Messages takes PDF and plain text as data, and PDF from an https URL, alone');
    return undefined;
  }
  // The part has one source too many, or several; a field that is not told here would look carried.
  for (const name of url ? ['file_data'] : ['file_url']) {
    if (asString(part[name]) !== undefined) scope.losses.add(`${path}/${name}`, 'field', 'a document has one source');
  }
  const title = asString(part.filename);
  return { type: 'document', source, ...(title !== undefined && { title }) };
}

function urlSource(url: string | undefined): JsonObject | undefined {
  return /^https:\/\//i.test(String(url)) ? { type: 'url', url } : undefined;
}

function dataSource(data: string | undefined, filename: string | undefined): JsonObject | undefined {
  if (data === undefined) return undefined;
  const { mediaType, base64 } = parseDataUrl(data) ?? { mediaType: typeByName(filename), base64: data };
  if (mediaType === 'application/pdf') return { type: 'base64', media_type: mediaType, data: base64 };
  if (mediaType?.startsWith('text/')) return { type: 'text', media_type: 'text/plain', data: textOfBase64(base64) };
  return undefined;
}

const TYPES: readonly [ending: RegExp, type: string][] = [
  [/\.pdf$/i, 'application/pdf'],
  [/\.(?:txt|md|csv|json|log)$/i, 'text/plain'],
];

/** `file_data` may be plain base64, when the name alone tells what it is. */
function typeByName(name: string | undefined): string | undefined {
  return TYPES.find(([ending]) => ending.test(String(name)))?.[1];
}

/** The blocks of text among them, and the others. */
export function splitText(blocks: readonly JsonObject[]): { text: JsonObject[]; other: JsonObject[] } {
  return {
    text: blocks.filter(({ type }) => type === 'text'),
    other: blocks.filter(({ type }) => type !== 'text'),
  };
}

/** The objects among the values. */
export function objectsOf(values: unknown): JsonObject[] {
  return asArray(values)
    .map(asObject)
    .filter((value) => value !== undefined);
}
