//! What a look costs on each path, and what is around it: `cargo run --release --example bench`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use murmuration_fixture::{Fixture, Rng, Shape};
use murmuration_kernel::fuse::{Host, SquadVote, fuse};
use murmuration_kernel::simd::VARIABLE;
use murmuration_kernel::{Bundle, CROP_BYTES, Frame, Path, Swarm, VOTE};

/// The best and the median of many runs, in milliseconds. Other work on the machine only ever adds,
/// so ratios are taken from the best.
fn time(mut run: impl FnMut()) -> (f64, f64) {
    let mut times = Vec::new();
    let start = Instant::now();
    while times.len() < 9 || start.elapsed() < Duration::from_millis(700) {
        let start = Instant::now();
        run();
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    (times[0], times[times.len() / 2])
}

/// The path that is asked for, or all that there are.
fn paths() -> Vec<Path> {
    match std::env::var_os(VARIABLE) {
        None => Path::here(),
        Some(_) => vec![Path::from_env().unwrap_or_else(|error| panic!("{error}"))],
    }
}

fn look(name: &str, bundle: &Bundle) {
    let crop: [u8; CROP_BYTES] = Rng::new(7).bytes(CROP_BYTES).try_into().expect("its size");
    let ids: Vec<&str> = bundle.squads.iter().map(|squad| squad.id.as_str()).collect();
    let work: usize = bundle.squads.iter().map(|squad| squad.multiply_adds).sum();
    let agents: usize = bundle.squads.iter().map(|squad| squad.agents.len()).sum();
    println!("look at one crop, {name}: {agents} agents, {:.1} M multiply-adds", work as f64 / 1e6);
    let mut scalar = 0.0;
    for path in paths() {
        let mut swarm = Swarm::new(bundle, &ids, path).expect("the squads are the bundle's");
        let mut votes = vec![0; ids.len() * VOTE];
        let (best, median) = time(|| swarm.look(black_box(&crop), black_box(&mut votes)));
        scalar = if path == Path::Scalar { best } else { scalar };
        let (name, rate, ratio) = (path.name(), work as f64 / best / 1e6, scalar / best);
        println!(
            "  {name:8} best {best:7.3} ms  median {median:7.3} ms {rate:7.1} G/s {ratio:6.1} x scalar"
        );
    }
}

fn bundle(shapes: &[Shape]) -> Bundle {
    let (manifest, weights) = Fixture::new(1, shapes).files();
    Bundle::load(&manifest, &weights).expect("a made-up bundle is a good one")
}

/// Hosts of two squads that agree but for one.
fn fusion(hosts: usize) {
    let mut rng = Rng::new(5);
    let mut vote = |far: i64| -> [u16; VOTE] {
        let mut vote = [0; VOTE];
        for joint in vote.as_chunks_mut::<12>().0 {
            let (x, y) = (500 + far + rng.between(0, 60), 900 + rng.between(0, 60));
            let numbers = [x, y, 50, 40000, x + 400, y + 100, 60, 12000, x, y + 500, 60, 6000];
            *joint = numbers.map(|number| number as u16);
        }
        vote
    };
    let votes: Vec<_> = (0..2 * hosts).map(|i| vote(if i < 2 { 800 } else { 0 })).collect();
    let squads = |h: usize| {
        let squads = votes[2 * h..][..2].iter();
        squads.map(|vote| SquadVote { weight: 1.0, vote }).collect()
    };
    let voters: Vec<Host<'_>> =
        (0..hosts).map(|h| Host { weight: 1.0, squads: squads(h) }).collect();
    let (best, median) = time(|| {
        black_box(fuse(black_box(&voters), 3.0).expect("votes that can be fused"));
    });
    println!("fusion of {hosts} hosts, 2 squads each: best {best:.3} ms  median {median:.3} ms");
}

fn main() {
    let mut args = std::env::args().skip(1);
    if let (Some(folder), None) = (args.next(), args.next()) {
        let file = |name| std::fs::read(format!("{folder}/{name}")).expect("the bundle's files");
        let (manifest, weights) = (file("manifest.json"), file("weights.safetensors"));
        look(&folder, &Bundle::load(&manifest, &weights).expect("a bundle"));
        return;
    }
    look("medium squad", &bundle(&[Shape::medium()]));
    look("full squad", &bundle(&[Shape::full()]));
    look("two medium squads", &bundle(&[Shape::medium(), Shape::medium()]));

    let (width, height) = (1280, 720);
    let frame = Frame::from_raw(&Rng::new(3).bytes(width * height * 3), width, height, 3);
    let frame = frame.expect("a frame of the right size");
    let mut out = [0; CROP_BYTES];
    for side in [700.0, 200.0, 90.0] {
        let (best, median) =
            time(|| frame.crop(300.5, 10.25, side, black_box(&mut out)).expect("a region"));
        println!(
            "crop of {side} px from {width}x{height}: best {best:.3} ms  median {median:.3} ms"
        );
    }
    [2, 4, 8].into_iter().for_each(fusion);
}
