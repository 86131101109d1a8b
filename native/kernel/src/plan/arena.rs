//! The planes of a look, and the scratch of its operations, allocated once when squads are loaded.

/// One cache line, so that what is made of these starts on one.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub struct Bytes64(pub [u8; 64]);

/// At least `bytes` zeros that start on a cache line.
pub fn aligned(bytes: usize) -> Vec<Bytes64> {
    vec![Bytes64([0; 64]); bytes.div_ceil(64)]
}

pub struct Arena {
    lines: Vec<Bytes64>,
}

impl Arena {
    pub fn new(bytes: usize) -> Self {
        Self { lines: aligned(bytes) }
    }

    pub fn bytes(&self) -> &[u8] {
        let len = self.lines.len() * 64;
        // SAFETY: `Bytes64` is 64 plain bytes without padding, and the lines are contiguous.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), len) }
    }

    pub fn bytes_mut(&mut self) -> &mut [u8] {
        let len = self.lines.len() * 64;
        // SAFETY: `Bytes64` is 64 plain bytes without padding, and the lines are contiguous.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), len) }
    }
}
