import { Fault } from '@murmuration/protocol';
import { describe, expect, it } from 'vitest';
import { readCoco } from '../../cli/src/core/coco.js';

const keypoints = (first: number[]): number[] => [
  ...first,
  ...Array.from({ length: 51 - first.length }, () => 0),
];
const annotation = {
  id: 1,
  image_id: 7,
  iscrowd: 0,
  bbox: [1, 2, 3, 4],
  area: 9,
  keypoints: keypoints([5, 6, 2]),
};
const file = (annotations: unknown[]): string =>
  JSON.stringify({
    images: [
      { id: 7, file_name: 'a.jpg' },
      { id: 8, file_name: 'b.jpg' },
    ],
    annotations,
  });

describe('COCO annotations', () => {
  it('are read by picture; pictures without people are left out', () => {
    const images = readCoco(file([annotation]));
    expect(images.map((image) => image.file)).toEqual(['a.jpg']);
    expect(images[0]?.people[0]).toMatchObject({ box: [1, 2, 3, 4], area: 9 });
    expect(images[0]?.people[0]?.labels[0]).toEqual({ x: 5, y: 6, v: 2 });
  });

  it('leave out crowds and people without a labelled point', () => {
    const crowd = { ...annotation, iscrowd: 1 };
    const pointless = { ...annotation, keypoints: keypoints([]) };
    expect(readCoco(file([crowd, pointless]))).toEqual([]);
    const [image] = readCoco(file([crowd, annotation, pointless]));
    expect(image?.people).toHaveLength(1);
    expect(image?.ignored).toHaveLength(2);
  });

  it('take the box as the area where there is none', () => {
    const { area: _, ...without } = annotation;
    expect(readCoco(file([without]))[0]?.people[0]?.area).toBe(12);
  });

  it.each([
    ['no JSON', '{'],
    ['no lists', '{}'],
    ['a person without a box', file([{ ...annotation, bbox: [1] }])],
  ])('are refused: %s', (_, text) => {
    expect(() => readCoco(text)).toThrow(Fault);
    expect(() => readCoco(text)).toThrow(expect.objectContaining({ code: 'ANNOTATIONS_INVALID' }));
  });
});
