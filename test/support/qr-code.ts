import { crc32, inflateSync } from "node:zlib";
import decodeQR from "qr/decode.js";

/** What a QR code says that is a PNG with one bit for each pixel. Throws if the file is damaged. */
export function textInQrCode(png: Uint8Array): string {
  const bytes = Buffer.from(png);
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const named = bytes.subarray(at + 4, at + 8 + length);
    if (crc32(named) !== bytes.readUInt32BE(at + 8 + length)) throw new Error("a chunk is damaged");
    chunks.set(named.toString("latin1", 0, 4), named.subarray(4));
    at += 12 + length;
  }
  const header = chunks.get("IHDR") ?? Buffer.alloc(13);
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const lines = inflateSync(chunks.get("IDAT") ?? Buffer.alloc(0));
  const data = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const byte = lines[y * (1 + Math.ceil(width / 8)) + 1 + (x >> 3)] ?? 0;
      const shade = byte & (0x80 >> (x & 7)) ? 255 : 0;
      data.set([shade, shade, shade, 255], (y * width + x) * 4);
    }
  }
  return decodeQR({ width, height, data });
}
