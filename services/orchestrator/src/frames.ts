import { decode, Frame } from '@murmuration/native';
import { type Box, CROP_BYTES, Encoding, Fault, type Image, MAX_PEOPLE } from '@murmuration/protocol';
import { boxesOr, checkBoxes, checkOverlap, type Region, regionOf } from './core/boxes.js';

/** The most bytes that a picture may have, encoded or raw. */
const MAX_BYTES = 32 * 1024 * 1024;
const MAX_SIDE = 8192;
/** Bytes of a pixel. */
const RAW: { readonly [encoding in Encoding]?: number } = {
  [Encoding.ENCODING_RGB8]: 3,
  [Encoding.ENCODING_GRAY8]: 1,
};
const MAGIC: { readonly [encoding in Encoding]?: readonly number[] } = {
  [Encoding.ENCODING_JPEG]: [0xff, 0xd8, 0xff],
  [Encoding.ENCODING_PNG]: [0x89, 0x50, 0x4e, 0x47],
};

/** The people of a frame, cut out. */
export interface Crops {
  readonly boxes: readonly Box[];
  readonly regions: readonly Region[];
  /** boxes * 128 * 128 * 3 bytes; overwritten by the next frame. */
  readonly pixels: Uint8Array;
}

/** Crops are copied into their message before the next frame is cut, so one buffer serves all. */
const pixels = new Uint8Array(MAX_PEOPLE * CROP_BYTES);

/**
 * Decodes a picture and cuts out its people.
 * @throws Fault IMAGE_MISSING, IMAGE_INVALID, IMAGE_TOO_LARGE, ENCODING_UNKNOWN, BOX_INVALID, TOO_MANY_PEOPLE
 */
export function cropsOf(image: Image | undefined, asked: readonly Box[]): Crops {
  checkBoxes(asked);
  const frame = frameOf(image);
  checkOverlap(asked, frame.width, frame.height);
  const boxes = boxesOr(asked, frame.width, frame.height);
  const regions = boxes.map(regionOf);
  regions.forEach(({ x, y, side }, i) => {
    frame.crop(x, y, side, pixels.subarray(i * CROP_BYTES, (i + 1) * CROP_BYTES));
  });
  return { boxes, regions, pixels: pixels.subarray(0, boxes.length * CROP_BYTES) };
}

function frameOf(image: Image | undefined): Frame {
  if (image === undefined) throw new Fault('IMAGE_MISSING', 'There is no picture.', { field: 'image' });
  const { data, encoding, width, height } = image;
  if (data.length === 0)
    throw new Fault('IMAGE_MISSING', 'The picture has no bytes.', { field: 'image.data' });
  if (data.length > MAX_BYTES)
    throw new Fault('IMAGE_TOO_LARGE', `The picture has ${data.length} bytes.`, { field: 'image.data' });
  const channels = RAW[encoding];
  try {
    if (channels !== undefined) {
      checkRaw(data.length, width, height, channels);
      return Frame.fromRaw(data, width, height, channels);
    }
    checkMagic(data, encoding);
    return decode(data);
  } catch (error) {
    const fault = Fault.from(error, 'IMAGE_INVALID');
    if (fault.field !== null) throw fault;
    throw new Fault(fault.code, fault.message, { field: 'image.data', cause: error });
  }
}

function checkRaw(bytes: number, width: number, height: number, channels: number): void {
  for (const [name, side] of Object.entries({ width, height })) {
    if (side === 0)
      throw new Fault('IMAGE_INVALID', `A raw picture needs its ${name}.`, { field: `image.${name}` });
    if (side > MAX_SIDE)
      throw new Fault('IMAGE_TOO_LARGE', `The ${name} is ${side}.`, { field: `image.${name}` });
  }
  const wanted = width * height * channels;
  if (bytes === wanted) return;
  throw new Fault(
    'IMAGE_INVALID',
    `${width} x ${height} x ${channels} makes ${wanted} bytes, but there are ${bytes}.`,
    { field: 'image.data' },
  );
}

function checkMagic(data: Uint8Array, encoding: Encoding): void {
  const magic = MAGIC[encoding];
  if (magic === undefined)
    throw new Fault('ENCODING_UNKNOWN', `Encoding ${encoding} is none that can be read.`, {
      field: 'image.encoding',
    });
  if (magic.every((byte, i) => data[i] === byte)) return;
  throw new Fault('IMAGE_INVALID', `The bytes are not those of a ${Encoding[encoding].slice(9)} file.`, {
    field: 'image.data',
  });
}
