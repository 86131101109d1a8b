//! A mean that leaves out what does not belong: Tukey's biweight by iterated reweighting, from a
//! robust start and with a scale held fixed (Maronna, Martin and Yohai, Robust Statistics, ch. 2
//! and 5: an M-estimate whose start and scale have a high breakdown point keeps that point).

use super::Point;

/// Cut-off in scales: 95 % efficient where all is Gaussian.
const CUT_OFF: f64 = 4.685;
/// Makes the median of distances estimate a Gaussian's deviation.
const GAUSSIAN: f64 = 1.4826;
/// The scale of hosts that agree closely is not taken for less, in pixels: else two of three that
/// happen to agree to the pixel would overrule a third for being honest about its own view.
const FLOOR: f64 = 2.0;
const STEPS: usize = 12;

/// The distance from `at` from which a host is overruled.
pub fn cut_off(points: &[Point], weights: &[f64], at: Point) -> f64 {
    let distances: Vec<f64> = points.iter().map(|point| point.distance(at)).collect();
    CUT_OFF * (GAUSSIAN * median(&distances, weights)).max(FLOOR)
}

pub fn mean(points: &[Point], weights: &[f64], start: Point) -> Point {
    let cut_off = cut_off(points, weights, start);
    let mut at = start;
    for _ in 0..STEPS {
        let (mut sum, mut x, mut y) = (0.0, 0.0, 0.0);
        for (point, weight) in points.iter().zip(weights) {
            let u = point.distance(at) / cut_off;
            let w = weight * (1.0 - u * u).max(0.0).powi(2);
            sum += w;
            x += w * point.x;
            y += w * point.y;
        }
        if sum <= 1e-12 {
            break;
        }
        let next = Point { x: x / sum, y: y / sum };
        let moved = next.distance(at);
        at = next;
        if moved < 1e-7 {
            break;
        }
    }
    at
}

/// The weighted median, the lower one of two.
fn median(values: &[f64], weights: &[f64]) -> f64 {
    let mut sorted: Vec<(f64, f64)> = values.iter().copied().zip(weights.iter().copied()).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = weights.iter().sum::<f64>() / 2.0 - 1e-9;
    let mut sum = 0.0;
    for (value, weight) in &sorted {
        sum += weight;
        if sum >= half {
            return *value;
        }
    }
    sorted.last().map_or(0.0, |last| last.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_out_the_far_one() {
        let points = [(10.0, 10.0), (11.0, 10.0), (10.0, 11.0), (90.0, 90.0)];
        let points = points.map(|(x, y)| Point { x, y });
        let at = mean(&points, &[0.25; 4], points[0]);
        assert!(at.distance(Point { x: 10.33, y: 10.33 }) < 0.1, "{at:?}");
    }

    #[test]
    fn takes_the_lower_median() {
        assert_eq!(median(&[3.0, 1.0, 2.0], &[1.0, 1.0, 1.0]), 2.0);
        assert_eq!(median(&[3.0, 1.0], &[0.5, 0.5]), 1.0);
        assert_eq!(median(&[3.0, 1.0], &[0.6, 0.4]), 3.0);
    }
}
