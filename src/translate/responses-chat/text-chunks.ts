import { asObject, asString, type JsonObject, parseData } from '../../protocols/grammar.ts';
import { saysNothing } from './scope.ts';

/**
 * Most chunks of a stream say no more than the next words, and differ in these words alone. Once one such chunk has been read, another
 * one that begins and ends with the very same text need not be parsed: what stands between is a JSON string, or it is no such chunk.
 * That is half of what an event costs.
 */
export interface TextChunks {
  /** The words of a chunk that says nothing else than the one that was learnt; undefined for any other. */
  wordsOf(data: string): string | undefined;
  /** @param chunk the parsed data, which has been read */
  learn(data: string, chunk: JsonObject): void;
}

/** Providers that put something new into each chunk (`obfuscation` of OpenAI) are found out soon. */
const TRIES = 16;

export function createTextChunks(): TextChunks {
  let head = '';
  let tail = '';
  let tries = 0;
  return {
    wordsOf(data) {
      // `startsWith` compares one character after the other and takes longer than all the rest.
      if (data.slice(0, head.length) !== head || data.slice(-tail.length) !== tail) return undefined;
      // With the quotes, which belong to both.
      const words = asString(parseData(data.slice(head.length - 1, 1 - tail.length)));
      if (words !== undefined) tries = 0;
      return words;
    },
    learn(data, chunk) {
      const words = tries < TRIES ? onlyWords(chunk) : undefined;
      if (words === undefined) return;
      tries += 1;
      // Without escapes every name and value is written as it is, so that there is one place that says `content`.
      const name = data.indexOf(NAME);
      if (data.includes('\\') || data.indexOf(NAME, name + 1) !== -1) return;
      const begin = data.indexOf('"', name + NAME.length) + 1;
      head = data.slice(0, begin);
      tail = data.slice(begin + words.length);
    },
  };
}

const NAME = '"content"';

/** The content of the delta, where reading the chunk again would do nothing else than tell it again. */
function onlyWords({ choices, usage }: JsonObject): string | undefined {
  const choice = Array.isArray(choices) && choices.length === 1 ? asObject(choices[0]) : undefined;
  const delta = asObject(choice?.delta);
  // Of usage and of the reason to finish the last one counts, so that each has to be read.
  if (!delta || ![usage, choice?.logprobs, choice?.finish_reason].every(saysNothing)) return undefined;
  for (const name in delta) if (name !== 'content' && name !== 'role' && !saysNothing(delta[name])) return undefined;
  return asString(delta.content) || undefined;
}
