//! Votes computed by the NumPy reference in `training/`, met on every path.

use std::path::Path as File;

use murmuration_kernel::{Bundle, CROP_BYTES, Path, Swarm, VOTE};

fn read(name: &str) -> Vec<u8> {
    let file = File::new(env!("CARGO_MANIFEST_DIR")).join("../golden").join(name);
    std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

#[test]
fn every_path_gives_the_golden_votes() {
    let bundle = Bundle::load(&read("tiny/manifest.json"), &read("tiny/weights.safetensors"))
        .unwrap_or_else(|error| panic!("{error}"));
    let ids: Vec<&str> = bundle.squads.iter().map(|squad| squad.id.as_str()).collect();
    let (crops, votes) = (read("crops.bin"), read("votes.bin"));
    let (crops, rest) = crops.as_chunks::<CROP_BYTES>();
    assert!(rest.is_empty() && !crops.is_empty());
    let want: Vec<u16> = votes.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect();
    assert_eq!(want.len(), crops.len() * ids.len() * VOTE);

    for path in Path::here() {
        let mut swarm = Swarm::new(&bundle, &ids, path).expect("its own squads");
        for (c, (crop, want)) in crops.iter().zip(want.chunks(ids.len() * VOTE)).enumerate() {
            let mut got = vec![0; ids.len() * VOTE];
            swarm.look(crop, &mut got);
            assert_eq!(got, want, "crop {c} on {path}");
        }
    }
}
