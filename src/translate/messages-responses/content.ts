import { asArray, asObject, asString, type JsonObject } from '../../protocols/grammar.ts';
import { entryOf } from '../../util/entries.ts';
import { toDataUrl } from '../shared/data-url.ts';
import { type FieldTable, reportUnread } from '../shared/fields.ts';
import type { Losses } from '../shared/losses.ts';
import type { TranslateContext } from '../types.ts';

export interface ContentScope {
  context: TranslateContext;
  losses: Losses;
}

export const CACHING = 'OpenAI caches prompts by itself';

const LOST: FieldTable['lost'] = {
  cache_control: CACHING,
  citations: 'Responses takes no citations',
  transformations: 'Responses resizes images by `detail` alone',
};

/** What a block of content becomes; undefined when the provider cannot be told it. */
type PartsOf = (block: JsonObject, path: string, scope: ContentScope) => JsonObject[] | undefined;

const BLOCKS: Readonly<Record<string, { read: string[]; parts: PartsOf }>> = {
  text: { read: ['type', 'text'], parts: ({ text }) => (typeof text === 'string' ? [textPart(text)] : undefined) },
  image: { read: ['type', 'source'], parts: translateImage },
  document: { read: ['type', 'source', 'title', 'context'], parts: translateDocument },
  search_result: { read: ['type', 'source', 'title', 'content'], parts: translateSearchResult },
};

const NEUTRAL = { citations: [{ enabled: false }, []] };

/** Blocks of a user's message or of a tool's result as input parts. @param path of the list */
export function translateContent(content: unknown, path: string, scope: ContentScope): JsonObject[] {
  return asArray(content).flatMap((value, index) => translatePart(asObject(value) ?? {}, `${path}/${index}`, scope));
}

export function isContent(type: unknown): boolean {
  return entryOf(BLOCKS, type) !== undefined;
}

export function translatePart(block: JsonObject, path: string, scope: ContentScope): JsonObject[] {
  const known = entryOf(BLOCKS, block.type);
  const parts = known?.parts(block, path, scope);
  if (!known || !parts) {
    scope.losses.add(
      path,
      'part',
      known ? 'its source is none that the provider takes' : 'Responses has no such block',
    );
    return [];
  }
  reportUnread(block, path, 'field', { read: known.read, lost: LOST, neutral: NEUTRAL }, scope.losses);
  return parts;
}

function textPart(text: string): JsonObject {
  return { type: 'input_text', text };
}

function translateImage(block: JsonObject, _path: string, { context }: ContentScope): JsonObject[] | undefined {
  const source = asObject(block.source) ?? {};
  const url = urlOf(source);
  const { images } = context.dialect;
  if (url === undefined || images === 'none' || (images === 'data' && source.type !== 'base64')) return undefined;
  return [{ type: 'input_image', image_url: url, detail: 'auto' }];
}

/** A file that Anthropic keeps has no address that anybody else could read. */
function urlOf({ type, url, media_type: mediaType, data }: JsonObject): string | undefined {
  if (type === 'url') return asString(url);
  if (type !== 'base64' || typeof data !== 'string') return undefined;
  return toDataUrl(asString(mediaType) ?? 'application/octet-stream', data);
}

/** A PDF as a file; a document of text, or of blocks, as its text, since its frame has no field. */
function translateDocument(block: JsonObject, path: string, scope: ContentScope): JsonObject[] | undefined {
  const source = asObject(block.source) ?? {};
  // What is empty says nothing.
  const title = asString(block.title) || undefined;
  const context = asString(block.context);
  const before = context ? [textPart(context)] : [];
  if (source.type === 'url' && typeof source.url === 'string') {
    if (title !== undefined) before.unshift(textPart(title));
    return [...before, { type: 'input_file', file_url: source.url }];
  }
  const data = urlOf(source);
  if (data !== undefined) return [...before, { type: 'input_file', filename: fileName(title), file_data: data }];
  const body = textBody(source, path, scope);
  if (!body) return undefined;
  scope.losses.add(path, 'part', 'Responses has no documents of text: the model is told the text alone');
  return [...(title === undefined ? [] : [textPart(title)]), ...before, ...body];
}

function textBody(source: JsonObject, path: string, scope: ContentScope): JsonObject[] | undefined {
  if (source.type === 'text' && typeof source.data === 'string') return [textPart(source.data)];
  if (source.type !== 'content') return undefined;
  if (typeof source.content === 'string') return [textPart(source.content)];
  return translateContent(source.content, `${path}/source/content`, scope);
}

/** OpenAI requires the name of a file, and reads its kind from the ending. */
function fileName(title: string | undefined): string {
  if (title === undefined) return 'document.pdf';
  return /\.pdf$/i.test(title) ? title : `${title}.pdf`;
}

function translateSearchResult(block: JsonObject, path: string, scope: ContentScope): JsonObject[] {
  scope.losses.add(path, 'part', 'Responses has no search results from the client: the model is told their text');
  const head = [asString(block.title), asString(block.source)].filter((text) => text !== undefined);
  return [...head.map(textPart), ...translateContent(block.content, `${path}/content`, scope)];
}
