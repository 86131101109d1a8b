import { cut, probe } from '@murmuration/native';
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
/** The formats as the kernel names them. */
const FILES: { readonly [encoding in Encoding]?: string } = {
  [Encoding.ENCODING_JPEG]: 'jpeg',
  [Encoding.ENCODING_PNG]: 'png',
};

/** The people of a frame, cut out. */
export interface Crops {
  readonly boxes: readonly Box[];
  readonly regions: readonly Region[];
  /** boxes * 128 * 128 * 3 bytes; overwritten by the next frame. */
  readonly pixels: Uint8Array;
}

/** What is known of a picture before its pixels are read. */
interface Size {
  readonly width: number;
  readonly height: number;
  /** Bytes of a pixel; 0 for a file. */
  readonly channels: number;
}

/** Crops are copied into their message before the next frame is cut, so one buffer serves all. */
const pixels = new Uint8Array(MAX_PEOPLE * CROP_BYTES);
const squares = new Float64Array(MAX_PEOPLE * 3);

/**
 * Decodes a picture and cuts out its people. Everything that can be refused by its header is refused before.
 * @throws Fault IMAGE_MISSING, IMAGE_INVALID, IMAGE_TOO_LARGE, ENCODING_UNKNOWN, BOX_INVALID, TOO_MANY_PEOPLE
 */
export function cropsOf(image: Image | undefined, asked: readonly Box[]): Crops {
  checkBoxes(asked);
  const picture = dataOf(image);
  return named(() => {
    const { width, height, channels } = sizeOf(picture);
    checkOverlap(asked, width, height);
    const boxes = boxesOr(asked, width, height);
    const regions = boxes.map(regionOf);
    regions.forEach(({ x, y, side }, i) => {
      squares.set([x, y, side], i * 3);
    });
    const out = pixels.subarray(0, boxes.length * CROP_BYTES);
    cut(picture.data, width, height, channels, squares.subarray(0, boxes.length * 3), out);
    return { boxes, regions, pixels: out };
  });
}

function dataOf(image: Image | undefined): Image {
  if (image === undefined) throw new Fault('IMAGE_MISSING', 'There is no picture.', { field: 'image' });
  const bytes = image.data.length;
  if (bytes === 0) throw new Fault('IMAGE_MISSING', 'The picture has no bytes.', { field: 'image.data' });
  if (bytes > MAX_BYTES)
    throw new Fault('IMAGE_TOO_LARGE', `The picture has ${bytes} bytes.`, { field: 'image.data' });
  return image;
}

function sizeOf({ data, encoding, width, height }: Image): Size {
  const channels = RAW[encoding];
  if (channels !== undefined) {
    checkRaw(data.length, width, height, channels);
    return { width, height, channels };
  }
  const wanted = FILES[encoding];
  if (wanted === undefined)
    throw new Fault('ENCODING_UNKNOWN', `Encoding ${encoding} is none that can be read.`, {
      field: 'image.encoding',
    });
  const header = probe(data);
  if (header.format !== wanted)
    throw new Fault('IMAGE_INVALID', `The picture is a ${header.format}, not a ${wanted} as it says.`, {
      field: 'image.encoding',
    });
  return { width: header.width, height: header.height, channels: 0 };
}

/** What the kernel refuses is the picture's bytes. */
function named<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const fault = Fault.from(error);
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
