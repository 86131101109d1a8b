//! The weights file: each tensor is taken once, by name, with the type, shape and range it must have.

use std::collections::HashSet;

use safetensors::{Dtype, SafeTensors};

use super::error::{BundleError, Fault, Result, ensure, refuse};

pub struct Tensors<'a> {
    file: SafeTensors<'a>,
    taken: HashSet<String>,
}

impl<'a> Tensors<'a> {
    pub fn parse(bytes: &'a [u8]) -> Result<Self> {
        let file = SafeTensors::deserialize(bytes).map_err(|error| BundleError {
            fault: Fault::Malformed,
            at: "weights".into(),
            reason: format!("not a safetensors file ({error})"),
        })?;
        Ok(Self { file, taken: HashSet::new() })
    }

    fn take(&mut self, name: &str, dtype: Dtype, shape: &[usize]) -> Result<Vec<u8>> {
        let Ok(view) = self.file.tensor(name) else {
            return refuse(Fault::Tensor, name, "the tensor is missing");
        };
        ensure(view.dtype() == dtype, Fault::Tensor, name, || {
            format!("its type is {:?} and must be {dtype:?}", view.dtype())
        })?;
        ensure(view.shape() == shape, Fault::Tensor, name, || {
            format!("its shape is {:?} and must be {shape:?}", view.shape())
        })?;
        self.taken.insert(name.to_owned());
        Ok(view.data().to_vec())
    }

    /// Weights: -127..=127.
    pub fn weights(&mut self, name: &str, shape: &[usize]) -> Result<Vec<i8>> {
        let bytes = self.take(name, Dtype::I8, shape)?;
        let values: Vec<i8> = bytes.into_iter().map(|byte| byte as i8).collect();
        in_range(name, &values, |&w| w != i8::MIN, "-127..127")?;
        Ok(values)
    }

    /// Biases: at most 2^30 in size.
    pub fn biases(&mut self, name: &str, shape: &[usize]) -> Result<Vec<i32>> {
        let bytes = self.take(name, Dtype::I32, shape)?;
        let values: Vec<i32> =
            bytes.chunks_exact(4).map(|b| i32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        in_range(name, &values, |&b| b.unsigned_abs() <= 1 << 30, "-2^30..2^30")?;
        Ok(values)
    }

    /// Shifts: 0..=24.
    pub fn shifts(&mut self, name: &str, shape: &[usize]) -> Result<Vec<u8>> {
        let values = self.take(name, Dtype::U8, shape)?;
        in_range(name, &values, |&s| s <= 24, "0..24")?;
        Ok(values)
    }

    /// Multipliers: 1..=32767.
    pub fn multipliers(&mut self, name: &str, shape: &[usize]) -> Result<Vec<i16>> {
        let values = self.factors(name, shape)?;
        in_range(name, &values, |&m| m >= 1, "1..32767")?;
        Ok(values)
    }

    /// Any 16-bit factor.
    pub fn factors(&mut self, name: &str, shape: &[usize]) -> Result<Vec<i16>> {
        let bytes = self.take(name, Dtype::I16, shape)?;
        Ok(bytes.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect())
    }

    /// Refuse a file that holds more than was taken.
    pub fn finish(self) -> Result<()> {
        let mut left: Vec<_> =
            self.file.names().into_iter().filter(|name| !self.taken.contains(*name)).collect();
        left.sort_unstable();
        match left.first() {
            None => Ok(()),
            Some(name) => refuse(Fault::Tensor, *name, "no operation uses this tensor"),
        }
    }
}

fn in_range<T: std::fmt::Display>(
    name: &str,
    values: &[T],
    good: impl Fn(&T) -> bool,
    range: &str,
) -> Result<()> {
    match values.iter().position(|value| !good(value)) {
        None => Ok(()),
        Some(i) => {
            refuse(Fault::Range, name, format!("value {i} is {}, outside {range}", values[i]))
        }
    }
}
