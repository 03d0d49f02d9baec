import { Duplex } from 'node:stream';

type Written = { chunk: Buffer | string; encoding: BufferEncoding };

/**
 * A connection in memory, as a server has it: what the client sends is there at once, what the server writes is kept. There is no
 * socket, no port and no timer behind it.
 */
export class Wire extends Duplex {
  readonly #written: Buffer[] = [];

  /** @param sent all that the client sends; it stays connected afterwards */
  constructor(sent: Uint8Array) {
    super({ decodeStrings: false });
    this.push(sent);
  }

  /** What the server has written so far. */
  get written(): Buffer {
    return Buffer.concat(this.#written);
  }

  override _read(): void {}

  override _write(chunk: Buffer | string, encoding: BufferEncoding, done: () => void): void {
    this.#keep({ chunk, encoding });
    done();
  }

  override _writev(list: readonly Written[], done: () => void): void {
    for (const one of list) this.#keep(one);
    done();
  }

  #keep({ chunk, encoding }: Written): void {
    this.#written.push(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
  }
}
