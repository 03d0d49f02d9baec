import { TapedeckError } from '../../errors.ts';
import type { Arguments, Command } from '../command.ts';

/** The flags of `replay` that are about a live gateway. */
export const AGAINST_FLAGS: Command['flags'] = {
  against: {
    type: 'string',
    describe: 'Send the recorded requests to the gateway at this base URL, and compare what it does',
  },
  launch: {
    type: 'string',
    describe: 'Start the gateway by this command first; {upstream}, {upstream_root} and {port} are filled in',
  },
  'launch-timeout': { type: 'number', describe: 'Seconds that the gateway has to answer (default: 60)' },
  'upstream-host': {
    type: 'string',
    describe: 'Address at which the recorded upstream is played (default: 127.0.0.1)',
  },
  'upstream-port': { type: 'number', describe: 'Port at which it is played; with --launch a free one by default' },
  speed: {
    type: 'string',
    describe: 'With a gateway: recorded, instant (default), or so many times faster than recorded',
  },
  'key-env': {
    type: 'string',
    describe: 'Environment variable with the key for the gateway: recorded ones are redacted',
  },
  header: { type: 'string', array: true, describe: 'Header to send to the gateway, "NAME: VALUE"; repeatable' },
};

/** What makes no sense with a gateway: it belongs to the suite. */
const OF_THE_SUITE = ['update', 'jobs', 'max-age'] as const;

/** Whether the command line is about a live gateway. @throws TapedeckError `usage` for flags that do not go together */
export function isAgainst(args: Arguments): boolean {
  const asked = args.against !== undefined || args.launch !== undefined;
  if (!asked) {
    const flag = Object.keys(AGAINST_FLAGS).find((name) => args[name] !== undefined);
    if (flag === undefined) return false;
    throw new TapedeckError('usage', `--${flag} is about a gateway, and there is none.`, {
      hint: 'Name one with --against URL, or start one with --launch COMMAND.',
    });
  }
  const other = OF_THE_SUITE.find((name) => args[name] !== undefined && args[name] !== false);
  if (other === undefined) return true;
  throw new TapedeckError('usage', `--${other} does not go together with a gateway.`);
}
