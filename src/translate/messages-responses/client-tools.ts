import type { JsonObject } from '../../protocols/grammar.ts';

/** A tool that Anthropic defined and the client runs: to another provider it is a function like any other. */
export interface ClientTool {
  /** Of the dated type, e.g. `bash_20250124`. */
  type: RegExp;
  description: string;
  parameters: JsonObject;
  /** Fields of the tool beyond the common ones that the function's description can tell. */
  tells: readonly string[];
}

const TEXT = { type: 'string' };
const NUMBER = { type: 'integer' };

/** Inputs as the tools' documentation has them ("Bash tool", "Text editor tool", "Memory tool", "Computer use tool"). */
export const CLIENT_TOOLS: readonly ClientTool[] = [
  {
    type: /^bash_\d{8}$/,
    description: 'Runs a command in a bash session that lives on between calls.',
    tells: [],
    parameters: object({
      command: { ...TEXT, description: 'The command; required unless the session is restarted.' },
      restart: { type: 'boolean', description: 'True to restart the session.' },
    }),
  },
  {
    type: /^text_editor_\d{8}$/,
    description: 'Views, creates and edits text files.',
    tells: ['max_characters'],
    parameters: object(
      {
        command: { ...TEXT, enum: ['view', 'create', 'str_replace', 'insert'] },
        path: { ...TEXT, description: 'The file or directory.' },
        file_text: { ...TEXT, description: 'create: the text of the file.' },
        old_str: { ...TEXT, description: 'str_replace: the text to replace; it must occur exactly once.' },
        new_str: { ...TEXT, description: 'str_replace: the new text.' },
        insert_line: { ...NUMBER, description: 'insert: the line after which to insert; 0 is the beginning.' },
        insert_text: { ...TEXT, description: 'insert: the text to insert.' },
        view_range: { type: 'array', items: NUMBER, description: 'view: first and last line, from 1; -1 is the end.' },
      },
      ['command', 'path'],
    ),
  },
  {
    type: /^memory_\d{8}$/,
    description: 'Keeps files under /memories from one conversation to the next.',
    tells: [],
    parameters: object(
      {
        command: { ...TEXT, enum: ['view', 'create', 'str_replace', 'insert', 'delete', 'rename'] },
        path: TEXT,
        view_range: { type: 'array', items: NUMBER },
        file_text: TEXT,
        old_str: TEXT,
        new_str: TEXT,
        insert_line: NUMBER,
        insert_text: TEXT,
        old_path: TEXT,
        new_path: TEXT,
      },
      ['command'],
    ),
  },
  {
    type: /^computer_\d{8}$/,
    description: 'Sees the screen and uses mouse and keyboard. Coordinates are pixels from the top left.',
    tells: ['display_width_px', 'display_height_px', 'display_number'],
    parameters: object(
      {
        action: { ...TEXT, description: 'E.g. screenshot, left_click, type, key, mouse_move, scroll, wait, zoom.' },
        coordinate: { type: 'array', items: NUMBER, description: 'x and y.' },
        start_coordinate: { type: 'array', items: NUMBER, description: 'left_click_drag: where it begins.' },
        text: { ...TEXT, description: 'type: the text; key: the keys, e.g. ctrl+s.' },
        scroll_direction: { ...TEXT, enum: ['up', 'down', 'left', 'right'] },
        scroll_amount: NUMBER,
        duration: { type: 'number', description: 'wait, hold_key: seconds.' },
        region: { type: 'array', items: NUMBER, description: 'zoom: x1, y1, x2, y2.' },
      },
      ['action'],
    ),
  },
];

function object(properties: JsonObject, required: string[] = []): JsonObject {
  return { type: 'object', properties, required };
}
