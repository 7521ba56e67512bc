import encodeQR from "qr";
import { encodePng } from "../../lib/png.ts";

const PIXELS_PER_DOT = 12;
/** The standard asks for four dots of white around it. */
const BORDER_DOTS = 4;

/** A PNG in black and white. Telegram takes no SVG as a photo. */
export function qrCode(text: string): Buffer {
  const dots = encodeQR(text, "raw", { ecc: "medium", border: BORDER_DOTS });
  const size = dots.length * PIXELS_PER_DOT;
  const lines = dots.flatMap((row) => Array<Buffer>(PIXELS_PER_DOT).fill(lineOf(row)));
  return encodePng({ width: size, height: size }, "gray1", Buffer.concat(lines));
}

/** One bit for each pixel: 0 is black. */
function lineOf(row: readonly boolean[]): Buffer {
  const pixels = row.flatMap((isBlack) => Array<boolean>(PIXELS_PER_DOT).fill(isBlack));
  const line = Buffer.alloc(1 + Math.ceil(pixels.length / 8));
  pixels.forEach((isBlack, at) => {
    if (!isBlack) line[1 + (at >> 3)] = (line[1 + (at >> 3)] ?? 0) | (0x80 >> (at & 7));
  });
  return line;
}
