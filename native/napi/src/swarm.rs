use murmuration_kernel::{Bundle, CROP_BYTES, Path, VOTE};
use napi_derive::napi;

use crate::error::{Code, Fault, Out, Result, apart, border, length};

/// The squads of a host, ready to look.
#[napi]
pub struct Swarm(murmuration_kernel::Swarm);

#[napi]
impl Swarm {
    #[napi(constructor)]
    pub fn new(manifest: &[u8], weights: &[u8], squads: Vec<String>) -> Result<Self> {
        border(|| {
            let path = Path::from_env()?;
            let bundle = Bundle::load(manifest, weights)?;
            Ok(Self(murmuration_kernel::Swarm::new(&bundle, &squads, path)?))
        })
    }

    #[napi]
    pub fn squads(&self) -> Vec<String> {
        self.0.squads().map(str::to_owned).collect()
    }

    /// One look: a crop in, all squads' votes into the caller's array.
    #[napi]
    pub fn look(&mut self, crop: &[u8], votes: Out<u16>) -> Result<()> {
        border(|| {
            apart(Code::VoteInvalid, crop, votes)?;
            length(Code::VoteInvalid, "votes", votes.len(), self.0.squads().len() * VOTE)?;
            let Ok(bytes) = <&[u8; CROP_BYTES]>::try_from(crop) else {
                let message = format!("'crop' has {} bytes, must have {CROP_BYTES}", crop.len());
                return Err(Fault::new(Code::CropInvalid, message));
            };
            self.0.look(bytes, votes);
            Ok(())
        })
    }
}
