//! What a loader refuses, one by one. Each case spoils one thing of a good bundle.

use murmuration_fixture::{Fixture, Shape};
use murmuration_kernel::bundle::{Fault, limits};
use murmuration_kernel::{Bundle, BundleError};
use serde_json::{Value, json};

fn good() -> Fixture {
    Fixture::new(9, &[Shape::tiny(false), Shape::tiny(true)])
}

fn load(fixture: &Fixture) -> Result<Bundle, BundleError> {
    let (manifest, weights) = fixture.files();
    Bundle::load(&manifest, &weights)
}

/// Spoil a good bundle, and meet the fault and a message that holds `text`.
#[track_caller]
fn refused(fault: Fault, text: &str, spoil: impl FnOnce(&mut Fixture)) {
    let mut fixture = good();
    spoil(&mut fixture);
    let error = load(&fixture).expect_err("it should be refused");
    assert_eq!(error.fault, fault, "{error}");
    assert!(error.to_string().contains(text), "'{text}' is not in '{error}'");
}

/// An operation of squad a, found by its slot.
fn op<'a>(fixture: &'a mut Fixture, out: &str) -> &'a mut Value {
    let plan = fixture.manifest["squads"][0]["plan"].as_array_mut().expect("a plan");
    plan.iter_mut().find(|op| op["out"] == out).expect("the slot")
}

fn agent<'a>(fixture: &'a mut Fixture, id: &str) -> &'a mut Value {
    let agents = fixture.manifest["squads"][0]["agents"].as_array_mut().expect("agents");
    agents.iter_mut().find(|agent| agent["id"] == id).expect("the agent")
}

fn tensor<'a>(fixture: &'a mut Fixture, name: &str) -> &'a mut murmuration_fixture::Tensor {
    fixture.tensors.0.get_mut(name).expect("the tensor")
}

#[test]
fn takes_a_good_one() {
    let bundle = load(&good()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(bundle.hash.len(), 64);
    assert_eq!(bundle.squads.len(), 2);
    let squad = &bundle.squads[0];
    assert_eq!(squad.agents.len(), 1 + 1 + 2 + 2 + 3 + 3 + 3 + 1 + 2 + 4 + 34);
    assert_eq!(squad.agents[0].parameters, 224);
    assert!(squad.multiply_adds > 1_000_000);
}

#[test]
fn files() {
    let (manifest, weights) = good().files();
    let fault = |manifest: &[u8], weights: &[u8]| {
        Bundle::load(manifest, weights).expect_err("it should be refused").fault
    };
    assert_eq!(fault(&vec![b' '; limits::MANIFEST_BYTES + 1], &weights), Fault::TooLarge);
    assert_eq!(fault(&manifest, &vec![0; limits::WEIGHTS_BYTES + 1]), Fault::TooLarge);
    assert_eq!(fault(b"", &weights), Fault::Malformed);
    assert_eq!(fault(&manifest[..manifest.len() / 2], &weights), Fault::Malformed);
    assert_eq!(fault(&manifest, &weights[1..]), Fault::Hash);
    let mut forged = weights.clone();
    *forged.last_mut().expect("bytes") ^= 1;
    assert_eq!(fault(&manifest, &forged), Fault::Hash);
}

#[test]
fn weights_that_are_no_safetensors() {
    let mut fixture = good();
    fixture.tensors.0.clear();
    let error = load(&fixture).expect_err("it should be refused");
    assert_eq!((error.fault, error.at.as_str()), (Fault::Tensor, "a/s0/w1"));
    // The right hash of bytes that are something else.
    let (manifest, weights) = good().files();
    let broken = vec![0xff; weights.len()];
    let hash = murmuration_kernel::bundle::hex;
    let manifest = String::from_utf8(manifest).expect("text");
    let manifest = manifest.replace(&hash(&weights), &hash(&broken));
    let error = Bundle::load(manifest.as_bytes(), &broken).expect_err("it should be refused");
    assert_eq!(error.fault, Fault::Malformed);
}

#[test]
fn header() {
    refused(Fault::Format, "murmuration-bundle/2", |f| {
        f.manifest["format"] = json!("murmuration-bundle/2");
    });
    refused(Fault::Format, "64", |f| f.manifest["crop"]["width"] = json!(64));
    refused(Fault::Format, "joints", |f| f.manifest["joints"][0] = json!("tail"));
    refused(Fault::Malformed, "missing field", |f| {
        f.manifest.as_object_mut().expect("an object").remove("licence");
    });
    refused(Fault::Malformed, "unknown variant", |f| op(f, "s1")["op"] = json!("dance"));
    refused(Fault::Malformed, "../weights", |f| {
        f.manifest["weights"]["file"] = json!("../weights.safetensors");
    });
}

#[test]
fn counts_and_ids() {
    refused(Fault::Limit, "0 squads", |f| f.manifest["squads"] = json!([]));
    refused(Fault::Limit, "17 squads", |f| {
        f.manifest["squads"] = Value::Array(vec![f.manifest["squads"][0].clone(); 17]);
    });
    refused(Fault::Limit, "agents in all", |f| {
        let agents = f.manifest["squads"][0]["agents"].as_array_mut().expect("agents");
        let one = agents[0].clone();
        agents.resize(1100, one);
    });
    refused(Fault::Limit, "65 operations", |f| {
        let plan = f.manifest["squads"][0]["plan"].as_array_mut().expect("a plan");
        let one = plan[0].clone();
        plan.resize(65, one);
    });
    refused(Fault::Id, "used twice", |f| f.manifest["squads"][1]["id"] = json!("a"));
    refused(Fault::Id, "A b", |f| f.manifest["squads"][1]["id"] = json!("A b"));
    refused(Fault::Id, "another agent", |f| agent(f, "a/s1/0")["id"] = json!("a/s0/0"));
}

#[test]
fn tensors() {
    refused(Fault::Tensor, "missing", |f| drop(f.tensors.0.remove("a/s3/w3")));
    refused(Fault::Tensor, "no operation uses", |f| {
        let more = f.tensors.0["a/s3/w3"].clone();
        f.tensors.0.insert("a/s99/w3".into(), more);
    });
    refused(Fault::Tensor, "type is U8", |f| tensor(f, "a/s3/w3").dtype = "U8");
    refused(Fault::Tensor, "shape is [8, 2, 9]", |f| tensor(f, "a/s3/w3").shape = vec![8, 2, 9]);
    refused(Fault::Range, "-128", |f| tensor(f, "a/s3/w1").data[5] = 0x80);
    refused(Fault::Range, "outside 0..24", |f| tensor(f, "a/s3/s1").data[0] = 25);
    refused(Fault::Range, "outside 1..32767", |f| tensor(f, "a/s3/m").data[..2].fill(0));
    refused(Fault::Range, "2^30", |f| {
        tensor(f, "a/s3/b").data[..4].copy_from_slice(&((1 << 30) + 1i32).to_le_bytes());
    });
    refused(Fault::Range, "without a residual", |f| tensor(f, "a/s4/r").data[0] = 1);
    refused(Fault::Range, "leave 32 bits", |f| {
        let biases = &mut tensor(f, "a/s16/b").data;
        for bias in biases.as_chunks_mut::<4>().0 {
            *bias = (1i32 << 30).to_le_bytes();
        }
    });
}

#[test]
fn slots_and_sizes() {
    refused(Fault::Slot, "before it is written", |f| op(f, "s3")["in"] = json!(["s4"]));
    refused(Fault::Slot, "written twice", |f| op(f, "s3")["out"] = json!("s1"));
    refused(Fault::Slot, "written twice", |f| op(f, "s3")["out"] = json!("crop"));
    refused(Fault::Slot, "reads nothing", |f| op(f, "s3")["in"] = json!([]));
    refused(Fault::Size, "differ in size", |f| op(f, "s4")["in"] = json!(["s3", "s1"]));
    refused(Fault::Size, "reads the crop", |f| op(f, "patch")["in"] = json!(["crop", "crop"]));
    refused(Fault::Size, "16x16", |f| op(f, "s16")["in"] = json!(["s3", "s4"]));
    refused(Fault::Size, "sharpnesses", |f| op(f, "s16")["sharpness"] = json!([1, 2]));
    refused(Fault::Range, "sharpness", |f| op(f, "s16")["sharpness"][3] = json!(0));
    refused(Fault::Size, "as many inputs", |f| {
        op(f, "s4")["in"] = json!(["s1"]);
        op(f, "s4")["residual"] = json!(true);
        for id in ["a/s4/0", "a/s4/1"] {
            agent(f, id)["inputs"] = json!(vec![0; 9]);
        }
    });
    refused(Fault::Limit, "planes", |f| {
        let plan = f.manifest["squads"][0]["plan"].as_array_mut().expect("a plan");
        plan.push(json!({ "op": "depth", "in": vec!["s15"; 12], "out": "wide" }));
    });
    refused(Fault::Limit, "bytes", |f| {
        let plan = f.manifest["squads"][0]["plan"].as_array_mut().expect("a plan");
        for name in ["x", "y"] {
            plan.push(json!({ "op": "up", "in": vec!["patch"; 37], "out": name }));
        }
    });
    refused(Fault::Malformed, "takes no 'residual'", |f| op(f, "s2")["residual"] = json!(true));
    refused(Fault::Malformed, "needs 'residual'", |f| {
        op(f, "s3").as_object_mut().expect("an object").remove("residual");
    });
}

#[test]
fn agents() {
    refused(Fault::Agent, "no agent 999", |f| op(f, "s3")["agents"][0] = json!(999));
    refused(Fault::Agent, "used twice", |f| op(f, "s3")["agents"][0] = json!(0));
    refused(Fault::Agent, "no operation uses", |f| {
        let more = json!({ "id": "idle", "kind": "region", "parameters": 224, "inputs": [0] });
        f.manifest["squads"][0]["agents"].as_array_mut().expect("agents").push(more);
    });
    refused(Fault::Agent, "it has no agents", |f| op(f, "s3")["agents"] = json!([]));
    refused(Fault::Agent, "cannot run here", |f| agent(f, "a/s3/0")["kind"] = json!("validator"));
    refused(Fault::Agent, "where its wiring makes", |f| {
        agent(f, "a/s3/0")["parameters"] = json!(257);
    });
    refused(Fault::Index, "outside the 32 planes", |f| agent(f, "a/s3/0")["inputs"][0] = json!(32));
    refused(Fault::Size, "inputs where", |f| {
        agent(f, "a/s3/1")["inputs"].as_array_mut().expect("inputs").pop();
    });
    refused(Fault::Limit, "65 inputs", |f| {
        for id in ["a/s3/0", "a/s3/1"] {
            agent(f, id)["inputs"] = json!(vec![0; 65]);
        }
    });
    // 32 inputs make 132 parameters of a joint agent.
    refused(Fault::Limit, "must be 64 to 128", |f| {
        for a in 0..34 {
            let agent = agent(f, &format!("a/s16/{a}"));
            agent["inputs"] = json!(vec![0; 32]);
            agent["parameters"] = json!(132);
        }
    });
}

#[test]
fn joints() {
    refused(Fault::Joint, "joint 3 has no agent", |f| {
        for a in [3, 20] {
            agent(f, &format!("a/s16/{a}"))["joint"] = json!(4);
        }
    });
    refused(Fault::Joint, "0 to 16", |f| agent(f, "a/s16/0")["joint"] = json!(17));
    refused(Fault::Joint, "0 to 16", |f| {
        agent(f, "a/s16/0").as_object_mut().expect("an object").remove("joint");
    });
    refused(Fault::Joint, "no joint", |f| agent(f, "a/s3/0")["joint"] = json!(1));
    refused(Fault::Agent, "no operation uses", |f| {
        f.manifest["squads"][0]["plan"].as_array_mut().expect("a plan").pop();
    });
}
