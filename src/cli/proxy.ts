import { startScriptedUpstream } from '../conformance/scripted-upstream.ts';
import { startProxy } from '../proxy/server.ts';
import type { Command } from './command.ts';
import { FLAGS } from './flags.ts';
import { remark } from './io.ts';
import { KEY_ADVICE, PROXY_FLAGS, proxyOptions, warnOfOpenKey } from './proxy-flags.ts';
import { serve } from './serve.ts';
import { watchExchanges } from './watch.ts';

export const proxyCommand: Command = {
  usage: 'proxy',
  summary: 'The same proxy without a cassette; without --upstream, an embedded scripted provider answers',
  takesCommand: true,
  flags: {
    upstream: FLAGS.upstream,
    host: FLAGS.host,
    port: FLAGS.port,
    'request-coding': { ...FLAGS['request-coding'], default: 'decode' },
    ...PROXY_FLAGS,
    json: FLAGS.json,
  },
  examples: [
    ['$0 proxy --port 8787', 'A provider on your machine that answers every client, for a first try'],
    ['$0 proxy --upstream https://api.openai.com/v1 --port 8787', 'Hand everything through to a provider'],
    ["$0 proxy -- codex exec 'say hello'", 'Run one client against it'],
  ],
  async run(args, io) {
    const embedded = args.upstream === undefined ? await startScriptedUpstream({ forget: true }) : undefined;
    try {
      const options = await proxyOptions(args, io, embedded?.url ?? (args.upstream as string));
      // The embedded provider takes any key.
      if (!embedded) warnOfOpenKey(options, KEY_ADVICE, io);
      const command = args['--'] ?? [];
      const recorder = command.length === 0 && io.stderr.isTTY ? watchExchanges(undefined, io) : undefined;
      const proxy = await startProxy({ ...options, ...(recorder ? { recorder } : {}) });
      if (embedded) remark(io, 'No --upstream: an embedded scripted provider answers.');
      return await serve(proxy, io, { json: args.json as boolean, command, codexHome: args['codex-home'] as string });
    } finally {
      await embedded?.close();
    }
  },
};
