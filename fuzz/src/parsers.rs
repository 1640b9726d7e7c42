//! Fuzz targets that read files and documents.

use engine::Plan;
use resource::{Address, Associated, Terraform};
use serde_json::{Value, json};
use state::{Holder, State, StateIdentity};
use std::borrow::Cow;
use tfstate::{Declared, Tfstate, Types};
use vocabulary::{Place, policy_meaning, same_policy};

fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// Environment files. What is wrong is in the text; formatting settles at once.
///
/// # Panics
/// When that does not hold.
pub fn environment(bytes: &[u8]) {
    let text = text(bytes);
    match config::parse("test", &text, None) {
        Ok(environment) => {
            let written = serde_json::to_string(&environment).expect("an environment can be written");
            let again = serde_json::from_str(&written).expect("what was written can be read");
            assert!(environment == again, "{written}");
        }
        Err(problems) => {
            assert!(!problems.is_empty(), "refused without a reason");
            for problem in problems {
                assert!(text.get(problem.span.clone()).is_some(), "{problem:?} is not in the text");
                assert!(problem.line > 0 && problem.column > 0, "{problem:?} is nowhere");
            }
        }
    }
    if let Ok(formatted) = config::format(&text) {
        assert_eq!(config::format(&formatted).as_ref(), Ok(&formatted), "formatting does not settle");
    }
}

/// States. What was read is written as it was.
///
/// # Panics
/// When that does not hold.
pub fn state(bytes: &[u8]) {
    // Of the golden files, from which most inputs are made.
    let tags = [("Project", "mlops-pipeline"), ("Environment", "dev")].into_iter().collect();
    let identity = StateIdentity::new(&tags, &Place::new("123456789012", "ap-south-1"), "states");
    match State::read(bytes, "here", &identity) {
        Ok(state) => assert_eq!(State::read(&state.write(), "here", &identity).ok().as_ref(), Some(&state)),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Saved plans.
///
/// # Panics
/// When one that was read cannot be written as it was.
pub fn plan(bytes: &[u8]) {
    if let Ok(plan) = serde_json::from_slice::<Plan>(bytes) {
        let written = serde_json::to_vec(&plan).expect("a plan can be written");
        assert!(serde_json::from_slice::<Plan>(&written).is_ok_and(|again| again == plan));
        let summary = plan.summary();
        let counted = summary.create + summary.update + summary.replace + summary.delete;
        assert_eq!(counted, plan.changes.len());
    }
}

/// Locks.
///
/// # Panics
/// When one that was read cannot be written as it was.
pub fn lock(bytes: &[u8]) {
    if let Ok(holder) = serde_json::from_slice::<Holder>(bytes) {
        let written = serde_json::to_vec(&holder).expect("a lock can be written");
        assert!(serde_json::from_slice::<Holder>(&written).is_ok_and(|again| again == holder));
        let _ = (holder.to_string(), holder.process.is_some_and(|process| process.is_dead()));
    }
}

/// Addresses and globs, one on each side of a line break.
///
/// # Panics
/// When an address is not matched by itself, by `*`, or by itself between two `*`.
pub fn address(bytes: &[u8]) {
    let text = text(bytes);
    let (address, glob) = text.split_once('\n').unwrap_or((&text, "*.*"));
    if let Some(address) = Address::parse(address) {
        let _ = address.matches(glob);
        for glob in [address.to_string(), "*".to_owned(), format!("*{address}*"), format!("{}.*", address.area())] {
            assert!(address.matches(&glob), "{address} is not matched by {glob}");
        }
    }
}

/// Policy documents. A meaning is its own meaning.
///
/// # Panics
/// When that does not hold.
pub fn policy(bytes: &[u8]) {
    let document = serde_json::from_slice(bytes).unwrap_or_else(|_| Value::String(text(bytes).into_owned()));
    let meaning = policy_meaning(&document);
    assert_eq!(policy_meaning(&meaning), meaning);
    assert!(same_policy(&document, &meaning));
}

/// States of Terraform. Everything in one is matched, a setting of something, or left, and nothing stands at two
/// addresses or for two things.
///
/// # Panics
/// When that does not hold.
pub fn tfstate(bytes: &[u8]) {
    let Ok(state) = Tfstate::read(bytes) else { return };
    let declared = [
        ("network.vpc", "ec2:vpc", json!({"cidr": "10.0.0.0/16"})),
        ("network.public-1", "ec2:subnet", json!({"cidr": "10.0.128.0/20", "vpc_id": "⟦network.vpc.id⟧"})),
        ("network.address", "ec2:elastic-ip", json!({})),
        (
            "network.nat",
            "ec2:nat-gateway",
            json!({"subnet_id": "⟦network.public-1.id⟧", "allocation_id": "⟦network.address.id⟧"}),
        ),
        (
            "network.routes",
            "ec2:route-table",
            json!({"vpc_id": "⟦network.vpc.id⟧", "subnets": ["⟦network.public-1.id⟧"]}),
        ),
        ("storage.data", "s3:bucket", json!({"name": "mlops-pipeline-dev-data-123456789012"})),
    ];
    let declared: Vec<(Address, &str, Value)> =
        declared.into_iter().filter_map(|(address, kind, spec)| Some((Address::parse(address)?, kind, spec))).collect();
    let declared: Vec<Declared<'_>> =
        declared.iter().map(|(address, kind, spec)| Declared { address, kind, spec, id: None }).collect();
    let found = state.find(&declared, &types());
    let told = found.matches.len() + found.settings.len() + found.left.len();
    assert!(told <= state.resources.len(), "{found:?}");
    for (index, one) in found.matches.iter().enumerate() {
        assert!(
            found.matches[..index].iter().all(|other| other.address != one.address && other.terraform != one.terraform)
        );
    }
}

/// Terraform's side of some kinds, in all forms.
fn types() -> Types {
    let subnets = Associated {
        kind: "aws_route_table_association",
        belongs_to: "route_table_id",
        value: "subnet_id",
        field: "subnets",
    };
    let kinds = [
        ("ec2:vpc", Terraform::assigned("aws_vpc", &[("cidr_block", "cidr")])),
        ("ec2:subnet", Terraform::assigned("aws_subnet", &[("vpc_id", "vpc_id"), ("cidr_block", "cidr")])),
        ("ec2:elastic-ip", Terraform::assigned("aws_eip", &[])),
        (
            "ec2:nat-gateway",
            Terraform {
                leads: &[("allocation_id", "allocation_id")],
                ..Terraform::assigned("aws_nat_gateway", &[("subnet_id", "subnet_id")])
            },
        ),
        (
            "ec2:route-table",
            Terraform {
                associated: Some(subnets),
                settings: &["aws_route", "aws_route_table_association"],
                ..Terraform::assigned("aws_route_table", &[("vpc_id", "vpc_id")])
            },
        ),
        (
            "s3:bucket",
            Terraform { settings: &["aws_s3_bucket_"], ..Terraform::named("aws_s3_bucket", &[("bucket", "name")]) },
        ),
    ];
    kinds.into_iter().collect()
}
