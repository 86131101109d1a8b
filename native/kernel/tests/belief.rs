//! Peaks, against the definition written out in wide numbers.

use murmuration_fixture::Rng;
use murmuration_kernel::Path;
use murmuration_kernel::belief::{EXP, Peaks, REACH, peaks};
use proptest::prelude::*;

fn plain(logits: &[i32; 1024], sharpness: i64) -> [u16; 12] {
    let top = i64::from(*logits.iter().max().expect("it has cells"));
    let e: Vec<i128> = logits
        .iter()
        .map(|&logit| {
            let i = (i128::from(top - i64::from(logit)) * i128::from(sharpness)) >> 16;
            if i >= REACH as i128 { 0 } else { i128::from(EXP[i as usize]) }
        })
        .collect();
    let sum: i128 = e.iter().sum();
    let mut covered = [false; 1024];
    let mut vote = [0; 12];
    for k in 0..3 {
        let free = (0..1024).filter(|&i| !covered[i]);
        let Some(at) = free.rev().max_by_key(|&i| e[i]) else { break };
        let window: Vec<usize> = (0..1024usize)
            .filter(|i| (i / 32).abs_diff(at / 32) <= 2 && (i % 32).abs_diff(at % 32) <= 2)
            .filter(|&i| !covered[i])
            .collect();
        let mass: i128 = window.iter().map(|&i| e[i]).sum();
        window.iter().for_each(|&i| covered[i] = true);
        if e[at] == 0 {
            continue;
        }
        let centre = |cell: usize| 64 * cell as i128 + 32;
        let mean = |part: fn(usize) -> usize| {
            (window.iter().map(|&i| e[i] * centre(part(i))).sum::<i128>() + mass / 2) / mass
        };
        let (x, y) = (mean(|i| i % 32), mean(|i| i / 32));
        let squares: i128 = window
            .iter()
            .map(|&i| e[i] * ((centre(i % 32) - x).pow(2) + (centre(i / 32) - y).pow(2)))
            .sum();
        let spread = (squares / (2 * mass)).isqrt();
        let weight = mass * 65535 / sum;
        if k == 0 || weight >= 1966 {
            vote[4 * k..][..4].copy_from_slice(&[x, y, spread, weight].map(|n| n as u16));
        }
    }
    vote
}

fn check(logits: &[i32; 1024], sharpness: i64) {
    let want = plain(logits, sharpness);
    for path in Path::here() {
        let mut vote = [9; 12];
        peaks(path, logits, sharpness, &mut Peaks::default(), &mut vote);
        assert_eq!(vote, want, "{path}, sharpness {sharpness}");
    }
}

#[test]
fn flat_steep_and_far_apart() {
    check(&[0; 1024], 1000);
    check(&[i32::MIN; 1024], i64::from(i32::MAX));
    let mut one = [i32::MIN; 1024];
    one[1023] = i32::MAX;
    for sharpness in [1, 2, 65535, 65536, i64::from(i32::MAX)] {
        check(&one, sharpness);
    }
    // The second peak's window is all but covered, so it is dropped; a third one may still be kept.
    let mut close = [-2000; 1024];
    close[10 * 32 + 10] = 100;
    close[10 * 32 + 13] = 40;
    close[20 * 32 + 20] = 30;
    check(&close, 65536);
}

proptest! {
    #[test]
    fn at_random(seed: u64, low in 1i64..1 << 31, sharpness in 1i64..1 << 31, bits in 0u32..31) {
        let rng = &mut Rng::new(seed);
        let logits = std::array::from_fn(|_| rng.between(-low, low - 1) as i32);
        check(&logits, sharpness);
        check(&logits, 1 + (sharpness >> bits));
        // Of a sharpness that suits them.
        check(&logits, ((20 << 21) / low).clamp(1, i64::from(i32::MAX)));
    }
}
