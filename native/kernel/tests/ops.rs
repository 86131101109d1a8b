//! Every operation with agents gives the same bytes on every path, at random and at the extremes.

use murmuration_fixture::Rng;
use murmuration_kernel::Path;
use murmuration_kernel::bundle::{BankAgent, HeadAgent, StemAgent};
use murmuration_kernel::ops::{self, Scratch};
use murmuration_kernel::plan::{Bank, Head, Stem};
use proptest::prelude::*;

/// Planes that agents choose from.
const PLANES: usize = 40;

/// How wild the numbers are.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Draw {
    Usual,
    /// Everything at an end of its range.
    Extreme,
    /// Any value that a bundle may hold.
    Any,
}

impl Draw {
    fn number(self, rng: &mut Rng, usual: i64, most: i64) -> i64 {
        match self {
            Draw::Usual => rng.between(-usual, usual),
            Draw::Extreme => most * (1 - 2 * rng.between(0, 1)),
            Draw::Any => rng.between(-most, most),
        }
    }

    fn weight(self, rng: &mut Rng) -> i8 {
        self.number(rng, 40, 127) as i8
    }

    fn bias(self, rng: &mut Rng) -> i32 {
        self.number(rng, 5000, 1 << 30) as i32
    }

    fn shift(self, rng: &mut Rng, usual: i64) -> u8 {
        match self {
            Draw::Usual => rng.between(0, usual) as u8,
            Draw::Extreme => 24 * rng.between(0, 1) as u8,
            Draw::Any => rng.between(0, 24) as u8,
        }
    }

    fn m(self, rng: &mut Rng) -> i16 {
        match self {
            Draw::Extreme => [1, 32767][rng.between(0, 1) as usize],
            _ => rng.between(1, 32767) as i16,
        }
    }
}

fn draws() -> impl Strategy<Value = Draw> {
    prop_oneof![Just(Draw::Usual), Just(Draw::Extreme), Just(Draw::Any)]
}

/// An arena of planes (all 0, all 255, then noise) with room for 8 more behind, and their offsets.
fn arena(size: usize, rng: &mut Rng) -> (Vec<u8>, Vec<u32>, usize) {
    let cells = size * size;
    let mut arena = rng.bytes((PLANES + 8) * cells);
    arena[..cells].fill(0);
    arena[cells..2 * cells].fill(255);
    let slots = (0..PLANES).map(|plane| (plane * cells) as u32).collect();
    (arena, slots, PLANES * cells)
}

fn inputs(n: usize, rng: &mut Rng) -> Vec<usize> {
    (0..n).map(|_| rng.between(0, PLANES as i64 - 1) as usize).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn stem(seed: u64, n in 1usize..=64, size in prop_oneof![Just(8usize), Just(16), Just(64)],
            draw in draws()) {
        let rng = &mut Rng::new(seed);
        let (arena, slots, out) = arena(size, rng);
        let agent = StemAgent {
            inputs: inputs(n, rng),
            w1: (0..8 * n).map(|_| draw.weight(rng)).collect(),
            b: std::array::from_fn(|_| draw.bias(rng)),
            s2: std::array::from_fn(|_| draw.shift(rng, 6)),
            m: std::array::from_fn(|_| draw.m(rng)),
        };
        let run = |path| {
            let mut arena = arena.clone();
            let stem = Stem::new(&agent, &slots, path);
            ops::stem(path, &stem, &mut arena, size, out, &mut Scratch::new(size));
            arena
        };
        let want = run(Path::Scalar);
        for path in Path::here() {
            prop_assert!(run(path) == want, "{path}");
        }
    }

    #[test]
    fn bank(seed: u64, n in 1usize..=64, draw in draws(), residual: bool,
            size in prop_oneof![Just(4usize), Just(8), Just(16), Just(32), Just(64)]) {
        let rng = &mut Rng::new(seed);
        let (arena, slots, out) = arena(size, rng);
        let agent = BankAgent {
            inputs: inputs(n, rng),
            w1: (0..8 * n).map(|_| draw.weight(rng)).collect(),
            s1: std::array::from_fn(|_| draw.shift(rng, 4)),
            w3: std::array::from_fn(|_| std::array::from_fn(|_| draw.weight(rng))),
            b: std::array::from_fn(|_| draw.bias(rng)),
            r: std::array::from_fn(|_| {
                if residual { draw.number(rng, 3000, 32768).min(32767) as i16 } else { 0 }
            }),
            residual: residual.then_some(5),
            s2: std::array::from_fn(|_| draw.shift(rng, 10)),
            m: std::array::from_fn(|_| draw.m(rng)),
        };
        let mut scratch = Scratch::new(size);
        let mut run = |path| {
            let mut arena = arena.clone();
            let bank = Bank::new(&agent, &slots, path);
            ops::bank(path, &bank, &mut arena, size, out, &mut scratch);
            arena
        };
        let want = run(Path::Scalar);
        for path in Path::here() {
            prop_assert!(run(path) == want, "{path}");
        }
    }

    #[test]
    fn heads(seed: u64, n in 1usize..=64, agents in 1usize..=9, draw in draws()) {
        let rng = &mut Rng::new(seed);
        let (arena, slots, _) = arena(ops::HEADS_SIZE, rng);
        let agents: Vec<HeadAgent> = (0..agents)
            .map(|_| HeadAgent {
                joint: 0,
                inputs: inputs(n, rng),
                w1: (0..4 * n).map(|_| draw.weight(rng)).collect(),
                b: std::array::from_fn(|_| draw.number(rng, 5000, 1 << 27) as i32),
            })
            .collect();
        let run = |path| {
            let heads: Vec<Head> =
                agents.iter().map(|agent| Head::new(agent, &slots, path)).collect();
            let mut scratch = Scratch::new(ops::HEADS_SIZE);
            ops::heads(path, &heads, &arena, &mut scratch);
            scratch.logits
        };
        let want = run(Path::Scalar);
        for path in Path::here() {
            prop_assert!(run(path) == want, "{path}");
        }
    }
}
