import { describe, expect, it } from 'vitest';
import {
  describeNamespaces,
  type FlatFunction,
  flattenTools,
  withheldPaths,
} from '../../../src/translate/shared/tools.ts';

const NAMES = { pattern: /^[a-zA-Z0-9_-]+$/, length: 64 };

function flatten(request: Record<string, unknown>, names = NAMES) {
  return flattenTools(request, 'responses->chat', names);
}

const ADD = { type: 'function', name: 'add', strict: false, parameters: { type: 'object', properties: { a: {} } } };

describe('flattenTools', () => {
  it('carries a function as it is', () => {
    const flat = flatten({ tools: [{ ...ADD, description: 'Adds.' }] });
    const tool = { kind: 'function', name: 'add' };
    const { parameters } = ADD;
    expect(flat.functions).toEqual([
      { name: 'add', description: 'Adds.', parameters, strict: false, tool, path: '/tools/0' },
    ]);
    expect(flat.tools).toEqual(new Map([['add', tool]]));
    expect(flat.losses).toEqual([]);
  });

  it.each([
    ['no parameters', undefined, { type: 'object', properties: {} }],
    ['null', null, { type: 'object', properties: {} }],
    ['empty', {}, { type: 'object', properties: {} }],
    [
      'no properties',
      { type: 'object', additionalProperties: false },
      { type: 'object', additionalProperties: false, properties: {} },
    ],
    ['no object', { $ref: '#/$defs/x' }, { $ref: '#/$defs/x' }],
  ])('completes a schema with %s', (_what, parameters, expected) => {
    expect(flatten({ tools: [{ type: 'function', name: 'f', parameters }] }).functions[0]!.parameters).toEqual(
      expected,
    );
  });

  it('makes a function with one string of a custom tool and tells its grammar in words', () => {
    const format = { type: 'grammar', syntax: 'lark', definition: 'start: "x"' };
    const flat = flatten({ tools: [{ type: 'custom', name: 'apply_patch', description: 'Patches.', format }] });
    const [fn] = flat.functions;
    expect(fn!.parameters).toMatchObject({ properties: { input: { type: 'string' } }, required: ['input'] });
    expect(fn!.description).toBe('Patches.\n\nThe `input` must follow this lark grammar:\n\nstart: "x"');
    expect(flat.tools.get('apply_patch')).toEqual({ kind: 'custom', name: 'apply_patch' });
    expect(flat.losses).toEqual([]);
  });

  it('tells a format that is not known', () => {
    const flat = flatten({ tools: [{ type: 'custom', name: 'x', format: { type: 'ebnf', definition: 'y' } }] });
    expect(flat.losses).toMatchObject([{ path: '/tools/0/format', kind: 'value' }]);
  });

  it.each([
    ['no format', undefined, 'Patches.'],
    [
      'a grammar of no syntax',
      { type: 'grammar', definition: 'd' },
      'Patches.\n\nThe `input` must follow this lark grammar:\n\nd',
    ],
    [
      'a grammar of another syntax, and without a definition',
      { type: 'grammar', syntax: 'regex' },
      'Patches.\n\nThe `input` must follow this regex grammar:\n\n',
    ],
  ])('tells of a custom tool with %s', (_what, format, description) => {
    const flat = flatten({ tools: [{ type: 'custom', name: 'x', description: 'Patches.', format }] });
    expect(flat.functions[0]!.description).toBe(description);
  });

  it('takes a tool without a type for one that is not known, and a namespace without a name for one', () => {
    const flat = flatten({ tools: [{ name: 'x' }, { type: 'namespace', tools: [{ ...ADD, strict: 'yes' }] }] });
    expect(flat.hosted).toEqual([{ tool: { name: 'x' }, path: '/tools/0' }]);
    const [add] = flat.functions;
    expect(add).toMatchObject({ name: '__add', tool: { kind: 'function', name: 'add', namespace: '' } });
    expect(add).not.toHaveProperty('strict');
  });

  it('leaves a namespace within a namespace to the hop, as any tool that is not known', () => {
    const inner = { type: 'namespace', name: 'b', tools: [ADD] };
    const flat = flatten({ tools: [{ type: 'namespace', name: 'a', tools: [inner] }] });
    expect(flat.functions).toEqual([]);
    expect(flat.hosted).toEqual([{ tool: inner, path: '/tools/0/tools/0' }]);
  });

  it('takes tools out of namespaces and knows the way back', () => {
    const namespace = {
      type: 'namespace',
      name: 'mcp__calc',
      description: 'Calculates.',
      tools: [ADD, { type: 'custom', name: 'run' }],
    };
    const flat = flatten({ tools: [namespace] });
    expect(flat.functions.map(({ name, path }) => [name, path])).toEqual([
      ['mcp__calc__add', '/tools/0/tools/0'],
      ['mcp__calc__run', '/tools/0/tools/1'],
    ]);
    expect(flat.tools.get('mcp__calc__run')).toEqual({ kind: 'custom', name: 'run', namespace: 'mcp__calc' });
    expect(flat.losses).toEqual([]);
    expect(flat.providerName('function', 'add', 'mcp__calc')).toBe('mcp__calc__add');
  });

  it('tells the description of a namespace with the first of its functions that is offered', () => {
    const space = (name: string, description: string, tools: unknown[]) => ({
      type: 'namespace',
      name,
      description,
      tools,
    });
    const bare = { type: 'function', name: 'sub' };
    const flat = flatten({
      tools: [ADD, space('a', 'Sums.', [{ ...ADD, description: 'Adds.' }, bare]), space('b', 'Sums.', [bare])],
    });
    const told = (offered: readonly FlatFunction[]) => describeNamespaces(offered).map((one) => one.description);
    expect(told(flat.functions)).toEqual([
      undefined,
      'Adds.\n\nAbout all tools of `a`: Sums.',
      undefined,
      'About all tools of `b`: Sums.',
    ]);
    expect(told(flat.functions.slice(2))).toEqual(['About all tools of `a`: Sums.', 'About all tools of `b`: Sums.']);
  });

  it('names a namespace without functions as a loss', () => {
    const flat = flatten({ tools: [{ type: 'namespace', name: 'a', description: 'Sums.', tools: [{ type: 'x' }] }] });
    expect(flat.losses.map(({ path }) => path)).toEqual(['/tools/0']);
  });

  it('tells of a namespace as a whole where none of its functions is offered', () => {
    const space = (name: string) => ({ type: 'namespace', name, tools: [ADD, { type: 'function', name: 'sub' }] });
    const { functions } = flatten({ tools: [ADD, space('a'), space('b')] });
    expect(withheldPaths(functions, functions)).toEqual([]);
    expect(withheldPaths(functions, functions.slice(3))).toEqual(['/tools/0', '/tools/1', '/tools/1']);
    expect(withheldPaths(functions, functions.slice(0, 2))).toEqual(['/tools/1/tools/1', '/tools/2', '/tools/2']);
  });

  it('does not double the underscores of a namespace that ends in them', () => {
    const flat = flatten({ tools: [{ type: 'namespace', name: 'mcp__calc__', tools: [ADD] }] });
    expect(flat.functions[0]!.name).toBe('mcp__calc__add');
  });

  it('gathers tools of additional_tools items and of search results, each once', () => {
    const found = { type: 'namespace', name: 'mcp__calc', tools: [{ ...ADD, description: 'Newer.' }] };
    const input = [
      { type: 'additional_tools', role: 'developer', tools: [{ type: 'namespace', name: 'mcp__calc', tools: [ADD] }] },
      { type: 'message', role: 'user', content: 'hi' },
      { type: 'tool_search_output', tools: [found, { type: 'function', name: 'extra' }] },
    ];
    const flat = flatten({ input });
    expect(flat.functions.map(({ name, description, path }) => [name, description, path])).toEqual([
      ['mcp__calc__add', 'Newer.', '/input/2/tools/0/tools/0'],
      ['extra', undefined, '/input/2/tools/1'],
    ]);
  });

  it('tells what a later telling changes, where the earlier one said it', () => {
    const group = (description: string, ...tools: unknown[]) => ({ type: 'namespace', name: 'n', description, tools });
    const add = { ...ADD, name: 'add', description: 'Adds.' };
    const lost = (...tools: unknown[]) =>
      flatten({ tools }).losses.map(({ kind, path, reason }) => [kind, path, reason]);
    const anew = 'a later item of the input sets it anew';
    expect(lost(group('One.', add), group('One.', { ...add, parameters: { ...ADD.parameters } }))).toEqual([]);
    expect(lost(group('One.', add), group('Two.', add))).toEqual([['field', '/tools/0/description', anew]]);
    expect(lost(group('', add), group('Two.', add))).toEqual([]);
    for (const change of [{ description: 'Sums.' }, { parameters: { type: 'object' } }, { strict: true }]) {
      expect(lost(add, { ...add, strict: false, ...change })).toEqual([['tool', '/tools/0', anew]]);
    }
  });

  it("offers the client's own search, and leaves the server's to the hop", () => {
    const client = { type: 'tool_search', execution: 'client', description: 'Finds.', parameters: ADD.parameters };
    const server = { type: 'tool_search' };
    const flat = flatten({ tools: [client, server] });
    expect(flat.tools).toEqual(new Map([['tool_search', { kind: 'tool_search', name: 'tool_search' }]]));
    expect(flat.hosted).toEqual([{ tool: server, path: '/tools/1' }]);
  });

  it('leaves hosted and unknown tools to the hop', () => {
    const tools = [{ type: 'web_search' }, { type: 'computer' }, { type: 'new_thing', name: 'x' }];
    const flat = flatten({ tools });
    expect(flat.functions).toEqual([]);
    expect(flat.hosted.map(({ path }) => path)).toEqual(['/tools/0', '/tools/1', '/tools/2']);
  });

  it('tells fields that a function has no place for', () => {
    const flat = flatten({ tools: [{ ...ADD, defer_loading: true, output_schema: null, 'a/b': 1 }] });
    expect(flat.losses.map(({ path, kind }) => [path, kind])).toEqual([
      ['/tools/0/defer_loading', 'field'],
      ['/tools/0/a~1b', 'field'],
    ]);
  });

  it.each([[[5]], [[null]], [[{ type: 'function' }]], [[{ type: 'function', name: 7 }]], [[{ type: 'custom' }]]])(
    'tells what is no tool: %j',
    (tools) => {
      const flat = flatten({ tools });
      expect(flat.functions).toEqual([]);
      expect(flat.losses).toMatchObject([{ path: '/tools/0', kind: 'tool' }]);
    },
  );

  it.each([
    { tools: 'x' },
    { tools: null },
    {},
    { input: 'text' },
    { input: [null, 3, { type: 'additional_tools', tools: 4 }] },
  ])('takes %j', (request) => expect(flatten(request as Record<string, unknown>).functions).toEqual([]));
});

describe('names', () => {
  const custom = (name: string) => ({ type: 'custom', name });

  it('cuts a long name and tells two apart by a hash', () => {
    const long = 'x'.repeat(80);
    const { functions } = flatten({ tools: [custom(`${long}1`), custom(`${long}2`)] });
    const [a, b] = functions.map(({ name }) => name);
    expect(a).toMatch(/^x{55}_[0-9a-f]{8}$/);
    expect(a!.length).toBe(64);
    expect(b).not.toBe(a);
    expect(functions[1]!.tool.name).toBe(`${long}2`);
  });

  it('makes a name valid, reversibly', () => {
    const flat = flatten({ tools: [custom('my tool/ü'), custom('my_tool__')] });
    expect(flat.functions[0]!.name).toMatch(/^my_tool___[0-9a-f]{8}$/);
    expect(flat.functions[1]!.name).toBe('my_tool__');
    expect(flat.tools.get(flat.functions[0]!.name)).toEqual({ kind: 'custom', name: 'my tool/ü' });
  });

  it('keeps apart what flattens to the same name', () => {
    const flat = flatten({ tools: [custom('a__b'), { type: 'namespace', name: 'a', tools: [custom('b')] }] });
    expect(flat.functions[0]!.name).toBe('a__b');
    expect(flat.functions[1]!.name).toMatch(/^a__b_[0-9a-f]{8}$/);
    expect(flat.providerName('custom', 'b', 'a')).toBe(flat.functions[1]!.name);
  });

  it('is the same in every run', () => {
    const names = () => flatten({ tools: [custom('ä'), custom('ö')] }).functions.map(({ name }) => name);
    expect(names()).toEqual(names());
  });

  it('obeys a pattern that wants a letter first', () => {
    const names = { pattern: /^[a-z][a-z0-9_]*$/, length: 20 };
    expect(flatten({ tools: [custom('9lives')] }, names).functions[0]!.name).toMatch(/^t_[0-9a-f]{8}$/);
  });
});

describe('providerName', () => {
  const flat = () =>
    flatten({
      tools: [
        { type: 'namespace', name: 'functions', tools: [ADD] },
        { type: 'custom', name: 'exec' },
      ],
    });

  it.each<[what: string, kind: 'function' | 'custom', name: string, namespace: string | undefined, expected: string]>([
    ['an offered tool', 'function', 'add', 'functions', 'functions__add'],
    ['without its namespace', 'function', 'add', undefined, 'functions__add'],
    ['flattened by the client', 'function', 'functions__add', undefined, 'functions__add'],
    ['of another kind than offered', 'function', 'exec', undefined, 'exec'],
    ['no longer offered', 'function', 'gone', undefined, 'gone'],
    ['no longer offered, in a namespace', 'function', 'add', 'other', 'other__add'],
  ])('%s', (_what, kind, name, namespace, expected) => {
    expect(flat().providerName(kind, name, namespace)).toBe(expected);
  });

  it('registers what is not offered, so that a call of it finds back', () => {
    const tools = flat();
    tools.providerName('custom', 'old', 'ns');
    expect(tools.tools.get('ns__old')).toEqual({ kind: 'custom', name: 'old', namespace: 'ns' });
    expect(tools.functions).toHaveLength(2);
  });

  it('does not guess between two namespaces', () => {
    const tools = flatten({ tools: ['a', 'b'].map((name) => ({ type: 'namespace', name, tools: [ADD] })) });
    expect(tools.providerName('function', 'add')).toBe('add');
  });
});
