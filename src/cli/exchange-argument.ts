import type { Arguments } from './command.ts';

/** Which exchange of which cassette a command line means; undefined: not named. */
export interface ExchangeArgument {
  cassette: string | undefined;
  exchange: string | undefined;
}

/** Reads `[cassette] [exchange]`. A lone number names no file: it is an exchange of the newest cassette. */
export function readExchangeArgument(args: Arguments): ExchangeArgument {
  const cassette = args.cassette === undefined ? undefined : String(args.cassette);
  const exchange = args.exchange === undefined ? undefined : String(args.exchange);
  if (exchange === undefined && cassette !== undefined && /^\d+$/.test(cassette)) {
    return { cassette: undefined, exchange: cassette };
  }
  return { cassette, exchange };
}
