//! The agents of one operation: their entries in the manifest, then their tensors.

use super::error::{Fault, Result, ensure, refuse};
use super::limits;
use super::manifest::{AgentEntry, OpEntry, OpName, SquadEntry};
use super::plan_check::kind_of;
use super::squad::{BankAgent, HeadAgent, LOGITS, OUTPUTS, StemAgent};
use super::tensors::Tensors;
use crate::JOINTS;

/// The agents of one operation, all with `n` inputs.
pub struct Group<'a> {
    pub agents: Vec<&'a AgentEntry>,
    pub n: usize,
}

impl<'a> Group<'a> {
    pub fn read(
        entry: &'a SquadEntry,
        op: &OpEntry,
        at: &str,
        planes: usize,
        used: &mut [bool],
    ) -> Result<Self> {
        let mut agents = Vec::new();
        for &index in op.agents.as_deref().unwrap_or_default() {
            let Some(agent) = entry.agents.get(index) else {
                return refuse(Fault::Agent, at, format!("the squad has no agent {index}"));
            };
            ensure(!std::mem::replace(&mut used[index], true), Fault::Agent, &agent.id, || {
                "the agent is used twice".into()
            })?;
            agents.push(agent);
        }
        ensure(!agents.is_empty(), Fault::Agent, at, || "it has no agents".into())?;
        let n = agents[0].inputs.len();
        for agent in &agents {
            check(agent, op.op, n, planes)?;
        }
        Ok(Self { agents, n })
    }
}

fn check(agent: &AgentEntry, op: OpName, n: usize, planes: usize) -> Result<()> {
    let at = &agent.id;
    ensure(agent.inputs.len() == n, Fault::Size, at, || {
        format!("{} inputs where the operation's first agent has {n}", agent.inputs.len())
    })?;
    ensure((1..=limits::INPUTS).contains(&n), Fault::Limit, at, || {
        format!("{n} inputs, must be 1 to {}", limits::INPUTS)
    })?;
    ensure(agent.inputs.iter().all(|&i| i < planes), Fault::Index, at, || {
        format!("an input lies outside the {planes} planes")
    })?;
    ensure(agent.kind == kind_of(op), Fault::Agent, at, || {
        format!("a {} agent cannot run here", agent.kind.name())
    })?;
    match (op, agent.joint) {
        (OpName::Heads, Some(joint)) if joint < JOINTS => {}
        (OpName::Heads, _) => return refuse(Fault::Joint, at, "it needs a joint from 0 to 16"),
        (_, None) => {}
        (_, Some(_)) => return refuse(Fault::Joint, at, "a region agent has no joint"),
    }
    let parameters = match op {
        OpName::Heads => n * LOGITS + LOGITS,
        OpName::Bank => n * OUTPUTS + OUTPUTS * 9 + OUTPUTS,
        _ => n * OUTPUTS + OUTPUTS,
    };
    ensure(agent.parameters == parameters, Fault::Agent, at, || {
        format!("{} parameters where its wiring makes {parameters}", agent.parameters)
    })?;
    let range = limits::LEAST_PARAMETERS..=agent.kind.limit();
    ensure(range.contains(&parameters), Fault::Limit, at, || {
        format!("{parameters} parameters, must be {} to {}", range.start(), range.end())
    })
}

pub fn stem(group: &Group<'_>, at: &str, tensors: &mut Tensors<'_>) -> Result<Vec<StemAgent>> {
    let (count, n) = (group.agents.len(), group.n);
    let w1 = tensors.weights(&format!("{at}/w1"), &[count, OUTPUTS, n])?;
    let b = tensors.biases(&format!("{at}/b"), &[count, OUTPUTS])?;
    let s2 = tensors.shifts(&format!("{at}/s2"), &[count, OUTPUTS])?;
    let m = tensors.multipliers(&format!("{at}/m"), &[count, OUTPUTS])?;
    let make = |(a, agent): (usize, &&AgentEntry)| StemAgent {
        inputs: agent.inputs.clone(),
        w1: w1[a * OUTPUTS * n..][..OUTPUTS * n].to_vec(),
        b: row(&b, a),
        s2: row(&s2, a),
        m: row(&m, a),
    };
    Ok(group.agents.iter().enumerate().map(make).collect())
}

pub fn bank(
    group: &Group<'_>,
    at: &str,
    residual: bool,
    tensors: &mut Tensors<'_>,
) -> Result<Vec<BankAgent>> {
    let (count, n) = (group.agents.len(), group.n);
    let w1 = tensors.weights(&format!("{at}/w1"), &[count, OUTPUTS, n])?;
    let s1 = tensors.shifts(&format!("{at}/s1"), &[count, OUTPUTS])?;
    let w3 = tensors.weights(&format!("{at}/w3"), &[count, OUTPUTS, 9])?;
    let b = tensors.biases(&format!("{at}/b"), &[count, OUTPUTS])?;
    let r = tensors.factors(&format!("{at}/r"), &[count, OUTPUTS])?;
    let s2 = tensors.shifts(&format!("{at}/s2"), &[count, OUTPUTS])?;
    let m = tensors.multipliers(&format!("{at}/m"), &[count, OUTPUTS])?;
    ensure(residual || r.iter().all(|&r| r == 0), Fault::Range, &format!("{at}/r"), || {
        "a bank without a residual has factors of 0".into()
    })?;
    let make = |(a, agent): (usize, &&AgentEntry)| BankAgent {
        inputs: agent.inputs.clone(),
        w1: w1[a * OUTPUTS * n..][..OUTPUTS * n].to_vec(),
        s1: row(&s1, a),
        w3: std::array::from_fn(|q| row(&w3, a * OUTPUTS + q)),
        b: row(&b, a),
        r: row(&r, a),
        residual: residual.then_some(a * OUTPUTS),
        s2: row(&s2, a),
        m: row(&m, a),
    };
    Ok(group.agents.iter().enumerate().map(make).collect())
}

pub fn heads(group: &Group<'_>, at: &str, tensors: &mut Tensors<'_>) -> Result<Vec<HeadAgent>> {
    let (count, n) = (group.agents.len(), group.n);
    let w1 = tensors.weights(&format!("{at}/w1"), &[count, LOGITS, n])?;
    let b = tensors.biases(&format!("{at}/b"), &[count, LOGITS])?;
    let make = |(a, agent): (usize, &&AgentEntry)| HeadAgent {
        joint: agent.joint.unwrap_or_default(), // `check` has seen it
        inputs: agent.inputs.clone(),
        w1: w1[a * LOGITS * n..][..LOGITS * n].to_vec(),
        b: row(&b, a),
    };
    let agents: Vec<HeadAgent> = group.agents.iter().enumerate().map(make).collect();
    for joint in 0..JOINTS {
        check_joint(joint, at, agents.iter().filter(|agent| agent.joint == joint))?;
    }
    Ok(agents)
}

/// A joint has agents, and whatever they see, their sum fits 32 bits.
fn check_joint<'a>(
    joint: usize,
    at: &str,
    agents: impl Iterator<Item = &'a HeadAgent>,
) -> Result<()> {
    let mut most = [0u64; LOGITS];
    let mut any = false;
    for agent in agents {
        any = true;
        let n = agent.inputs.len();
        for (q, most) in most.iter_mut().enumerate() {
            let weights: u64 = row_of(&agent.w1, q, n).map(|w| u64::from(w.unsigned_abs())).sum();
            *most += u64::from(agent.b[q].unsigned_abs()) + 255 * weights;
        }
    }
    ensure(any, Fault::Joint, at, || format!("joint {joint} has no agent"))?;
    ensure(most.iter().all(|&most| most <= i32::MAX as u64), Fault::Range, at, || {
        format!("the logits of joint {joint} can leave 32 bits")
    })
}

fn row_of(w1: &[i8], q: usize, n: usize) -> impl Iterator<Item = i8> + '_ {
    w1[q * n..][..n].iter().copied()
}

fn row<T: Copy, const N: usize>(values: &[T], index: usize) -> [T; N] {
    std::array::from_fn(|i| values[index * N + i])
}
