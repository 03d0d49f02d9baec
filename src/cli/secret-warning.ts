import type { RecordedExchange } from '../cassette/legs.ts';
import type { CassetteReader } from '../cassette/store.ts';
import { findSecrets } from '../validate/secrets.ts';
import { type Io, remark } from './io.ts';
import { pathWord } from './short-path.ts';

/**
 * Warns on stderr of the first exchange that holds what looks like a credential, without telling it. Only a cassette that was edited can
 * have one: what a recording writes is redacted before, so nothing else is searched.
 */
export async function warnOfSecrets(
  cassette: CassetteReader,
  exchanges: AsyncIterable<RecordedExchange> | Iterable<RecordedExchange>,
  io: Io,
): Promise<void> {
  if (!cassette.edited) return;
  for await (const exchange of exchanges) {
    const [found] = findSecrets(exchange);
    if (!found) continue;
    const name = pathWord(cassette.path, io);
    const what = `Exchange ${exchange.id} of this edited cassette holds something that looks like a credential.`;
    const advice = `\`tapedeck validate ${name}\` says where, \`tapedeck edit ${name} redact\` removes it.`;
    remark(io, `${io.errorColour.yellow('warning')}  ${what} ${advice}`);
    return;
  }
}
