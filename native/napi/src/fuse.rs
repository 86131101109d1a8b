use murmuration_kernel::fuse::{self, Host, SquadVote};
use murmuration_kernel::{JOINTS, VOTE};
use napi_derive::napi;

use crate::error::{Code, Fault, Out, Result, apart, border, length};

/// Fuse the votes of a round; returns how many lying hosts the rule tolerates. All arrays are the
/// caller's.
///
/// In, for H hosts: `weights` [H], `counts` [H] squads of each, then host by host `squad_weights` and
/// `votes` (204 numbers a squad), and the largest ratio of two weights that counts.
/// Out: `joints` [17][x, y, confidence, spread], `depths` [17], and host by host `distances` [H][17]
/// (-1: no opinion) and `overruled` [H][17].
#[napi]
#[allow(clippy::too_many_arguments)] // flat arrays cross the border without allocation
pub fn fuse(
    weights: &[f64],
    counts: &[u32],
    squad_weights: &[f64],
    votes: &[u16],
    rho_max: f64,
    joints: Out<f32>,
    depths: Out<u32>,
    distances: Out<f32>,
    overruled: Out<u8>,
) -> Result<u32> {
    border(|| {
        let code = Code::VoteInvalid;
        let hosts = weights.len();
        length(code, "counts", counts.len(), hosts)?;
        let squads: usize = counts.iter().map(|&count| count as usize).sum();
        length(code, "squadWeights", squad_weights.len(), squads)?;
        length(code, "votes", votes.len(), squads * VOTE)?;
        length(code, "joints", joints.len(), JOINTS * 4)?;
        length(code, "depths", depths.len(), JOINTS)?;
        length(code, "distances", distances.len(), hosts * JOINTS)?;
        length(code, "overruled", overruled.len(), hosts * JOINTS)?;
        apart(code, votes, joints)?;
        apart(code, votes, depths)?;
        apart(code, votes, distances)?;
        apart(code, votes, overruled)?;

        let (votes, _) = votes.as_chunks::<VOTE>();
        let mut squads = squad_weights.iter().zip(votes);
        let hosts: Vec<Host<'_>> = weights
            .iter()
            .zip(counts)
            .map(|(&weight, &count)| {
                let squads = squads.by_ref().take(count as usize);
                let squads = squads.map(|(&weight, vote)| SquadVote { weight, vote }).collect();
                Host { weight, squads }
            })
            .collect();
        let answer = fuse::fuse(&hosts, rho_max).map_err(Fault::from)?;

        for (joint, (out, depth)) in
            answer.joints.iter().zip(joints.chunks_exact_mut(4).zip(depths.iter_mut()))
        {
            let numbers = [joint.at.x, joint.at.y, joint.confidence, joint.spread];
            out.copy_from_slice(&numbers.map(|number| number as f32));
            *depth = joint.depth as u32;
        }
        let rows = distances.chunks_exact_mut(JOINTS).zip(overruled.chunks_exact_mut(JOINTS));
        for (stands, (distances, overruled)) in answer.stands.iter().zip(rows) {
            for (j, stand) in stands.iter().enumerate() {
                distances[j] = stand.distance as f32;
                overruled[j] = u8::from(stand.overruled);
            }
        }
        Ok(answer.tolerated as u32)
    })
}
