import fc from 'fast-check';

const { TAPEDECK_SEED = '20261121', TAPEDECK_RUNS = '1' } = process.env;

/**
 * `fc.assert`, with the same examples on every run, so that a suite which passed here passes elsewhere. TAPEDECK_SEED takes others (a number, or
 * `random`), TAPEDECK_RUNS that many times as many; a failure prints its seed.
 */
export const assertProperty = ((property: fc.IAsyncProperty<unknown>, parameters: fc.Parameters<unknown> = {}) =>
  fc.assert(property, {
    ...(TAPEDECK_SEED !== 'random' && { seed: Number(TAPEDECK_SEED) }),
    ...parameters,
    numRuns: Math.ceil((parameters.numRuns ?? 100) * Number(TAPEDECK_RUNS)),
  })) as typeof fc.assert;
