import { crc32, deflateSync } from 'node:zlib';

/** A PNG of `size` x `size` pixels that goes from black to orange: small, valid, ours, and the same on every run. */
export function makePng(size: number): Uint8Array {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  // 8 bits a channel, RGB, and the only compression, filter and interlace that need no further data.
  head.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.concat(
    Array.from({ length: size }, (_, y) => {
      const row = Buffer.alloc(1 + 3 * size);
      for (let x = 0; x < size; x++) {
        const light = Math.round((255 * (x + y)) / (2 * (size - 1)));
        row.set([light, Math.round(light / 2), 0], 1 + 3 * x);
      }
      return row;
    }),
  );
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, part('IHDR', head), part('IDAT', deflateSync(rows)), part('IEND', Buffer.alloc(0))]);
}

function part(name: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const whole = Buffer.alloc(named.length + 8);
  whole.writeUInt32BE(data.length, 0);
  whole.set(named, 4);
  whole.writeUInt32BE(crc32(named), named.length + 4);
  return whole;
}
