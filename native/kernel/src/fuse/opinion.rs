//! What one host thinks of one joint.

use super::{Host, Point};
use crate::PEAKS;

/// A peak is never taken for narrower than this: half a cell of the belief map.
const FLOOR: f64 = 2.0;
/// The share of a squad's belief that is spread over the whole crop, whatever it says. It bounds the
/// logarithm below: a squad, or a host, that is sure of another place costs a candidate this much
/// and no more.
const ANYWHERE: f64 = 0.05;
/// Pixels of the crop: densities count in shares of the uniform one.
const AREA: f64 = 128.0 * 128.0;

#[derive(Clone, Copy, Debug)]
pub struct Peak {
    pub at: Point,
    pub spread: f64,
    /// Share of its squad's belief.
    pub mass: f64,
    /// The density at its top, and half the inverse of its variance.
    top: f64,
    steep: f64,
}

impl Peak {
    fn density(&self, at: Point) -> f64 {
        let (dx, dy) = (at.x - self.at.x, at.y - self.at.y);
        let exponent = (dx * dx + dy * dy) * self.steep;
        // Beyond six deviations there is nothing, and exp is what this module spends its time on.
        if exponent > 18.0 { 0.0 } else { self.top * (-exponent).exp() }
    }
}

pub struct Squad {
    /// Share of its host; they sum to 1.
    pub weight: f64,
    pub peaks: Vec<Peak>,
}

pub struct Opinion {
    /// Share of all hosts; they sum to 1 where all have an opinion.
    pub weight: f64,
    pub squads: Vec<Squad>,
}

impl Opinion {
    /// None where no squad of the host tells of a peak within the crop.
    pub fn new(host: &Host<'_>, joint: usize, weight: f64) -> Option<Self> {
        let mut squads: Vec<Squad> = host
            .squads
            .iter()
            .map(|squad| {
                let (votes, _) = squad.vote.as_chunks::<{ PEAKS * 4 }>();
                Squad { weight: squad.weight, peaks: read(&votes[joint]) }
            })
            .filter(|squad| !squad.peaks.is_empty())
            .collect();
        if squads.is_empty() {
            return None;
        }
        let sum: f64 = squads.iter().map(|squad| squad.weight).sum();
        squads.iter_mut().for_each(|squad| squad.weight /= sum);
        Some(Self { weight, squads })
    }

    pub fn peaks(&self) -> impl Iterator<Item = (f64, &Peak)> {
        self.squads.iter().flat_map(|s| s.peaks.iter().map(move |peak| (s.weight, peak)))
    }

    /// The log density at a point: the mean of the squads' logs, which is what independent observers
    /// of one thing come to (measured: better than means or medians of their points).
    pub fn log_density(&self, at: Point) -> f64 {
        let of = |squad: &Squad| -> f64 {
            let sum: f64 = squad.peaks.iter().map(|peak| peak.density(at)).sum();
            (ANYWHERE + (1.0 - ANYWHERE) * sum).ln()
        };
        self.squads.iter().map(|squad| squad.weight * of(squad)).sum()
    }

    /// Its own answer: the best of its peaks, moved to the middle of those around it.
    pub fn own(&self) -> Point {
        let mut best = (f64::NEG_INFINITY, Point { x: 0.0, y: 0.0 });
        for (_, peak) in self.peaks() {
            let score = self.log_density(peak.at);
            if score > best.0 {
                best = (score, peak.at);
            }
        }
        self.settle(best.1)
    }

    /// What it can agree to: the peak nearest to a point, moved to the middle of those around it.
    /// Both steps stay within the hull of its own peaks, on which the certificate rests.
    pub fn nearest(&self, to: Point) -> Point {
        let mut best = (f64::INFINITY, to);
        for (_, peak) in self.peaks() {
            let distance = peak.at.distance(to);
            if distance < best.0 {
                best = (distance, peak.at);
            }
        }
        self.settle(best.1)
    }

    /// Mean shift (Comaniciu and Meer 2002): a few steps to the middle of the squads' peaks about.
    fn settle(&self, from: Point) -> Point {
        let mut at = from;
        for _ in 0..3 {
            let (mut sum, mut x, mut y) = (0.0, 0.0, 0.0);
            for (share, peak) in self.peaks() {
                let w = share * peak.density(at);
                sum += w;
                x += w * peak.at.x;
                y += w * peak.at.y;
            }
            if sum <= 1e-12 {
                break;
            }
            at = Point { x: x / sum, y: y / sum };
        }
        at
    }
}

/// A squad's peaks for one joint. What a correct host cannot send is passed over or cut down, not
/// refused: a liar must not be able to stop a round.
fn read(vote: &[u16; PEAKS * 4]) -> Vec<Peak> {
    let inside = |v: &[u16]| v[3] > 0 && v[0] <= 2048 && v[1] <= 2048;
    let told: f64 = vote.chunks_exact(4).filter(|v| inside(v)).map(|v| f64::from(v[3])).sum();
    let all = told.max(65535.0);
    let peak = |v: &[u16]| {
        let spread = (f64::from(v[2]) / 16.0).clamp(FLOOR, 64.0);
        let mass = f64::from(v[3]) / all;
        let variance = spread * spread;
        Peak {
            at: Point { x: f64::from(v[0]) / 16.0, y: f64::from(v[1]) / 16.0 },
            spread,
            mass,
            top: mass * AREA / (2.0 * std::f64::consts::PI * variance),
            steep: 0.5 / variance,
        }
    };
    vote.chunks_exact(4).filter(|v| inside(v)).map(peak).collect()
}
