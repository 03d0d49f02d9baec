import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';

type Ask = (...args: unknown[]) => unknown;

/** Functions of `node:dns` and of its promises that ask for a name, or for the name of an address. */
const ASKING = [
  'lookup',
  'resolve',
  'resolve4',
  'resolve6',
  'resolveAny',
  'resolveCaa',
  'resolveCname',
  'resolveMx',
  'resolveNaptr',
  'resolveNs',
  'resolvePtr',
  'resolveSoa',
  'resolveSrv',
  'resolveTxt',
  'reverse',
] as const;

/**
 * Puts itself in front of what looks names up.
 * @param refusal the error that a look-up of this name is to fail with; undefined: it is let through
 * @returns takes it away again
 */
export function guardNames(refusal: (name: string) => Error | undefined): () => void {
  const restore = [...ASKING.map((name) => guardCallback(name)), ...ASKING.map((name) => guardPromise(name))];
  syncBuiltinESMExports();
  return () => {
    for (const one of restore) one();
    syncBuiltinESMExports();
  };

  function guardCallback(name: (typeof ASKING)[number]): () => void {
    return replace(dns as unknown as Record<string, Ask>, name, (original, args) => {
      const error = refusal(String(args[0]));
      const callback = args.at(-1);
      if (!error || typeof callback !== 'function') return original(...args);
      process.nextTick(() => callback(error));
      return {};
    });
  }

  function guardPromise(name: (typeof ASKING)[number]): () => void {
    return replace(dns.promises as unknown as Record<string, Ask>, name, (original, args) => {
      const error = refusal(String(args[0]));
      return error ? Promise.reject(error) : original(...args);
    });
  }
}

/** Whoever replaced it after us keeps what they put there, and ours below it is told of nothing more. */
function replace(
  target: Record<string, Ask>,
  name: string,
  guarded: (original: Ask, args: unknown[]) => unknown,
): () => void {
  const original = target[name];
  if (!original) return () => {};
  let isOver = false;
  const ask: Ask = function (this: unknown, ...args) {
    const pass: Ask = (...same) => Reflect.apply(original, this, same);
    return isOver ? pass(...args) : guarded(pass, args);
  };
  // `util.promisify` reads from the function itself how it is to be called.
  target[name] = Object.defineProperties(ask, Object.getOwnPropertyDescriptors(original));
  return () => {
    isOver = true;
    if (target[name] === ask) target[name] = original;
  };
}
