//! How much hosts may differ in say, and how many liars that leaves room for.

/// The default of the largest ratio of two weights.
pub const RHO_MAX: f64 = 3.0;

/// Weights that sum to 1 and differ by `rho_max` at most, with their true ratio. Small ones are
/// raised and not large ones lowered: else one host in disgrace would level all the others.
pub fn capped(weights: &[f64], rho_max: f64) -> (Vec<f64>, f64) {
    let most = weights.iter().copied().fold(0.0, f64::max);
    let raised: Vec<f64> = weights.iter().map(|&weight| weight.max(most / rho_max)).collect();
    let least = raised.iter().copied().fold(f64::INFINITY, f64::min);
    let sum: f64 = raised.iter().sum();
    (raised.iter().map(|weight| weight / sum).collect(), most / least)
}

/// The largest f with f < n / (1 + 2 rho): that many liars among n hosts cannot outweigh the honest.
pub fn tolerated(hosts: usize, rho: f64) -> usize {
    let bound = hosts as f64 / (1.0 + 2.0 * rho);
    // A ratio of 1 that was rounded up must not cost a liar, nor may one be won.
    ((bound - 1e-9).ceil() - 1.0).max(0.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_equal_hosts_tolerate_none_and_four_one() {
        assert_eq!([1, 2, 3, 4, 6, 7, 10].map(|n| tolerated(n, 1.0)), [0, 0, 0, 1, 1, 2, 3]);
        assert_eq!(tolerated(7, 3.0), 0);
        assert_eq!(tolerated(8, 3.0), 1);
    }

    #[test]
    fn a_small_weight_is_raised() {
        let (weights, rho) = capped(&[1.0, 0.5, 0.001], 3.0);
        assert!((rho - 3.0).abs() < 1e-12);
        assert!((weights[0] / weights[2] - 3.0).abs() < 1e-12);
        assert!((weights[0] / weights[1] - 2.0).abs() < 1e-12);
    }
}
