//! What cannot be fused.

use super::{Host, MAX_HOSTS};

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FuseError {
    #[error("{0} hosts voted; fuse 1 to {MAX_HOSTS}")]
    Hosts(usize),
    #[error("host {0} has no squads; leave it out")]
    NoSquads(usize),
    #[error("the weight {weight} of host {host} is not above 0; leave the host out")]
    HostWeight { host: usize, weight: f64 },
    #[error("a squad of host {host} has the weight {weight}, not above 0; leave the squad out")]
    SquadWeight { host: usize, weight: f64 },
    #[error("the largest ratio of weights is {0}; it must be a number from 1 to 1000")]
    Rho(f64),
}

pub fn check(hosts: &[Host<'_>], rho_max: f64) -> Result<(), FuseError> {
    if !(1.0..=1000.0).contains(&rho_max) {
        return Err(FuseError::Rho(rho_max));
    }
    if !(1..=MAX_HOSTS).contains(&hosts.len()) {
        return Err(FuseError::Hosts(hosts.len()));
    }
    // Far from the ends of what f64 can hold, where sums would lose small weights or overflow.
    let good = |weight: f64| (1e-9..=1e9).contains(&weight);
    for (host, votes) in hosts.iter().enumerate() {
        if !good(votes.weight) {
            return Err(FuseError::HostWeight { host, weight: votes.weight });
        }
        if votes.squads.is_empty() {
            return Err(FuseError::NoSquads(host));
        }
        if let Some(squad) = votes.squads.iter().find(|squad| !good(squad.weight)) {
            return Err(FuseError::SquadWeight { host, weight: squad.weight });
        }
    }
    Ok(())
}
