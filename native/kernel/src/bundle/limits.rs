//! The largest bundle that is loaded, so that a forged one costs little to refuse.

pub const MANIFEST_BYTES: usize = 2 << 20;
pub const WEIGHTS_BYTES: usize = 1 << 20;
pub const SQUADS: usize = 16;
pub const AGENTS: usize = 1024;
pub const OPS: usize = 64;
pub const INPUTS: usize = 64;
pub const PLANES: usize = 1024;
/// Bytes of all slots of a squad together.
pub const SLOT_BYTES: usize = 16 << 20;
/// Every agent has at least this many parameters.
pub const LEAST_PARAMETERS: usize = 64;
/// The largest sharpness: the product with the largest difference of two logits fits 64 bits.
pub const SHARPNESS: i64 = i32::MAX as i64;

pub const FORMAT: &str = "murmuration-bundle/1";
pub const WEIGHTS_FILE: &str = "weights.safetensors";
/// COCO-17.
pub const JOINT_NAMES: [&str; crate::JOINTS] = [
    "nose",
    "left_eye",
    "right_eye",
    "left_ear",
    "right_ear",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
];
