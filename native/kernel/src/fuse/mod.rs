//! From many hosts' votes to one answer that a few lying hosts cannot move.
//!
//! The host is the unit of trust: squads of one host fail together and lie together, so their votes
//! are fused first, and hosts are weighed against each other. For each joint:
//!
//! 1. [`opinion`]: a host's squads become one density, the mean of their log mixtures, each bounded
//!    below, so that no squad can veto.
//! 2. [`score`]: the peaks of all hosts are candidates; the best is the one that the hosts,
//!    weighted, find likeliest. The logarithm is bounded on both sides, so a host's say is, too.
//! 3. [`tukey`]: from that robust start, the hosts' nearest peaks are averaged with Tukey's biweight,
//!    and hosts beyond its cut-off are overruled.
//! 4. [`depth`]: the answer must lie deeper among the hosts than there may be liars, or the best
//!    point that does is taken in its place.
//!
//! Everything is f64 without randomness, and hosts are first put into an order of their own, so the
//! order in which votes arrived changes nothing.

mod depth;
mod error;
mod opinion;
mod score;
mod tukey;
mod weights;

pub use depth::TOLERANCE;
pub use error::FuseError;
pub use weights::{RHO_MAX, tolerated};

use opinion::Opinion;

use crate::{JOINTS, VOTE};

/// Most hosts that are fused.
pub const MAX_HOSTS: usize = 1024;

/// One host's votes of a round.
#[derive(Clone, Debug)]
pub struct Host<'a> {
    /// Its reputation, or any other weight above 0.
    pub weight: f64,
    pub squads: Vec<SquadVote<'a>>,
}

#[derive(Clone, Copy, Debug)]
pub struct SquadVote<'a> {
    pub weight: f64,
    pub vote: &'a [u16; VOTE],
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

impl Point {
    pub fn distance(self, other: Point) -> f64 {
        // Not `hypot`, which is slow: both lie within the crop, so squares neither overflow nor vanish.
        let (dx, dy) = (self.x - other.x, self.y - other.y);
        (dx * dx + dy * dy).sqrt()
    }
}

/// Where a joint is, in pixels of the crop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Joint {
    pub at: Point,
    /// The share of the hosts' belief that lies near, 0 to 1. 0 where no host had an opinion.
    pub confidence: f64,
    /// Standard deviation along one axis.
    pub spread: f64,
    /// Hosts that any half-plane through the answer holds at least, give or take [`TOLERANCE`]
    /// (Tukey 1975). More than the liars, and the answer lies among the honest.
    pub depth: usize,
}

/// How a host stands to the answer for one joint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stand {
    /// Pixels from the host's own opinion to the answer; -1 where it has none.
    pub distance: f64,
    /// The other hosts, more than half of all, agreed without it.
    pub overruled: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub joints: [Joint; JOINTS],
    /// For each host, in the order given.
    pub stands: Vec<[Stand; JOINTS]>,
    /// Lying hosts that the rule tolerates.
    pub tolerated: usize,
}

/// Fuse the votes. `rho_max` is the largest ratio of two hosts' weights that counts.
pub fn fuse(hosts: &[Host<'_>], rho_max: f64) -> Result<Answer, FuseError> {
    error::check(hosts, rho_max)?;
    let mut order: Vec<usize> = (0..hosts.len()).collect();
    order.sort_by(|&a, &b| compare(&hosts[a], &hosts[b]));
    let raw: Vec<f64> = order.iter().map(|&h| hosts[h].weight).collect();
    let (weights, rho) = weights::capped(&raw, rho_max);

    let nobody = Stand { distance: -1.0, overruled: false };
    let mut stands = vec![[nobody; JOINTS]; hosts.len()];
    let joints = std::array::from_fn(|joint| {
        let (mut who, mut opinions) = (Vec::new(), Vec::new());
        for (&h, &weight) in order.iter().zip(&weights) {
            if let Some(opinion) = Opinion::new(&hosts[h], joint, weight) {
                who.push(h);
                opinions.push(opinion);
            }
        }
        let (answer, stood) = decide(&opinions, rho);
        for (h, stand) in who.into_iter().zip(stood) {
            stands[h][joint] = stand;
        }
        answer
    });
    Ok(Answer { joints, stands, tolerated: tolerated(hosts.len(), rho) })
}

/// One joint.
fn decide(opinions: &[Opinion], rho: f64) -> (Joint, Vec<Stand>) {
    let Some(start) = score::best(opinions, score::candidates(opinions)) else {
        let middle = Point { x: 64.0, y: 64.0 };
        let spread = 64.0;
        return (Joint { at: middle, confidence: 0.0, spread, depth: 0 }, Vec::new());
    };
    let points: Vec<Point> = opinions.iter().map(|opinion| opinion.nearest(start)).collect();
    let weights: Vec<f64> = opinions.iter().map(|opinion| opinion.weight).collect();
    let mean = tukey::mean(&points, &weights, start);
    let liars = tolerated(opinions.len(), rho);
    let at = depth::certified(mean, &points, liars, opinions);

    let cut_off = tukey::cut_off(&points, &weights, at);
    let agree: Vec<bool> = points.iter().map(|point| point.distance(at) < cut_off).collect();
    let half = 0.5 + 1e-9;
    let votes = agree.iter().filter(|&&agrees| agrees).count() as f64 / points.len() as f64;
    let say: f64 = agree.iter().zip(&weights).filter(|(agree, _)| **agree).map(|(_, w)| w).sum();
    let majority = votes > half && say > half;
    let stands = opinions.iter().zip(&agree).map(|(opinion, &agrees)| Stand {
        distance: opinion.own().distance(at),
        overruled: majority && !agrees,
    });
    let (confidence, spread) = score::belief(opinions, at);
    let joint = Joint { at, confidence, spread, depth: depth::depth(at, &points) };
    (joint, stands.collect())
}

/// An order of hosts by what they say, not by when it came.
fn compare(a: &Host<'_>, b: &Host<'_>) -> std::cmp::Ordering {
    let squads = |host: &Host<'_>| host.squads.len();
    a.weight.total_cmp(&b.weight).then_with(|| squads(a).cmp(&squads(b))).then_with(|| {
        let pairs = a.squads.iter().zip(&b.squads);
        pairs
            .map(|(a, b)| a.weight.total_cmp(&b.weight).then_with(|| a.vote.cmp(b.vote)))
            .find(|order| order.is_ne())
            .unwrap_or(std::cmp::Ordering::Equal)
    })
}
