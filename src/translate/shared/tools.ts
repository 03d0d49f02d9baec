import { asArray, asObject, asString, type JsonObject } from '../../protocols/grammar.ts';
import type { Loss } from '../../util/types.ts';
import type { Dialect } from '../dialects.ts';
import type { PlannedTool } from '../types.ts';
import { INPUT_PROPERTY } from './input-reader.ts';
import { createLosses, type Losses, pointerStep } from './losses.ts';
import { completeSchema } from './responses-body.ts';
import { createToolNames, type ToolNames } from './tool-names.ts';

/** The tools of a Responses request as functions that any provider can be told. */
export interface FlatTools {
  functions: FlatFunction[];
  /** Hosted tools (`web_search`, …) and unknown ones, which are no functions; the hop decides: native or a loss. */
  hosted: { tool: JsonObject; path: string }[];
  /** By the provider's name: goes into the plan. */
  tools: Map<string, PlannedTool>;
  /** The provider's name of a tool that a call or a tool choice names. Tools that are no longer offered get a valid name too. */
  providerName(kind: PlannedTool['kind'], name: string, namespace?: string): string;
  losses: Loss[];
}

export interface FlatFunction {
  /** As the provider is told. */
  name: string;
  description?: string;
  parameters: JsonObject;
  strict?: boolean;
  tool: PlannedTool;
  /** The description of its namespace. */
  about?: string;
  /** JSON pointer in the request. */
  path: string;
}

/**
 * Gathers the tools of `tools`, of `additional_tools` items (Codex 0.169.0 tells all its tools there) and of
 * `tool_search_output` items (what a search has found is callable from then on), those in namespaces included.
 * @param hop for the losses, e.g. `responses->chat`
 */
export function flattenTools(request: JsonObject, hop: string, names: Dialect['toolNames']): FlatTools {
  const run = new Run(hop, createToolNames(names));
  run.readList(request.tools, '/tools');
  asArray(request.input).forEach((value, index) => {
    const item = asObject(value);
    if (item && TOOL_ITEMS.has(item.type)) run.readList(item.tools, `/input/${index}/tools`);
  });
  return run.result();
}

/** Items that bring tools. */
const TOOL_ITEMS: ReadonlySet<unknown> = new Set(['additional_tools', 'tool_search_output']);

/**
 * A flat list has no place for the description of a namespace: the first of its functions tells it.
 * @param offered the functions that the provider is told, in their order
 */
export function describeNamespaces(offered: readonly FlatFunction[]): readonly FlatFunction[] {
  const told = new Set<string>();
  return offered.map((one) => {
    const { about, description, tool } = one;
    if (about === undefined) return one;
    const words = `About all tools of \`${tool.namespace}\`: ${about}`;
    if (told.has(words)) return one;
    told.add(words);
    return { ...one, description: description === undefined ? words : `${description}\n\n${words}` };
  });
}

/**
 * Where functions are told about that the provider is not offered: a namespace all of whose functions are left out goes with them.
 * @param offered those that it is
 */
export function withheldPaths(all: readonly FlatFunction[], offered: readonly FlatFunction[]): string[] {
  const kept = new Set(offered.map(groupPath));
  const withheld = all.filter((one) => !offered.includes(one));
  return withheld.map((one) => (kept.has(groupPath(one)) ? one.path : groupPath(one)));
}

/** The path of the namespace of a function, or its own. */
function groupPath({ path, tool }: FlatFunction): string {
  return tool.namespace === undefined ? path : path.slice(0, path.lastIndexOf('/tools/'));
}

interface Place {
  path: string;
  namespace?: string;
  about?: string | undefined;
}

class Run {
  readonly #names: ToolNames;
  readonly #losses: Losses;
  /** By the provider's name, in the order of the first telling. */
  readonly #functions = new Map<string, FlatFunction>();
  readonly #hosted: FlatTools['hosted'] = [];

  constructor(hop: string, names: ToolNames) {
    this.#names = names;
    this.#losses = createLosses(hop);
  }

  readList(list: unknown, path: string, group?: Pick<Place, 'namespace' | 'about'>): void {
    asArray(list).forEach((value, index) => {
      this.#readTool(value, { path: `${path}/${index}`, ...group });
    });
  }

  result(): FlatTools {
    return {
      functions: [...this.#functions.values()],
      hosted: this.#hosted,
      tools: this.#names.tools,
      providerName: (kind, name, namespace) =>
        this.#names.call({ kind, name, ...(namespace !== undefined && { namespace }) }),
      losses: this.#losses.list,
    };
  }

  #readTool(value: unknown, place: Place): void {
    const tool = asObject(value);
    if (!tool) {
      this.#losses.add(place.path, 'tool', 'this is no tool');
      return;
    }
    const type = asString(tool.type) ?? '';
    // Namespaces do not nest: one within another is as unknown as any other tool.
    const nested = type === 'namespace' && place.namespace !== undefined;
    if (!nested && Object.hasOwn(this.#readers, type)) this.#readers[type]!(tool, place);
    else this.#hosted.push({ tool, path: place.path });
  }

  readonly #readers: Readonly<Record<string, (tool: JsonObject, place: Place) => void>> = {
    namespace: (tool, { path }) => {
      const about = asString(tool.description) || undefined;
      this.readList(tool.tools, `${path}/tools`, { namespace: asString(tool.name) ?? '', about });
      if (![...this.#functions.values()].some((one) => groupPath(one) === path)) {
        this.#losses.add(path, 'tool', 'a namespace without a function is not told');
      }
    },
    function: (tool, place) => {
      const parameters = completeSchema(tool.parameters);
      const strict = typeof tool.strict === 'boolean' ? { strict: tool.strict } : {};
      this.#offer('function', tool, place, { parameters, ...strict });
    },
    custom: (tool, place) => {
      const format = asObject(tool.format);
      if (format && !FORMATS.has(format.type)) {
        this.#losses.add(`${place.path}/format`, 'value', 'no such format is known');
      }
      this.#offer('custom', tool, place, { parameters: INPUT_SCHEMA }, describeFormat(format));
    },
    tool_search: (tool, place) => {
      // The server's own search has no one to run it; the client's is a function like any other.
      if (tool.execution !== 'client') this.#hosted.push({ tool, path: place.path });
      else
        this.#offer('tool_search', { ...tool, name: 'tool_search' }, place, {
          parameters: completeSchema(tool.parameters),
        });
    },
    local_shell: (tool, place) =>
      this.#offer(
        'local_shell',
        { ...tool, name: 'local_shell' },
        place,
        { parameters: SHELL_SCHEMA },
        SHELL_DESCRIPTION,
      ),
  };

  #offer(
    kind: PlannedTool['kind'],
    tool: JsonObject,
    { path, namespace, about }: Place,
    fields: { parameters: JsonObject; strict?: boolean },
    addition?: string,
  ): void {
    const name = asString(tool.name);
    if (name === undefined) {
      this.#losses.add(path, 'tool', 'the tool has no name');
      return;
    }
    const planned: PlannedTool = { kind, name, ...(namespace !== undefined && { namespace }) };
    const provider = this.#names.offer(planned);
    const said = asString(tool.description);
    const description = said && addition ? `${said}\n\n${addition}` : said || addition;
    const offered: FlatFunction = {
      name: provider,
      ...(description && { description }),
      ...fields,
      tool: planned,
      ...(about !== undefined && { about }),
      path,
    };
    // A tool that is told again (in a later search result) replaces what was told before, in its old place.
    const before = this.#functions.get(provider);
    if (before) this.#tellChange(before, offered);
    this.#functions.set(provider, offered);
    this.#tellUnread(tool, kind, path);
  }

  #tellChange(before: FlatFunction, now: FlatFunction): void {
    const said = ({ description, parameters, strict }: FlatFunction) =>
      JSON.stringify([description, parameters, strict]);
    if (said(before) !== said(now)) this.#losses.add(before.path, 'tool', ANEW);
    if (before.about !== undefined && before.about !== now.about) {
      this.#losses.add(`${groupPath(before)}/description`, 'field', ANEW);
    }
  }

  #tellUnread(tool: JsonObject, kind: PlannedTool['kind'], path: string): void {
    const read = READ_FIELDS[kind] ?? [];
    for (const field in tool) {
      if (tool[field] === null || COMMON_FIELDS.has(field) || read.includes(field)) continue;
      this.#losses.add(`${path}${pointerStep(field)}`, 'field', 'a function of the provider has no such field');
    }
  }
}

/** A hint by its words (loss-weights.ts): what is said later holds. */
const ANEW = 'a later item of the input sets it anew';

const COMMON_FIELDS: ReadonlySet<string> = new Set(['type', 'name', 'description']);

const READ_FIELDS: Partial<Record<PlannedTool['kind'], readonly string[]>> = {
  function: ['parameters', 'strict'],
  custom: ['format'],
  tool_search: ['parameters', 'execution'],
};

/** Of a custom tool's input. Text is what it is when nothing is said. */
const FORMATS: ReadonlySet<unknown> = new Set(['text', 'grammar']);

const INPUT_SCHEMA: JsonObject = {
  type: 'object',
  properties: { [INPUT_PROPERTY]: { type: 'string', description: 'The whole input of the tool, as plain text.' } },
  required: [INPUT_PROPERTY],
  additionalProperties: false,
};

/** The action of a `local_shell_call` without what the client alone knows. */
const SHELL_SCHEMA: JsonObject = {
  type: 'object',
  properties: {
    command: { type: 'array', items: { type: 'string' }, description: 'The program and its arguments.' },
    working_directory: { type: 'string' },
    timeout_ms: { type: 'integer' },
  },
  required: ['command'],
  additionalProperties: false,
};

const SHELL_DESCRIPTION = 'Runs a command on the local machine.';

/** What a model must know of a custom tool's input, since a function's schema cannot say it. */
function describeFormat(format: JsonObject | undefined): string | undefined {
  if (format?.type !== 'grammar') return undefined;
  const syntax = asString(format.syntax) ?? 'lark';
  return `The \`${INPUT_PROPERTY}\` must follow this ${syntax} grammar:\n\n${asString(format.definition) ?? ''}`;
}
