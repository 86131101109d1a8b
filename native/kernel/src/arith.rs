//! The fixed-point arithmetic of `docs/reference/bundle.md`, a function a name.

/// Shift right and round to nearest, halves upwards.
#[inline(always)]
pub fn rshift(v: i32, s: u8) -> i32 {
    v.wrapping_add(half(s)) >> s
}

/// What [`rshift`] adds before it shifts; the SIMD paths start their sums from it.
#[inline(always)]
pub fn half(s: u8) -> i32 {
    if s == 0 { 0 } else { 1 << (s - 1) }
}

#[inline(always)]
pub fn sat16(v: i32) -> i16 {
    v.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

/// What `pmulhrsw` computes: the product of two 1.15 numbers, rounded.
#[inline(always)]
pub fn mulhrs(a: i16, b: i16) -> i16 {
    ((((i32::from(a) * i32::from(b)) >> 14) + 1) >> 1) as i16
}

/// Clamp to a plane's range, which is also the rectifier.
#[inline(always)]
pub fn u8c(v: i16) -> u8 {
    v.clamp(0, 255) as u8
}

/// A shifted sum on its way back to a plane.
#[inline(always)]
pub fn rescale(shifted: i32, m: i16) -> u8 {
    u8c(mulhrs(sat16(shifted), m))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_halves_upwards() {
        assert_eq!(rshift(3, 1), 2);
        assert_eq!(rshift(-3, 1), -1);
        assert_eq!(rshift(-4, 3), 0);
        assert_eq!(rshift(-5, 3), -1);
        assert_eq!(rshift(-7, 0), -7);
    }

    #[test]
    fn mulhrs_at_the_ends_of_its_range() {
        assert_eq!(mulhrs(i16::MIN, i16::MAX), -32767);
        assert_eq!(mulhrs(i16::MAX, i16::MAX), 32766);
        assert_eq!(mulhrs(i16::MAX, 1), 1);
        assert_eq!(mulhrs(16384, 1), 1);
        assert_eq!(mulhrs(16383, 1), 0);
        assert_eq!(mulhrs(-16384, 1), 0);
        assert_eq!(mulhrs(-16385, 1), -1);
    }

    #[test]
    fn clamps() {
        assert_eq!(u8c(-1), 0);
        assert_eq!(u8c(256), 255);
        assert_eq!(sat16(40_000), 32767);
        assert_eq!(sat16(-40_000), -32768);
    }
}
