//! A squad's plan, walked once in order: sizes, slots, agents and their tensors.

use std::collections::HashSet;

use super::agents::{self, Group};
use super::error::{Fault, Result, ensure, refuse};
use super::limits;
use super::manifest::{Kind, OpEntry, OpName, SquadEntry};
use super::squad::{Agent, LOGITS, OUTPUTS, Slot, Squad, Step, Work};
use super::tensors::Tensors;
use crate::JOINTS;

/// The map that the heads read; they write one of twice the side.
const HEADS_SIZE: usize = 16;

pub fn squad(
    entry: &SquadEntry,
    tensors: &mut Tensors<'_>,
    ids: &mut HashSet<String>,
) -> Result<Squad> {
    for agent in &entry.agents {
        ensure(ids.insert(agent.id.clone()), Fault::Id, &agent.id, || {
            "another agent has this id".into()
        })?;
        ensure(!agent.id.is_empty() && agent.id.len() <= 64, Fault::Id, &entry.id, || {
            "an agent's id must have 1 to 64 bytes".into()
        })?;
    }
    let crop = Slot { name: "crop".into(), size: crate::CROP, planes: 3 };
    let mut walk = Walk {
        entry,
        tensors,
        slots: vec![crop],
        used: vec![false; entry.agents.len()],
        belief: None,
        multiply_adds: 0,
    };
    let steps = entry.plan.iter().map(|op| walk.step(op)).collect::<Result<Vec<_>>>()?;
    walk.finish(steps)
}

struct Walk<'a, 'w> {
    entry: &'a SquadEntry,
    tensors: &'a mut Tensors<'w>,
    slots: Vec<Slot>,
    used: Vec<bool>,
    /// The heads' slot, once they were seen: it can be written once, but holds no planes to read.
    belief: Option<String>,
    multiply_adds: usize,
}

impl Walk<'_, '_> {
    fn step(&mut self, op: &OpEntry) -> Result<Step> {
        let at = format!("{}/{}", self.entry.id, op.out);
        let taken = self.slots.iter().any(|slot| slot.name == op.out);
        ensure(!taken && self.belief.as_ref() != Some(&op.out), Fault::Slot, &at, || {
            "the slot is written twice".into()
        })?;
        let inputs = self.inputs(op, &at)?;
        let size = self.slots[inputs[0]].size;
        let planes: usize = inputs.iter().map(|&i| self.slots[i].planes).sum();
        check_fields(op, &at)?;

        let (size, planes, work) = match op.op {
            OpName::Patch => {
                ensure(inputs == [0], Fault::Size, &at, || "a patch reads the crop".into())?;
                (size / 2, 27, Work::Patch)
            }
            OpName::Depth => {
                ensure(size.is_multiple_of(2), Fault::Size, &at, || {
                    format!("planes of {size}x{size} have no half")
                })?;
                (size / 2, planes * 4, Work::Depth)
            }
            OpName::Up => {
                ensure(size * 2 <= crate::CROP, Fault::Size, &at, || {
                    format!("planes of {size}x{size} would grow larger than the crop")
                })?;
                (size * 2, planes, Work::Up)
            }
            OpName::Stem | OpName::Bank | OpName::Heads => {
                self.agents_step(op, &at, size, planes)?
            }
        };
        ensure(planes <= limits::PLANES, Fault::Limit, &at, || {
            format!("{planes} planes, at most {}", limits::PLANES)
        })?;
        let out = if op.op == OpName::Heads {
            self.belief = Some(op.out.clone());
            None
        } else {
            self.slots.push(Slot { name: op.out.clone(), size, planes });
            let bytes: usize = self.slots.iter().map(Slot::bytes).sum();
            ensure(bytes <= limits::SLOT_BYTES, Fault::Limit, &at, || {
                format!("the squad's slots take more than {} bytes", limits::SLOT_BYTES)
            })?;
            Some(self.slots.len() - 1)
        };
        Ok(Step { op: op.op, inputs, out, work })
    }

    fn agents_step(
        &mut self,
        op: &OpEntry,
        at: &str,
        size: usize,
        planes: usize,
    ) -> Result<(usize, usize, Work)> {
        let group = Group::read(self.entry, op, at, planes, &mut self.used)?;
        let (count, n) = (group.agents.len(), group.n);
        let cells = size * size;
        Ok(match op.op {
            OpName::Stem => {
                self.multiply_adds += count * cells * OUTPUTS * n;
                let agents = agents::stem(&group, at, self.tensors)?;
                (size, count * OUTPUTS, Work::Stem(agents))
            }
            OpName::Bank => {
                let residual = op.residual == Some(true);
                ensure(!residual || count * OUTPUTS <= planes, Fault::Size, at, || {
                    format!("{} planes with a residual need as many inputs", count * OUTPUTS)
                })?;
                self.multiply_adds += count * cells * OUTPUTS * (n + 9 + usize::from(residual));
                let agents = agents::bank(&group, at, residual, self.tensors)?;
                (size, count * OUTPUTS, Work::Bank(agents))
            }
            _ => {
                ensure(size == HEADS_SIZE, Fault::Size, at, || {
                    format!("heads read planes of 16x16, not {size}x{size}")
                })?;
                ensure(self.belief.is_none(), Fault::Slot, at, || "a squad has one belief".into())?;
                self.multiply_adds += count * cells * LOGITS * n;
                let agents = agents::heads(&group, at, self.tensors)?;
                let sharpness = sharpness(op, at)?;
                (size * 2, JOINTS, Work::Heads { agents, sharpness })
            }
        })
    }

    fn inputs(&self, op: &OpEntry, at: &str) -> Result<Vec<usize>> {
        let mut inputs = Vec::with_capacity(op.inputs.len());
        for name in &op.inputs {
            match self.slots.iter().position(|slot| slot.name == *name) {
                Some(i) => inputs.push(i),
                None if self.belief.as_ref() == Some(name) => {
                    return refuse(Fault::Slot, at, format!("'{name}' holds no planes to read"));
                }
                None => {
                    return refuse(
                        Fault::Slot,
                        at,
                        format!("'{name}' is read before it is written"),
                    );
                }
            }
        }
        ensure(!inputs.is_empty(), Fault::Slot, at, || "it reads nothing".into())?;
        let size = self.slots[inputs[0]].size;
        ensure(inputs.iter().all(|&i| self.slots[i].size == size), Fault::Size, at, || {
            "its slots differ in size".into()
        })?;
        let planes: usize = inputs.iter().map(|&i| self.slots[i].planes).sum();
        ensure(planes <= limits::PLANES, Fault::Limit, at, || {
            format!("it reads {planes} planes, at most {}", limits::PLANES)
        })?;
        Ok(inputs)
    }

    fn finish(self, steps: Vec<Step>) -> Result<Squad> {
        if let Some(i) = self.used.iter().position(|used| !used) {
            return refuse(Fault::Agent, &self.entry.agents[i].id, "no operation uses this agent");
        }
        ensure(self.belief.is_some(), Fault::Joint, &self.entry.id, || {
            "the plan has no heads".into()
        })?;
        let agents = self.entry.agents.iter().map(|agent| Agent {
            id: agent.id.clone(),
            kind: agent.kind,
            joint: agent.joint,
            region: agent.region.clone(),
            parameters: agent.parameters,
        });
        Ok(Squad {
            id: self.entry.id.clone(),
            slots: self.slots,
            steps,
            agents: agents.collect(),
            multiply_adds: self.multiply_adds,
        })
    }
}

/// The fields that an operation must have, and must not.
fn check_fields(op: &OpEntry, at: &str) -> Result<()> {
    let fits = |is: bool, must: bool, field: &str| {
        ensure(is == must, Fault::Malformed, at, || {
            let verb = if must { "needs" } else { "takes no" };
            format!("the operation {verb} '{field}'")
        })
    };
    let with_agents = matches!(op.op, OpName::Stem | OpName::Bank | OpName::Heads);
    fits(op.agents.is_some(), with_agents, "agents")?;
    fits(op.residual.is_some(), op.op == OpName::Bank, "residual")?;
    fits(op.sharpness.is_some(), op.op == OpName::Heads, "sharpness")
}

fn sharpness(op: &OpEntry, at: &str) -> Result<[i64; JOINTS]> {
    let listed = op.sharpness.as_deref().unwrap_or_default();
    let Ok(values) = <[i64; JOINTS]>::try_from(listed) else {
        return refuse(Fault::Size, at, format!("{} sharpnesses for 17 joints", listed.len()));
    };
    ensure(values.iter().all(|s| (1..=limits::SHARPNESS).contains(s)), Fault::Range, at, || {
        format!("a sharpness is outside 1..{}", limits::SHARPNESS)
    })?;
    Ok(values)
}

/// The kind of agent that an operation runs.
pub fn kind_of(op: OpName) -> Kind {
    if op == OpName::Heads { Kind::Joint } else { Kind::Region }
}
