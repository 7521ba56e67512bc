import { crc32, deflateSync } from "node:zlib";
import encodeQR from "qr";

const PIXELS_PER_DOT = 12;
/** The standard asks for four dots of white around it. */
const BORDER_DOTS = 4;
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** A PNG in black and white. Telegram takes no SVG as a photo. */
export function qrCode(text: string): Buffer {
  const dots = encodeQR(text, "raw", { ecc: "medium", border: BORDER_DOTS });
  const size = dots.length * PIXELS_PER_DOT;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  // One bit for each pixel: 0 is black.
  header[8] = 1;
  const lines = dots.flatMap((row) => Array<Buffer>(PIXELS_PER_DOT).fill(lineOf(row)));
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.concat(lines))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function lineOf(row: readonly boolean[]): Buffer {
  const pixels = row.flatMap((isBlack) => Array<boolean>(PIXELS_PER_DOT).fill(isBlack));
  // The first byte says that the line isn't filtered.
  const line = Buffer.alloc(1 + Math.ceil(pixels.length / 8));
  pixels.forEach((isBlack, at) => {
    if (!isBlack) line[1 + (at >> 3)] = (line[1 + (at >> 3)] ?? 0) | (0x80 >> (at & 7));
  });
  return line;
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}
