//! How likely the hosts together find a point.

use super::Point;
use super::opinion::Opinion;

/// How far from the answer belief still counts as near, in pixels.
const NEAR: f64 = 6.0;
/// Scores that differ by less are equal; then the place decides, so that rounding cannot.
const EQUAL: f64 = 1e-9;

/// Candidates nearer than this to each other are one: no peak is sharper, and the answer is only
/// begun from the best of them.
const SAME: f64 = 2.0;

/// Every peak of every host, less those that lie where another one does.
pub fn candidates(opinions: &[Opinion]) -> Vec<Point> {
    let mut peaks: Vec<Point> =
        opinions.iter().flat_map(|opinion| opinion.peaks().map(|(_, peak)| peak.at)).collect();
    sort(&mut peaks);
    let mut kept: Vec<Point> = Vec::new();
    for peak in peaks {
        // Sorted by x, so those that can be near lie last.
        let near = kept.iter().rev().take_while(|other| peak.x - other.x < SAME);
        if near.into_iter().all(|other| other.distance(peak) >= SAME) {
            kept.push(peak);
        }
    }
    kept
}

/// By place: an order that does not depend on who said it.
fn sort(points: &mut [Point]) {
    points.sort_unstable_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
}

/// The hosts' log densities, weighted. Each lies between two bounds, so no host can outbid or veto.
pub fn score(opinions: &[Opinion], at: Point) -> f64 {
    opinions.iter().map(|opinion| opinion.weight * opinion.log_density(at)).sum()
}

/// The best of some points.
pub fn best(opinions: &[Opinion], mut points: Vec<Point>) -> Option<Point> {
    sort(&mut points);
    points.dedup();
    let scores: Vec<f64> = points.iter().map(|&point| score(opinions, point)).collect();
    let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    scores.iter().position(|&score| score >= top - EQUAL).map(|i| points[i])
}

/// The share of belief near a point, and its spread along one axis.
pub fn belief(opinions: &[Opinion], at: Point) -> (f64, f64) {
    let hosts: f64 = opinions.iter().map(|opinion| opinion.weight).sum();
    let (mut near, mut squares) = (0.0, 0.0);
    for opinion in opinions {
        for (share, peak) in opinion.peaks() {
            let d2 = peak.at.distance(at).powi(2);
            let mass =
                opinion.weight / hosts * share * peak.mass * (-d2 / (2.0 * NEAR * NEAR)).exp();
            near += mass;
            squares += mass * (peak.spread * peak.spread + d2 / 2.0);
        }
    }
    let spread = if near > 1e-12 { (squares / near).sqrt() } else { 64.0 };
    (near.clamp(0.0, 1.0), spread)
}
