import { Fault, JOINTS } from '@murmuration/protocol';

/** A labelled point: pixels, and COCO's visibility (0: not labelled, 1: hidden, 2: visible). */
export interface Label {
  readonly x: number;
  readonly y: number;
  readonly v: number;
}

/** One labelled person. */
export interface Person {
  /** x, y, width, height in pixels. */
  readonly box: readonly [number, number, number, number];
  /** Pixels of the person, the scale of OKS. */
  readonly area: number;
  /** 17, in COCO's order. */
  readonly labels: readonly Label[];
  /** Several people under one label. */
  readonly crowd: boolean;
}

export interface LabelledImage {
  readonly file: string;
  readonly people: readonly Person[];
  /** Crowds and people without a labelled point: a pose that lies on one is neither right nor wrong. */
  readonly ignored: readonly Person[];
}

type Json = Readonly<Record<string, unknown>>;

function numbers(value: unknown, count: number): number[] | null {
  if (!Array.isArray(value) || value.length !== count) return null;
  return value.every((part) => typeof part === 'number' && Number.isFinite(part)) ? value : null;
}

function list(value: unknown, name: string): Json[] {
  if (Array.isArray(value)) return value as Json[];
  throw new Fault('ANNOTATIONS_INVALID', `It has no list "${name}".`);
}

/**
 * Reads COCO keypoint annotations. Pictures without anybody who counts are left out. @throws Fault ANNOTATIONS_INVALID
 */
export function readCoco(text: string): LabelledImage[] {
  let root: Json;
  try {
    root = JSON.parse(text) as Json;
  } catch (cause) {
    throw new Fault('ANNOTATIONS_INVALID', 'It is not JSON.', { cause });
  }
  const people = new Map<unknown, Person[]>();
  const ignored = new Map<unknown, Person[]>();
  for (const annotation of list(root['annotations'], 'annotations')) {
    const person = personOf(annotation);
    const counts = !person.crowd && person.labels.some((label) => label.v > 0);
    const kind = counts ? people : ignored;
    const image = annotation['image_id'];
    kind.set(image, [...(kind.get(image) ?? []), person]);
  }
  return list(root['images'], 'images').flatMap((image) => {
    const file = image['file_name'];
    if (typeof file !== 'string') throw new Fault('ANNOTATIONS_INVALID', 'An image has no file_name.');
    const those = people.get(image['id']);
    return those === undefined ? [] : [{ file, people: those, ignored: ignored.get(image['id']) ?? [] }];
  });
}

function personOf(annotation: Json): Person {
  const points = numbers(annotation['keypoints'], JOINTS.length * 3) ?? [];
  const labels = JOINTS.map((_, i) => ({
    x: points[3 * i] ?? 0,
    y: points[3 * i + 1] ?? 0,
    v: points[3 * i + 2] ?? 0,
  }));
  const box = numbers(annotation['bbox'], 4) as [number, number, number, number] | null;
  if (box === null) throw new Fault('ANNOTATIONS_INVALID', `Annotation ${annotation['id']} has no bbox.`);
  const area = typeof annotation['area'] === 'number' ? annotation['area'] : box[2] * box[3];
  return { box, area, labels, crowd: annotation['iscrowd'] === 1 };
}
