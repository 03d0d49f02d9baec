/**
 * What was worked out of objects, kept with them: each has it under a symbol of its own, which neither copies nor JSON see. A WeakMap says the
 * same; but V8's collector of young objects takes all that a WeakMap holds for alive, so that whatever hangs on a short-lived object moves to the
 * old ones and waits there for a full collection.
 */
export class Kept<Of extends object, Value> {
  readonly #key = Symbol('kept');

  get(of: Of): Value | undefined {
    return (of as Record<symbol, Value | undefined>)[this.#key];
  }

  set(of: Of, value: Value): void {
    Object.defineProperty(of, this.#key, { value, enumerable: false, configurable: true, writable: true });
  }
}
