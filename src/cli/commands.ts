import type { Command } from './command.ts';

/** A command as the list of commands shows it: to load all of them would take ten times as long as to list them. */
export interface ListedCommand extends Pick<Command, 'usage' | 'summary'> {
  load(): Promise<Command>;
}

/** By name, in the order of the help. What is said here is what the command says of itself; a test sees to it. */
export const COMMANDS: Readonly<Record<string, ListedCommand>> = {
  record: {
    usage: 'record',
    summary: 'Proxy with recording: write what crosses the wire to a cassette',
    load: async () => (await import('./record.ts')).recordCommand,
  },
  proxy: {
    usage: 'proxy',
    summary: 'The same proxy without a cassette; without --upstream, an embedded scripted provider answers',
    load: async () => (await import('./proxy.ts')).proxyCommand,
  },
  show: {
    usage: 'show [cassette] [exchange]',
    summary: 'Show what happened: all exchanges as a table, or one of them in full',
    load: async () => (await import('./show.ts')).showCommand,
  },
  explain: {
    usage: 'explain [cassette] [exchange]',
    summary: 'Say why an exchange broke, what the client does next, and what to do',
    load: async () => (await import('./explain.ts')).explainCommand,
  },
  validate: {
    usage: 'validate [file..]',
    summary: 'Judge cassettes, or single documents, by schemas and by the order of their streams',
    load: async () => (await import('./validate.ts')).validateCommand,
  },
  play: {
    usage: 'play [cassette]',
    summary: 'Serve a cassette as a gateway or as an upstream, with no network',
    load: async () => (await import('./play.ts')).playCommand,
  },
  replay: {
    usage: 'replay [cassette..]',
    summary: 'Check cassettes offline, or hold a live gateway against them',
    load: async () => (await import('./replay.ts')).replayCommand,
  },
  conformance: {
    usage: 'conformance [url]',
    summary: 'Find out whether Codex, Chat and Messages clients will work through a gateway',
    load: async () => (await import('./conformance.ts')).conformanceCommand,
  },
  report: {
    usage: 'report <operation> <file..>',
    summary: 'Join the JSON reports of the parts of a `replay`, or write one in other formats',
    load: async () => (await import('./report.ts')).reportCommand,
  },
  why: {
    usage: 'why <cassette> <request> [exchange]',
    summary: 'Say why a request does or does not match a recording',
    load: async () => (await import('./why.ts')).whyCommand,
  },
  diff: {
    usage: 'diff <what..>',
    summary: 'Compare two cassettes, or two exchanges, by what they say',
    load: async () => (await import('./diff.ts')).diffCommand,
  },
  import: {
    usage: 'import <source>',
    summary: 'Make a cassette of what another program recorded: dumps of Codex, HAR files, mitmproxy flows',
    load: async () => (await import('./import.ts')).importCommand,
  },
  export: {
    usage: 'export [cassette] [exchange]',
    summary: 'Write a cassette for other tools: as plain HAR, as SSE or JSON files, as curl commands',
    load: async () => (await import('./export.ts')).exportCommand,
  },
  edit: {
    usage: 'edit [cassette] [operation] [more..]',
    summary: 'Change cassettes: redact, elide, trim, split, merge, or scan them for secrets',
    load: async () => (await import('./edit.ts')).editCommand,
  },
  translate: {
    usage: 'translate <file>',
    summary: 'Translate one document from one protocol into another; what is lost is told on stderr',
    load: async () => (await import('./translate.ts')).translateCommand,
  },
  connect: {
    usage: 'connect <client>',
    summary: 'Print the configuration that points a client at a tapedeck',
    load: async () => (await import('./connect.ts')).connectCommand,
  },
  demo: {
    usage: 'demo',
    summary: 'Record, validate and play a scripted session: no key, no network, under a minute',
    load: async () => (await import('./demo.ts')).demoCommand,
  },
};
