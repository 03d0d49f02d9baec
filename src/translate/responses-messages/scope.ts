import type { JsonObject } from '../../protocols/grammar.ts';
import type { CallBook } from '../shared/call-book.ts';
import type { FlatTools } from '../shared/tools.ts';
import type { Refusal } from '../types.ts';
import type { ContentScope } from './content.ts';
import type { Conversation } from './conversation.ts';

/** What reading the input of one request fills. */
export interface InputScope extends ContentScope {
  tools: FlatTools;
  conversation: Conversation;
  calls: CallBook;
  /** Blocks of the `system` field. */
  system: JsonObject[];
  /** Only instructions have come so far, so that the next ones still belong to `system`. */
  leading: boolean;
  /** Searches whose blocks stand in sealed content, and whose `web_search_call` is still to come. */
  sealedSearches: number;
  /** Settings of the request as `configuration_update` items leave them. */
  settings: JsonObject;
  /** By the path of a setting as the request has it, the path of the item that has set it anew. */
  origins: Map<string, string>;
  /** Set by what Messages cannot answer rightly. */
  refusal: Refusal | undefined;
}

/** A refusal with status 400. */
export function refuse(code: string, message: string): Refusal {
  return { problem: { status: 400, code, message } };
}
