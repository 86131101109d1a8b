//! What the fusion promises, whatever is voted.

use murmuration_kernel::fuse::{Answer, FuseError, Host, Joint, Point, SquadVote, TOLERANCE};
use murmuration_kernel::fuse::{fuse, tolerated};
use murmuration_kernel::{JOINTS, VOTE};
use proptest::prelude::*;

/// A vote that can be owned.
type Vote = Box<[u16; VOTE]>;

#[derive(Clone, Debug)]
struct Voter {
    weight: f64,
    squads: Vec<(f64, Vote)>,
}

fn run(voters: &[Voter], rho_max: f64) -> Answer {
    let hosts: Vec<Host<'_>> = voters
        .iter()
        .map(|voter| Host {
            weight: voter.weight,
            squads: voter
                .squads
                .iter()
                .map(|(weight, vote)| SquadVote { weight: *weight, vote })
                .collect(),
        })
        .collect();
    fuse(&hosts, rho_max).unwrap_or_else(|error| panic!("{error}"))
}

/// Any numbers at all.
fn wild() -> impl Strategy<Value = Vote> {
    let few = prop_oneof![Just(0u16), Just(65535), any::<u16>(), 0u16..2100];
    prop::collection::vec(few, VOTE).prop_map(|v| v.into_boxed_slice().try_into().expect("a vote"))
}

/// What a correct squad could send: peaks anywhere in the crop, weights that sum to 1 at most.
fn fair() -> impl Strategy<Value = Vote> {
    let peak = (0u16..=2048, 0u16..=2048, 0u16..200, 1966u16..21845);
    let joint = prop::collection::vec(peak, 1..=3);
    prop::collection::vec(joint, JOINTS).prop_map(|joints| vote(&joints))
}

fn vote(joints: &[Vec<(u16, u16, u16, u16)>]) -> Vote {
    let mut vote = Box::new([0; VOTE]);
    for (out, peaks) in vote.chunks_exact_mut(12).zip(joints) {
        for (out, &(x, y, spread, weight)) in out.chunks_exact_mut(4).zip(peaks) {
            out.copy_from_slice(&[x, y, spread, weight]);
        }
    }
    vote
}

/// One peak for every joint.
fn at(x: f64, y: f64) -> Vote {
    let peak = ((x * 16.0) as u16, (y * 16.0) as u16, 40, 60000);
    vote(&vec![vec![peak]; JOINTS])
}

fn one(weight: f64, x: f64, y: f64) -> Voter {
    Voter { weight, squads: vec![(1.0, at(x, y))] }
}

fn voter(vote: impl Strategy<Value = Vote>) -> impl Strategy<Value = Voter> {
    let squads = prop::collection::vec((0.5..2.0, vote), 1..=3);
    (0.3..1.0, squads).prop_map(|(weight, squads)| Voter { weight, squads })
}

fn close(a: &Answer, b: &Answer) -> Result<(), TestCaseError> {
    prop_assert_eq!(a.tolerated, b.tolerated);
    for (a, b) in a.joints.iter().zip(&b.joints) {
        prop_assert!(a.at.distance(b.at) < 1e-9, "{a:?} {b:?}");
        prop_assert!((a.confidence - b.confidence).abs() < 1e-9, "{a:?} {b:?}");
        prop_assert!((a.spread - b.spread).abs() < 1e-9, "{a:?} {b:?}");
        prop_assert_eq!(a.depth, b.depth);
    }
    Ok(())
}

/// How far a point lies outside of the hull of all that the hosts told of for a joint.
fn outside(at: Point, voters: &[Voter], joint: usize) -> f64 {
    let peaks: Vec<Point> = voters
        .iter()
        .flat_map(|voter| &voter.squads)
        .flat_map(|(_, vote)| vote[joint * 12..][..12].chunks_exact(4))
        .filter(|v| v[3] > 0 && v[0] <= 2048 && v[1] <= 2048)
        .map(|v| Point { x: f64::from(v[0]) / 16.0, y: f64::from(v[1]) / 16.0 })
        .collect();
    (0..720)
        .map(|i| f64::from(i).to_radians() / 2.0)
        .map(|angle| {
            let along = |p: Point| p.x * angle.cos() + p.y * angle.sin();
            let furthest = peaks.iter().map(|&p| along(p)).fold(f64::NEG_INFINITY, f64::max);
            along(at) - furthest
        })
        .fold(f64::NEG_INFINITY, f64::max)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn no_vote_makes_a_number_that_is_none(voters in prop::collection::vec(voter(wild()), 1..7)) {
        let answer = run(&voters, 3.0);
        for joint in answer.joints {
            prop_assert!((0.0..=128.0).contains(&joint.at.x), "{joint:?}");
            prop_assert!((0.0..=128.0).contains(&joint.at.y), "{joint:?}");
            prop_assert!((0.0..=1.0).contains(&joint.confidence), "{joint:?}");
            prop_assert!((0.0..=128.0).contains(&joint.spread), "{joint:?}");
            prop_assert!(joint.depth <= voters.len(), "{joint:?}");
        }
        for stand in answer.stands.iter().flatten() {
            prop_assert!(stand.distance == -1.0 || (0.0..=182.0).contains(&stand.distance));
        }
    }

    #[test]
    fn the_order_of_hosts_changes_nothing(
        (voters, order) in prop::collection::vec(voter(fair()), 1..7)
            .prop_flat_map(|v| (Just(v.clone()), Just((0..v.len()).collect::<Vec<_>>()).prop_shuffle())),
    ) {
        let answer = run(&voters, 3.0);
        let shuffled: Vec<Voter> = order.iter().map(|&h| voters[h].clone()).collect();
        let other = run(&shuffled, 3.0);
        prop_assert_eq!(&answer.joints, &other.joints);
        for (i, &h) in order.iter().enumerate() {
            prop_assert_eq!(answer.stands[h], other.stands[i]);
        }
    }

    #[test]
    fn the_scale_of_weights_changes_nothing(
        voters in prop::collection::vec(voter(fair()), 1..7), scale in 0.01..100.0, squads in 0.01..100.0,
    ) {
        let mut scaled = voters.clone();
        for voter in &mut scaled {
            voter.weight *= scale;
            voter.squads.iter_mut().for_each(|squad| squad.0 *= squads);
        }
        close(&run(&voters, 3.0), &run(&scaled, 3.0))?;
    }

    /// However the honest disagree, and whatever the liars send.
    #[test]
    fn liars_cannot_draw_the_answer_out_of_the_honest_hull(
        honest in prop::collection::vec(voter(fair()), 3..9),
        liars in prop::collection::vec(voter(prop_oneof![wild(), fair()]), 3),
        equal: bool,
    ) {
        let count = |n: usize| if equal { tolerated(n, 1.0) } else { tolerated(n, 3.0) };
        let most = (0..=liars.len()).rev().find(|&f| count(honest.len() + f) >= f).unwrap_or(0);
        let mut voters = honest.clone();
        voters.extend(liars[..most].iter().cloned());
        if equal {
            voters.iter_mut().for_each(|voter| voter.weight = 1.0);
        }
        let answer = run(&voters, 3.0);
        for (j, joint) in answer.joints.iter().enumerate() {
            let by = outside(joint.at, &honest, j);
            prop_assert!(by < TOLERANCE + 1e-6, "joint {j} lies {by} outside: {joint:?}");
            // A liar that keeps silent is no host of this joint.
            let silent = answer.stands[honest.len()..].iter().filter(|s| s[j].distance < 0.0);
            prop_assert!(joint.depth > most - silent.count(), "joint {j}: {joint:?}");
        }
    }

    /// Hosts that agree are not moved by one that does not, wherever it goes.
    #[test]
    fn one_far_host_moves_the_answer_by_little(
        x in 30.0..98.0, y in 30.0..98.0, angle in 0.0..6.2, reach in 0.0..120.0, hosts in 3usize..7,
    ) {
        let offsets = [(0.0, 0.0), (2.0, 1.0), (-1.0, 2.0), (1.0, -2.0), (-2.0, -1.0), (0.5, 0.5)];
        let mut voters: Vec<Voter> =
            offsets[..hosts].iter().map(|(dx, dy)| one(1.0, x + dx, y + dy)).collect();
        let before = run(&voters, 3.0).joints[0].at;
        let far: (f64, f64) = (x + reach * f64::cos(angle), y + reach * f64::sin(angle));
        voters.push(one(1.0, far.0.clamp(0.0, 128.0), far.1.clamp(0.0, 128.0)));
        let after = run(&voters, 3.0);
        prop_assert!(after.joints[0].at.distance(before) < 3.0, "{before:?} {after:?}");
        if reach > 60.0 && (0.0..128.0).contains(&far.0) && (0.0..128.0).contains(&far.1) {
            prop_assert!(after.joints[0].at.distance(before) < 0.1);
            prop_assert!(after.stands[hosts][0].overruled);
            prop_assert!(!after.stands[0][0].overruled);
        }
    }
}

fn joint(voters: &[Voter]) -> Joint {
    run(voters, 3.0).joints[0]
}

#[test]
fn one_host_answers_for_itself() {
    let answer = run(&[one(0.2, 40.0, 50.0)], 3.0);
    assert_eq!(answer.joints[0].at, Point { x: 40.0, y: 50.0 });
    assert!(answer.joints[0].confidence > 0.9);
    assert_eq!((answer.joints[0].depth, answer.tolerated), (1, 0));
    assert!(answer.stands[0][0].distance < 1e-9 && !answer.stands[0][0].overruled);
}

#[test]
fn two_hosts_that_disagree_overrule_nobody() {
    let answer = run(&[one(1.0, 20.0, 20.0), one(0.9, 100.0, 100.0)], 3.0);
    assert!(answer.stands.iter().all(|stand| !stand[0].overruled));
    assert!(answer.joints[0].confidence < 0.6);
}

#[test]
fn a_peak_that_all_share_beats_the_first_of_each() {
    // Left and right mixed up: every host's second peak is where the others' first is.
    let split = |first: (u16, u16), second: (u16, u16)| Voter {
        weight: 1.0,
        squads: vec![(
            1.0,
            vote(&vec![
                vec![(first.0, first.1, 40, 36000), (second.0, second.1, 40, 28000)];
                JOINTS
            ]),
        )],
    };
    let voters = [
        split((400, 800), (1200, 800)),
        split((1210, 800), (410, 800)),
        split((1200, 810), (90, 90)),
    ];
    let joint = joint(&voters);
    assert!(joint.at.distance(Point { x: 75.0, y: 50.0 }) < 1.5, "{joint:?}");
}

#[test]
fn agreement_raises_confidence_and_depth() {
    let close = joint(&[one(1.0, 50.0, 50.0), one(1.0, 51.0, 50.0), one(1.0, 50.0, 51.0)]);
    let apart = joint(&[one(1.0, 50.0, 50.0), one(1.0, 80.0, 50.0), one(1.0, 50.0, 90.0)]);
    assert!(close.confidence > 0.85 && apart.confidence < 0.4, "{close:?} {apart:?}");
    assert_eq!(close.depth, 3);
    assert!(close.spread < apart.spread + 1e-9 || apart.confidence < close.confidence);
}

#[test]
fn a_host_without_an_opinion_is_left_out() {
    let silent = Voter { weight: 1.0, squads: vec![(1.0, Box::new([0; VOTE]))] };
    let answer = run(&[one(1.0, 50.0, 50.0), silent.clone()], 3.0);
    assert_eq!(answer.joints[0].at, Point { x: 50.0, y: 50.0 });
    assert_eq!(answer.stands[1][0].distance, -1.0);
    let nobody = run(&[silent], 3.0);
    assert_eq!((nobody.joints[0].confidence, nobody.joints[0].depth), (0.0, 0));
}

#[test]
fn refuses_what_it_cannot_weigh() {
    let vote = at(1.0, 1.0);
    let host = |weight: f64, squad: f64| Host {
        weight,
        squads: vec![SquadVote { weight: squad, vote: &vote }],
    };
    assert_eq!(fuse(&[], 3.0), Err(FuseError::Hosts(0)));
    assert_eq!(fuse(&[host(1.0, 1.0)], 0.5), Err(FuseError::Rho(0.5)));
    assert!(matches!(fuse(&[host(1.0, 1.0)], f64::NAN), Err(FuseError::Rho(_))));
    for weight in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = fuse(&[host(1.0, 1.0), host(weight, 1.0)], 3.0);
        assert!(matches!(error, Err(FuseError::HostWeight { host: 1, .. })));
        let error = fuse(&[host(1.0, weight)], 3.0);
        assert!(matches!(error, Err(FuseError::SquadWeight { host: 0, .. })));
    }
    let bare = Host { weight: 1.0, squads: Vec::new() };
    assert_eq!(fuse(&[bare], 3.0), Err(FuseError::NoSquads(0)));
}
