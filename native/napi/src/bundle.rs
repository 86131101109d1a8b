use murmuration_kernel::{Bundle, bundle};
use napi_derive::napi;

use crate::error::{Result, border};

#[napi(object)]
pub struct AgentInfo {
    pub id: String,
    pub kind: String,
    /// -1 where it has none.
    pub joint: i32,
    /// Empty where it has none.
    pub region: String,
    pub parameters: u32,
}

#[napi(object)]
pub struct SquadInfo {
    pub id: String,
    pub parameters: u32,
    /// Of one look.
    pub multiply_adds: f64,
    pub agents: Vec<AgentInfo>,
}

#[napi(object)]
pub struct BundleInfo {
    pub name: String,
    pub licence: String,
    /// SHA-256 of the manifest, the bundle's name on the bus.
    pub hash: String,
    pub squads: Vec<SquadInfo>,
}

/// Check a bundle whole, and tell what is in it.
#[napi]
pub fn describe(manifest: &[u8], weights: &[u8]) -> Result<BundleInfo> {
    border(|| {
        let bundle = Bundle::load(manifest, weights)?;
        let squads = bundle.squads.iter().map(squad).collect();
        Ok(BundleInfo { name: bundle.name, licence: bundle.licence, hash: bundle.hash, squads })
    })
}

fn squad(squad: &bundle::Squad) -> SquadInfo {
    SquadInfo {
        id: squad.id.clone(),
        parameters: squad.agents.iter().map(|agent| agent.parameters as u32).sum(),
        multiply_adds: squad.multiply_adds as f64,
        agents: squad.agents.iter().map(agent).collect(),
    }
}

fn agent(agent: &bundle::Agent) -> AgentInfo {
    AgentInfo {
        id: agent.id.clone(),
        kind: agent.kind.name().to_owned(),
        joint: agent.joint.map_or(-1, |joint| joint as i32),
        region: agent.region.clone().unwrap_or_default(),
        parameters: agent.parameters as u32,
    }
}
