//! Pictures in, crops out, and what is refused.

use murmuration_fixture::Rng;
use murmuration_kernel::image::{Format, MAX_BYTES, encode_jpeg, encode_png, probe};
use murmuration_kernel::{CROP, CROP_BYTES, Frame, ImageError};
use proptest::prelude::*;

/// A soft picture, so that JPEG keeps it.
fn soft(width: usize, height: usize) -> Vec<u8> {
    (0..width * height)
        .flat_map(|i| [(i % width * 255 / width) as u8, (i / width * 255 / height) as u8, 90])
        .collect()
}

#[test]
fn png_comes_back_as_it_was() {
    let rgb = Rng::new(1).bytes(37 * 21 * 3);
    let file = encode_png(&rgb, 37, 21).expect("a picture");
    let header = probe(&file).expect("a header");
    assert_eq!((header.format, header.width, header.height), (Format::Png, 37, 21));
    let frame = Frame::decode(&file).expect("a picture");
    assert_eq!((frame.width(), frame.height(), frame.rgb()), (37, 21, &rgb[..]));
}

#[test]
fn jpeg_comes_back_much_as_it_was() {
    let rgb = soft(150, 70);
    let file = encode_jpeg(&rgb, 150, 70, 95).expect("a picture");
    let header = probe(&file).expect("a header");
    assert_eq!((header.format, header.width, header.height), (Format::Jpeg, 150, 70));
    let frame = Frame::decode(&file).expect("a picture");
    let worst = frame.rgb().iter().zip(&rgb).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(worst < Some(12), "{worst:?}");
}

#[test]
fn a_file_cut_short_is_an_error() {
    let rgb = Rng::new(2).bytes(64 * 64 * 3);
    let jpeg = encode_jpeg(&rgb, 64, 64, 90).expect("a picture");
    let png = encode_png(&rgb, 64, 64).expect("a picture");
    for file in [jpeg, png] {
        for part in [3, 20, file.len() / 2, file.len() * 9 / 10] {
            let error = Frame::decode(&file[..part]).expect_err("it is cut short");
            assert!(
                matches!(error, ImageError::Damaged(..) | ImageError::UnknownFormat),
                "{error}"
            );
        }
    }
}

#[test]
fn bounds_come_before_decoding() {
    assert_eq!(
        Frame::decode(&vec![0xff; MAX_BYTES + 1]),
        Err(ImageError::TooManyBytes(MAX_BYTES + 1))
    );
    assert_eq!(Frame::decode(b"GIF89a"), Err(ImageError::UnknownFormat));
    assert_eq!(Frame::decode(b""), Err(ImageError::UnknownFormat));
    // A header that claims 60,000 pixels a side, with its checksum made right.
    let mut png = encode_png(&[0; 3], 1, 1).expect("a picture");
    png[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    let crc = crc32(&png[12..29]);
    png[29..33].copy_from_slice(&crc.to_be_bytes());
    assert_eq!(probe(&png), Err(ImageError::TooLarge(60000, 60000)));
    assert_eq!(Frame::decode(&png), Err(ImageError::TooLarge(60000, 60000)));
    let mut jpeg = encode_jpeg(&[0; 3], 1, 1, 90).expect("a picture");
    let at = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).expect("a frame header");
    jpeg[at + 5..at + 9].copy_from_slice(&[0xea, 0x60, 0xea, 0x60]);
    assert_eq!(Frame::decode(&jpeg), Err(ImageError::TooLarge(60000, 60000)));
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

#[test]
fn raw_pixels_have_an_exact_size() {
    let grey = Frame::from_raw(&[1, 2], 2, 1, 1).expect("a frame");
    assert_eq!(grey.rgb(), [1, 1, 1, 2, 2, 2]);
    assert!(Frame::from_raw(&[0; 12], 2, 2, 3).is_ok());
    assert!(matches!(
        Frame::from_raw(&[0; 11], 2, 2, 3),
        Err(ImageError::RawSize { want: 12, .. })
    ));
    assert_eq!(Frame::from_raw(&[0; 16], 2, 2, 4), Err(ImageError::Channels(4)));
    assert_eq!(Frame::from_raw(&[], 0, 2, 3), Err(ImageError::Empty(0, 2)));
    assert_eq!(Frame::from_raw(&[], 9000, 2, 3), Err(ImageError::TooLarge(9000, 2)));
}

fn cut(frame: &Frame, x: f64, y: f64, side: f64) -> Vec<u8> {
    let mut out = [1; CROP_BYTES];
    frame.crop(x, y, side, &mut out).expect("a region");
    out.to_vec()
}

#[test]
fn a_crop_of_its_own_size_is_a_copy() {
    let rgb = Rng::new(3).bytes(200 * 150 * 3);
    let frame = Frame::from_raw(&rgb, 200, 150, 3).expect("a frame");
    let crop = cut(&frame, 30.0, 10.0, 128.0);
    for y in 0..CROP {
        assert_eq!(crop[y * 384..][..384], rgb[((y + 10) * 200 + 30) * 3..][..384], "row {y}");
    }
}

#[test]
fn shrinking_takes_means_and_growing_lies_between() {
    let mut rgb = vec![0; 256 * 256 * 3];
    rgb.chunks_exact_mut(3).enumerate().for_each(|(i, p)| p.fill([10, 30][i % 2]));
    let frame = Frame::from_raw(&rgb, 256, 256, 3).expect("a frame");
    assert!(cut(&frame, 0.0, 0.0, 256.0).iter().all(|&v| v == 20));
    // Columns of 10 and 30 at four times their size: 12.5, 17.5, 22.5, 27.5 and back.
    let crop = cut(&frame, 10.5, 10.5, 32.0);
    assert_eq!([0, 3, 6, 9].map(|i| crop[64 * 384 + i]), [13, 18, 23, 28]);
}

#[test]
fn outside_is_black() {
    let frame = Frame::from_raw(&[255; 64 * 64 * 3], 64, 64, 3).expect("a frame");
    let crop = cut(&frame, -32.0, -32.0, 128.0);
    for (i, &v) in crop.iter().enumerate() {
        let (y, x) = (i / 384, i / 3 % 128);
        let inside = (32..96).contains(&y) && (32..96).contains(&x);
        assert_eq!(v, if inside { 255 } else { 0 }, "({y}, {x})");
    }
    assert!(cut(&frame, 1e5, -1e5, 50.0).iter().all(|&v| v == 0));
}

#[test]
fn refuses_regions_that_are_none() {
    let frame = Frame::from_raw(&[0; 12], 2, 2, 3).expect("a frame");
    let mut out = [0; CROP_BYTES];
    for (x, y, side) in [
        (f64::NAN, 0.0, 1.0),
        (0.0, f64::INFINITY, 1.0),
        (0.0, 0.0, 0.0),
        (0.0, 0.0, -3.0),
        (0.0, 0.0, f64::NAN),
        (0.0, 0.0, 1e7),
        (-1e7, 0.0, 5.0),
    ] {
        let error = frame.crop(x, y, side, &mut out).expect_err("it is refused");
        assert!(matches!(error, ImageError::Region { .. }), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_region_stays_within_the_pictures_values(
        width in 1usize..90, height in 1usize..90, low in 1u8..=200,
        x in -300.0..300.0, y in -300.0..300.0, side in 1e-6..900.0,
    ) {
        let noise = Rng::new(width as u64).bytes(width * height * 3);
        let rgb: Vec<u8> = noise.iter().map(|v| low + v % 50).collect();
        let frame = Frame::from_raw(&rgb, width, height, 3).expect("a frame");
        let crop = cut(&frame, x, y, side);
        prop_assert!(crop.iter().all(|&v| v <= low + 49));
    }

    #[test]
    fn bytes_of_any_kind_do_not_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..300), png: bool) {
        let head: &[u8] = if png { b"\x89PNG\r\n\x1a\n" } else { &[0xff, 0xd8, 0xff] };
        bytes.splice(0..0, head.iter().copied());
        let _ = Frame::decode(&bytes);
        let _ = probe(&bytes);
    }

    #[test]
    fn a_damaged_file_does_not_panic(at in 0.0..1.0, value: u8, png: bool) {
        let rgb = soft(40, 30);
        let mut file = if png { encode_png(&rgb, 40, 30) } else { encode_jpeg(&rgb, 40, 30, 80) }
            .expect("a picture");
        let at = (at * file.len() as f64) as usize;
        file[at] = value;
        let _ = Frame::decode(&file);
    }
}
