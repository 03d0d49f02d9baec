import { asObject, asString, type JsonObject } from '../../protocols/grammar.ts';
import { type ContentScope, tellUnread } from './scope.ts';

/** A part of a Chat message; a refusal is told apart, since the assistant's message has a field for it. */
export type Part = TextPart | { type: 'image_url' | 'file' | 'refusal'; [field: string]: unknown };

export interface TextPart {
  type: 'text';
  text: string;
}

interface PartReader {
  fields: ReadonlySet<string>;
  read(part: JsonObject, path: string, scope: ContentScope): Part | undefined;
}

const TEXT: PartReader = {
  fields: new Set(['type', 'text']),
  read: (part, path, scope) => {
    const text = asString(part.text);
    if (text === undefined) scope.losses.add(path, 'part', 'the part has no text');
    return text === undefined ? undefined : { type: 'text', text };
  },
};

/** By the type of the part. */
const PARTS: Readonly<Record<string, PartReader>> = {
  input_text: TEXT,
  output_text: TEXT,
  text: TEXT,
  summary_text: TEXT,
  reasoning_text: TEXT,
  refusal: {
    fields: new Set(['type', 'refusal']),
    read: (part) => ({ type: 'refusal', refusal: asString(part.refusal) ?? '' }),
  },
  input_image: {
    fields: new Set(['type', 'image_url', 'detail']),
    read: (part, path, scope) => imagePart(part.image_url, asString(part.detail), path, scope),
  },
  input_file: { fields: new Set(['type', 'file_data', 'file_id', 'filename']), read: readFile },
};

/** Where a model cannot see an image, it is told that there was one. */
const LEFT_OUT: TextPart = { type: 'text', text: '[An image was left out: it cannot be passed on.]' };

/**
 * The content of a message or of an output as parts of Chat Completions.
 * @param content a string or a list of parts
 * @param path JSON pointer of the content in the request
 */
export function readContent(content: unknown, path: string, scope: ContentScope): Part[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  if (!Array.isArray(content)) {
    if (content !== undefined && content !== null) scope.losses.add(path, 'part', 'this is no content');
    return [];
  }
  const parts: Part[] = [];
  for (const [index, value] of content.entries()) {
    const part: Part | undefined =
      typeof value === 'string' ? { type: 'text', text: value } : readPart(value, `${path}/${index}`, scope);
    if (part) parts.push(part);
  }
  return parts;
}

function readPart(value: unknown, path: string, scope: ContentScope): Part | undefined {
  const source = asObject(value) ?? {};
  const type = asString(source.type) ?? '';
  if (!Object.hasOwn(PARTS, type)) {
    scope.losses.add(path, 'part', `Chat Completions knows no part ${JSON.stringify(type)}`);
    return undefined;
  }
  const { fields, read } = PARTS[type]!;
  const part = read(source, path, scope);
  if (part && part !== LEFT_OUT) tellUnread(source, fields, path, scope.losses);
  return part;
}

/** An image as the provider takes it, or the words that one is missing. */
export function imagePart(url: unknown, detail: string | undefined, path: string, scope: ContentScope): Part {
  const lose = (reason: string): Part => {
    scope.losses.add(path, 'part', reason);
    return LEFT_OUT;
  };
  if (typeof url !== 'string') return lose('an image by its file id is known to its maker alone');
  if (scope.dialect.images === 'none') return lose('the provider takes no images');
  if (scope.dialect.images === 'data' && !/^data:/i.test(url)) return lose('the provider takes images as data alone');
  return { type: 'image_url', image_url: { url, ...(detail !== undefined && { detail }) } };
}

function readFile(part: JsonObject, path: string, scope: ContentScope): Part | undefined {
  const { file_data, file_id, filename } = part;
  const file = {
    ...(typeof file_data === 'string' && { file_data }),
    ...(typeof file_id === 'string' && { file_id }),
    ...(typeof filename === 'string' && { filename }),
  };
  const whole = file.file_data !== undefined || file.file_id !== undefined;
  if (whole && !scope.dialect.lacks.includes('file')) return { type: 'file', file };
  scope.losses.add(
    path,
    'part',
    whole ? 'the provider takes no files' : 'Chat Completions takes a file as data or by its id',
  );
  return undefined;
}

/** The texts among the parts, joined. */
export function joinText(parts: readonly Part[], joint: string): string {
  let text: string | undefined;
  for (const part of parts) if (isText(part)) text = text === undefined ? part.text : text + joint + part.text;
  return text ?? '';
}

export function isText(part: Part): part is TextPart {
  return part.type === 'text';
}
