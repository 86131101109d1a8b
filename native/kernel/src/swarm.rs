//! All the squads of a host, and one look: a crop in, their votes out.

use crate::belief::{Peaks, peaks};
use crate::bundle::{Bundle, Squad};
use crate::ops::{self, HEADS_CELLS, Scratch};
use crate::plan::{Arena, CROP_AT, PATCH_AT, Plan, Run, SQUAD_AT};
use crate::{CROP, CROP_BYTES, PEAKS, Path, VOTE};

pub struct Swarm {
    path: Path,
    plans: Vec<Plan>,
    arena: Arena,
    scratch: Scratch,
    belief: Box<[i32; 4 * HEADS_CELLS]>,
    peaks: Box<Peaks>,
    reads_patch: bool,
    reads_crop: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SwarmError {
    #[error("the bundle has no squad '{0}'; ask `describe` for those that it has")]
    UnknownSquad(String),
    #[error("the squad '{0}' is named twice; name each once")]
    RepeatedSquad(String),
}

impl Swarm {
    /// Make the named squads ready to look, in that order.
    pub fn new<S: AsRef<str>>(bundle: &Bundle, ids: &[S], path: Path) -> Result<Self, SwarmError> {
        assert!(path.supported(), "the path {path} was not asked whether it is supported");
        let mut squads: Vec<&Squad> = Vec::new();
        for id in ids.iter().map(AsRef::as_ref) {
            let squad = bundle.squad(id).ok_or_else(|| SwarmError::UnknownSquad(id.to_owned()))?;
            if squads.iter().any(|squad| squad.id == id) {
                return Err(SwarmError::RepeatedSquad(id.to_owned()));
            }
            squads.push(squad);
        }
        let plans: Vec<Plan> = squads.iter().map(|squad| Plan::new(squad, path)).collect();
        // Squads run one after the other, so they share the room behind the crop.
        let bytes = plans.iter().map(|plan| plan.bytes).max().unwrap_or(SQUAD_AT);
        Ok(Self {
            path,
            arena: Arena::new(bytes),
            scratch: Scratch::new(CROP),
            belief: Box::new([0; 4 * HEADS_CELLS]),
            peaks: Box::default(),
            reads_patch: plans.iter().any(|plan| plan.reads_patch),
            reads_crop: plans.iter().any(|plan| plan.reads_crop),
            plans,
        })
    }

    pub fn squads(&self) -> impl ExactSizeIterator<Item = &str> {
        self.plans.iter().map(|plan| plan.id.as_str())
    }

    pub fn path(&self) -> Path {
        self.path
    }

    /// Look at a crop: one vote a squad, [`VOTE`] numbers each.
    ///
    /// # Panics
    /// If `votes` is not as long as the squads need; the border checks it first.
    pub fn look(&mut self, crop: &[u8; CROP_BYTES], votes: &mut [u16]) {
        assert_eq!(votes.len(), self.plans.len() * VOTE, "room for {VOTE} numbers a squad");
        let Self { path, plans, arena, scratch, belief, peaks, .. } = self;
        let path = *path;
        let bytes = arena.bytes_mut();
        if self.reads_patch {
            ops::patch(path, crop, &mut bytes[PATCH_AT..CROP_AT]);
        }
        if self.reads_crop {
            ops::planes(path, crop, &mut bytes[CROP_AT..SQUAD_AT]);
        }
        for (plan, vote) in plans.iter().zip(votes.chunks_exact_mut(VOTE)) {
            for run in &plan.runs {
                step(path, run, bytes, scratch, belief, peaks, vote);
            }
        }
    }
}

fn step(
    path: Path,
    run: &Run,
    arena: &mut [u8],
    scratch: &mut Scratch,
    belief: &mut [i32; 4 * HEADS_CELLS],
    room: &mut Peaks,
    vote: &mut [u16],
) {
    match run {
        Run::Depth { inputs, size, out } => ops::depth(path, arena, inputs, *size, *out),
        Run::Up { inputs, size, out } => ops::up(path, arena, inputs, *size, *out),
        Run::Stem { agents, size, out } => {
            for (a, agent) in agents.iter().enumerate() {
                ops::stem(path, agent, arena, *size, out + a * 8 * size * size, scratch);
            }
        }
        Run::Bank { agents, size, out } => {
            for (a, agent) in agents.iter().enumerate() {
                ops::bank(path, agent, arena, *size, out + a * 8 * size * size, scratch);
            }
        }
        Run::Heads { joints, sharpness } => {
            let (votes, _) = vote.as_chunks_mut::<{ PEAKS * 4 }>();
            for ((agents, vote), &sharpness) in joints.iter().zip(votes).zip(sharpness) {
                ops::heads(path, agents, arena, scratch);
                ops::belief(path, &scratch.logits, belief);
                peaks(path, belief, sharpness, room, vote);
            }
        }
    }
}
