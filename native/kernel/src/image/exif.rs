//! The one thing of EXIF that changes where joints are: which way the camera was held.

use super::frame::Frame;

const ORIENTATION: u16 = 0x0112;

/// The orientation (1 to 8) in a TIFF block; 1, upright, where it says nothing that can be read.
pub fn orientation(tiff: &[u8]) -> u8 {
    read(tiff.strip_prefix(b"Exif\0\0").unwrap_or(tiff)).unwrap_or(1)
}

fn read(tiff: &[u8]) -> Option<u8> {
    let big = match tiff.get(..4)? {
        b"MM\0*" => true,
        b"II*\0" => false,
        _ => return None,
    };
    let u16_at = |at: usize| -> Option<u16> {
        let bytes = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    };
    let u32_at = |at: usize| -> Option<usize> {
        let bytes = tiff.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) } as usize)
    };
    let directory = u32_at(4)?;
    let entries = usize::from(u16_at(directory)?);
    for entry in 0..entries {
        let at = directory.checked_add(2 + entry * 12)?;
        if u16_at(at)? == ORIENTATION {
            return u8::try_from(u16_at(at + 8)?).ok().filter(|value| (1..=8).contains(value));
        }
    }
    None
}

/// Turn the frame upright.
pub fn turn(frame: Frame, orientation: u8) -> Frame {
    if orientation <= 1 || orientation > 8 {
        return frame;
    }
    let (w, h) = (frame.width, frame.height);
    let (width, height) = if orientation >= 5 { (h, w) } else { (w, h) };
    let mut rgb = Vec::with_capacity(frame.rgb.len());
    for y in 0..height {
        for x in 0..width {
            let (fx, fy) = match orientation {
                2 => (w - 1 - x, y),
                3 => (w - 1 - x, h - 1 - y),
                4 => (x, h - 1 - y),
                5 => (y, x),
                6 => (y, h - 1 - x),
                7 => (w - 1 - y, h - 1 - x),
                _ => (w - 1 - y, x),
            };
            rgb.extend_from_slice(&frame.rgb[(fy * w + fx) * 3..][..3]);
        }
    }
    Frame { width, height, rgb }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pixels are numbered row by row.
    fn turned(orientation: u8) -> (usize, usize, Vec<u8>) {
        let rgb = (0..6).flat_map(|i| [i, i, i]).collect();
        let frame = turn(Frame { width: 3, height: 2, rgb }, orientation);
        (frame.width, frame.height, frame.rgb.iter().step_by(3).copied().collect())
    }

    #[test]
    fn turns_upright() {
        assert_eq!(turned(1), (3, 2, vec![0, 1, 2, 3, 4, 5]));
        assert_eq!(turned(2), (3, 2, vec![2, 1, 0, 5, 4, 3]));
        assert_eq!(turned(3), (3, 2, vec![5, 4, 3, 2, 1, 0]));
        assert_eq!(turned(4), (3, 2, vec![3, 4, 5, 0, 1, 2]));
        assert_eq!(turned(5), (2, 3, vec![0, 3, 1, 4, 2, 5]));
        assert_eq!(turned(6), (2, 3, vec![3, 0, 4, 1, 5, 2]));
        assert_eq!(turned(7), (2, 3, vec![5, 2, 4, 1, 3, 0]));
        assert_eq!(turned(8), (2, 3, vec![2, 5, 1, 4, 0, 3]));
    }

    #[test]
    fn reads_the_tag_in_both_byte_orders() {
        let little = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0";
        let big = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x08\0\0";
        assert_eq!(orientation(little), 6);
        assert_eq!(orientation(big), 8);
        assert_eq!(orientation(&little[..19]), 1);
        assert_eq!(orientation(b"II*\0\xff\xff\xff\xff"), 1);
        assert_eq!(orientation(b""), 1);
    }
}
