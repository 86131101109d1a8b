//! The operations that only move bytes, against their definitions.

use murmuration_fixture::Rng;
use murmuration_kernel::ops;
use murmuration_kernel::{CROP_BYTES, Path};

fn crop() -> [u8; CROP_BYTES] {
    Rng::new(11).bytes(CROP_BYTES).try_into().expect("its size")
}

#[test]
fn patch() {
    let crop = crop();
    let channel = |c: usize, y: isize, x: isize| {
        let inside = (0..128).contains(&y) && (0..128).contains(&x);
        if inside { crop[(y as usize * 128 + x as usize) * 3 + c] } else { 0 }
    };
    for path in Path::here() {
        let mut out = vec![7; 27 * 4096];
        ops::patch(path, &crop, &mut out);
        for ky in 0..3 {
            for kx in 0..3 {
                for c in 0..3 {
                    let plane = &out[((ky * 3 + kx) * 3 + c) * 4096..][..4096];
                    for (i, &got) in plane.iter().enumerate() {
                        let (y, x) = (2 * (i / 64) + ky, 2 * (i % 64) + kx);
                        let want = channel(c, y as isize - 1, x as isize - 1);
                        assert_eq!(got, want, "{path} ky {ky} kx {kx} c {c} cell {i}");
                    }
                }
            }
        }
    }
}

#[test]
fn planes() {
    let crop = crop();
    for path in Path::here() {
        let mut out = vec![7; CROP_BYTES];
        ops::planes(path, &crop, &mut out);
        for (i, &got) in out.iter().enumerate() {
            assert_eq!(got, crop[i % 16384 * 3 + i / 16384], "{path} byte {i}");
        }
    }
}

#[test]
fn depth_and_up() {
    for size in [2, 4, 8, 16, 32, 64, 128] {
        let (planes, cells) = (3, size * size);
        // The planes lie in another order than they are read.
        let inputs = [2 * cells as u32, 0, cells as u32];
        let read = Rng::new(size as u64).bytes(planes * cells);
        for path in Path::here() {
            let mut arena = read.clone();
            arena.resize(2 * planes * cells, 7);
            ops::depth(path, &mut arena, &inputs, size, planes * cells);
            let half = size / 2;
            for (i, &got) in arena[planes * cells..].iter().enumerate() {
                let (plane, y, x) = (i / (half * half), i / half % half, i % half);
                let (dy, dx, c) = (plane / planes / 2, plane / planes % 2, plane % planes);
                let want = read[inputs[c] as usize + (2 * y + dy) * size + 2 * x + dx];
                assert_eq!(got, want, "depth of {size} on {path}, byte {i}");
            }

            let mut arena = read.clone();
            arena.resize(5 * planes * cells, 7);
            ops::up(path, &mut arena, &inputs, size, planes * cells);
            for (i, &got) in arena[planes * cells..].iter().enumerate() {
                let (c, y, x) = (i / (4 * cells), i / (2 * size) % (2 * size), i % (2 * size));
                let want = read[inputs[c] as usize + y / 2 * size + x / 2];
                assert_eq!(got, want, "up of {size} on {path}, byte {i}");
            }
        }
    }
}

#[test]
fn belief() {
    let mut rng = Rng::new(5);
    let logits = [(); 4].map(|()| [(); 256].map(|()| rng.bits() as i32));
    for path in Path::here() {
        let mut out = [0; 1024];
        ops::belief(path, &logits, &mut out);
        for (i, &got) in out.iter().enumerate() {
            let (y, x) = (i / 32, i % 32);
            assert_eq!(got, logits[y % 2 * 2 + x % 2][y / 2 * 16 + x / 2], "{path} cell {i}");
        }
    }
}
