//! The certificate: how deep a point lies among the hosts (Tukey 1975). With f liars, a point that
//! every half-plane through it shares with more than f hosts lies in the honest hosts' hull: could a
//! line part it from them, the far side would hold liars only.

use super::Point;
use super::opinion::Opinion;
use super::score;

/// Pixels by which a host may miss a half-plane and still count: honest hosts differ by as much, and
/// without it the mean of three that agree would have a depth of one. So the hull is the honest
/// hosts' enlarged by this.
pub const TOLERANCE: f64 = 4.0;
/// Up to here the deepest point is sought among all crossings of lines through two hosts: 7,000.
const EXACT: usize = 16;

/// The least number of hosts that a half-plane through `at` holds, give or take [`TOLERANCE`].
pub fn depth(at: Point, points: &[Point]) -> usize {
    // A host is outside the half-planes whose direction lies in an arc opposite to it.
    let arcs: Vec<(f64, f64)> = points
        .iter()
        .map(|point| (point.distance(at), (at.y - point.y).atan2(at.x - point.x)))
        .filter(|(distance, _)| *distance > TOLERANCE)
        .map(|(distance, angle)| (angle, (TOLERANCE / distance).acos()))
        .collect();
    // The most that one direction leaves out, it leaves out where some arc begins.
    let left_out = |from: f64| {
        let inside = |&&(angle, half): &&(f64, f64)| turn(from - angle).abs() < half + 1e-9;
        arcs.iter().filter(inside).count()
    };
    points.len() - arcs.iter().map(|(angle, half)| left_out(angle - half)).max().unwrap_or(0)
}

/// An angle from -pi to pi.
fn turn(angle: f64) -> f64 {
    let full = 2.0 * std::f64::consts::PI;
    angle - full * (angle / full).round()
}

/// `mean`, if it lies deeper than the liars are many; else the likeliest point that does.
pub fn certified(mean: Point, points: &[Point], liars: usize, opinions: &[Opinion]) -> Point {
    if depth(mean, points) > liars {
        return mean;
    }
    let mut others = points.to_vec();
    if points.len() <= EXACT {
        others.extend(crossings(points));
    }
    // The region of any depth has its corners at hosts and such crossings, and one of depth n/3 is
    // never empty (the centre point theorem), so up to `EXACT` hosts this finds what it looks for.
    let depths: Vec<usize> = others.iter().map(|&point| depth(point, points)).collect();
    let enough = depths.iter().copied().max().unwrap_or(0).min(liars + 1);
    let deep = others.iter().zip(&depths).filter(|(_, depth)| **depth >= enough);
    score::best(opinions, deep.map(|(&point, _)| point).collect()).unwrap_or(mean)
}

/// Where lines through two hosts each cross.
fn crossings(points: &[Point]) -> Vec<Point> {
    let mut lines = Vec::new();
    for (i, a) in points.iter().enumerate() {
        for b in &points[i + 1..] {
            lines.push((*a, Point { x: b.x - a.x, y: b.y - a.y }));
        }
    }
    let mut found = Vec::new();
    for (i, (a, d)) in lines.iter().enumerate() {
        for (b, e) in &lines[i + 1..] {
            let cross = d.x * e.y - d.y * e.x;
            if cross.abs() < 1e-9 {
                continue;
            }
            let t = ((b.x - a.x) * e.y - (b.y - a.y) * e.x) / cross;
            let point = Point { x: a.x + t * d.x, y: a.y + t * d.y };
            // Votes lie within the crop, so what lies outside is no deep point.
            if (0.0..=128.0).contains(&point.x) && (0.0..=128.0).contains(&point.y) {
                found.push(point);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(list: &[(f64, f64)]) -> Vec<Point> {
        list.iter().map(|&(x, y)| Point { x, y }).collect()
    }

    #[test]
    fn counts_hosts_in_the_worst_half_plane() {
        let square = points(&[(0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (0.0, 100.0)]);
        assert_eq!(depth(Point { x: 50.0, y: 50.0 }, &square), 2);
        assert_eq!(depth(Point { x: 50.0, y: 20.0 }, &square), 1);
        assert_eq!(depth(Point { x: 50.0, y: -20.0 }, &square), 0);
        assert_eq!(depth(Point { x: 0.0, y: 0.0 }, &square), 1);
        assert_eq!(depth(Point { x: 1.0, y: 1.0 }, &points(&[(0.0, 0.0), (2.0, 2.0)])), 2);
    }

    #[test]
    fn a_close_crowd_is_as_deep_as_it_is_large() {
        let crowd = points(&[(10.0, 10.0), (12.0, 10.0), (11.0, 12.0), (120.0, 3.0)]);
        assert_eq!(depth(Point { x: 11.0, y: 10.7 }, &crowd), 3);
    }
}
