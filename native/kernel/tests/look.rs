//! Whole looks at made-up squads: every path agrees with the reference, whatever ran before.

use murmuration_fixture::{Fixture, Rng, Shape};
use murmuration_kernel::swarm::SwarmError;
use murmuration_kernel::{Bundle, CROP_BYTES, Path, Swarm, VOTE};
use proptest::prelude::*;

fn bundle(seed: u64, shapes: &[Shape]) -> Bundle {
    let (manifest, weights) = Fixture::new(seed, shapes).files();
    Bundle::load(&manifest, &weights).unwrap_or_else(|error| panic!("{error}"))
}

fn look(swarm: &mut Swarm, crop: &[u8; CROP_BYTES]) -> Vec<u16> {
    let mut votes = vec![0xaaaa; swarm.squads().len() * VOTE];
    swarm.look(crop, &mut votes);
    votes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn paths_agree(seed: u64, extreme: bool) {
        let bundle = bundle(seed, &[Shape::tiny(extreme), Shape::tiny(!extreme)]);
        let noise: [u8; CROP_BYTES] =
            Rng::new(seed ^ 1).bytes(CROP_BYTES).try_into().expect("its size");
        let mut reference = Swarm::new(&bundle, &["a", "b"], Path::Scalar).expect("its squads");
        for path in Path::here() {
            let mut swarm = Swarm::new(&bundle, &["a", "b"], path).expect("its squads");
            for crop in [&noise, &[0; CROP_BYTES], &[255; CROP_BYTES], &noise] {
                prop_assert_eq!(look(&mut swarm, crop), look(&mut reference, crop), "{}", path);
            }
        }
    }
}

#[test]
fn squads_vote_alone_as_together_and_in_the_order_asked_for() {
    let bundle = bundle(3, &[Shape::tiny(false), Shape::tiny(false), Shape::tiny(false)]);
    let crop: [u8; CROP_BYTES] = Rng::new(4).bytes(CROP_BYTES).try_into().expect("its size");
    let votes = |ids: &[&str]| {
        let mut swarm = Swarm::new(&bundle, ids, Path::best()).expect("its squads");
        assert_eq!(swarm.squads().collect::<Vec<_>>(), ids);
        look(&mut swarm, &crop)
    };
    assert_eq!(votes(&["c", "a"]), [votes(&["c"]), votes(&["a"])].concat());
    assert_ne!(votes(&["a"]), votes(&["b"]));
    assert!(votes(&[]).is_empty());
}

#[test]
fn refuses_squads_that_it_has_not() {
    let bundle = bundle(3, &[Shape::tiny(false)]);
    let error = |ids: &[&str]| Swarm::new(&bundle, ids, Path::Scalar).err();
    assert_eq!(error(&["z"]), Some(SwarmError::UnknownSquad("z".into())));
    assert_eq!(error(&["a", "a"]), Some(SwarmError::RepeatedSquad("a".into())));
}
