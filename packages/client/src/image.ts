import { Encoding, type Image } from '@murmuration/protocol';

const PNG = [0x89, 0x50, 0x4e, 0x47];

/** A picture file's bytes, or raw pixels with their size. */
export type Picture = Uint8Array | Image;

/** What goes over the wire: of a file the first bytes tell whether it is a PNG; the server refuses what is neither. */
export function imageOf(picture: Picture): Image {
  if (!(picture instanceof Uint8Array)) return picture;
  const png = PNG.every((byte, i) => picture[i] === byte);
  const encoding = png ? Encoding.ENCODING_PNG : Encoding.ENCODING_JPEG;
  return { encoding, data: picture, width: 0, height: 0 };
}

/** Raw pixels: width * height * 3 bytes, row by row. */
export function rgb(data: Uint8Array, width: number, height: number): Image {
  return { encoding: Encoding.ENCODING_RGB8, data, width, height };
}

/** Raw pixels: width * height bytes, row by row. */
export function gray(data: Uint8Array, width: number, height: number): Image {
  return { encoding: Encoding.ENCODING_GRAY8, data, width, height };
}
