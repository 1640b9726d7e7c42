//! States that mlopsctl did not write, or wrote about something else.

use super::corpus;
use crate::{
    project::{Project, Ran},
    served::Served,
};
use serde_json::{Value, json};

/// A platform that is up, and the calls that made it.
struct Up {
    project: Project,
    served: Served,
    made: usize,
}

impl Up {
    fn new() -> Self {
        let (project, served) = (Project::new(), Served::start());
        served.run(&project, &["up", "dev", "--yes"]).ends_with(0);
        let made = served.door().changes().len();
        Self { project, served, made }
    }

    /// Runs a command that must change nothing.
    #[track_caller]
    fn refuses(&self, arguments: &[&str]) -> Ran {
        let before = self.state();
        let ran = self.served.run(&self.project, arguments);
        assert_eq!(
            self.served.door().changes().len(),
            self.made,
            "{arguments:?}: {:?}",
            self.served.door().changes().last()
        );
        assert!(self.state() == before, "{arguments:?} wrote the state");
        ran
    }

    fn state(&self) -> Vec<u8> {
        self.served.stored("state.json").unwrap()
    }

    fn store(&self, state: Vec<u8>) {
        self.served.store("state.json", state);
    }

    /// The state, changed.
    fn changed(&self, change: impl FnOnce(&mut Value)) -> Vec<u8> {
        let mut state: Value = serde_json::from_slice(&self.state()).unwrap();
        change(&mut state);
        serde_json::to_vec(&state).unwrap()
    }
}

/// Everything that reads the state.
const READERS: [&[&str]; 14] = [
    &["plan", "dev"],
    &["up", "dev", "--yes"],
    &["up", "dev", "--yes", "--target", "network.*"],
    &["destroy", "dev", "--yes", "--delete-data", "--unprotect", "*"],
    &["destroy", "dev", "--yes", "--with-state"],
    &["drift", "dev"],
    &["output", "dev"],
    &["wait", "dev"],
    &["reconcile", "dev"],
    &["adopt", "dev", "network.vpc", "--yes"],
    &["state", "list", "dev"],
    &["state", "pull", "dev"],
    &["state", "rm", "network.vpc", "dev"],
    &["state", "mv", "network.vpc", "network.other", "dev"],
];

#[test]
fn no_command_works_on_a_broken_state() {
    /// In which a shell writes what `state pull` prints: a file to be pushed is read in them, and the state is not.
    const OTHER_ENCODINGS: [&str; 2] = ["byte-order-mark", "utf-16"];

    let up = Up::new();
    let good = up.state();
    for (number, (name, says)) in corpus::index::<String>("states").into_iter().enumerate() {
        let file = corpus::file(&format!("states/{name}.json"));
        eprintln!("{name}");
        let says = says.split(" at line ").next().unwrap();
        if !OTHER_ENCODINGS.contains(&name.as_str()) {
            let pushed = up.refuses(&["state", "push", file.to_str().unwrap(), "dev"]).ends_with(64).says(&[says]);
            let newer = pushed.stderr.contains("use a newer mlopsctl") || pushed.stderr.contains("or a newer one");
            assert!(newer != pushed.stderr.contains("push what `mlopsctl state pull`"), "{}", pushed.stderr);
        }
        up.store(std::fs::read(&file).unwrap());
        // Each command meets several of them.
        up.refuses(READERS[number % READERS.len()]).ends_with(1).says(&[says]);
        up.store(good.clone());
    }
    up.served.run(&up.project, &["plan", "dev", "--exit-code"]).ends_with(0);
}

#[test]
fn state_that_a_shell_of_windows_wrote_is_pushed() {
    let up = Up::new();
    for form in 0..3 {
        let pulled = up.served.run(&up.project, &["state", "pull", "dev"]).ends_with(0).stdout;
        let (what, bytes) = &corpus::as_windows_writes(&pulled)[form];
        std::fs::write(up.project.path().join("pulled.json"), bytes).unwrap();
        let pushed = up.served.run(&up.project, &["state", "push", "pulled.json", "dev", "--yes"]).ends_with(0);
        assert!(pushed.stderr.contains("Replaced the state of dev"), "{what}: {}", pushed.stderr);
    }
    up.served.run(&up.project, &["plan", "dev", "--exit-code"]).ends_with(0);
}

#[test]
fn the_state_of_something_else_is_not_worked_on() {
    let up = Up::new();
    let good = up.state();
    let theirs: [(&str, Value, &str); 5] = [
        ("account", json!("999999999999"), "is of account 999999999999, not"),
        ("region", json!("us-west-2"), "is of region us-west-2, not ap-south-1"),
        ("environment", json!("prod"), "is of environment prod, not dev"),
        ("environment", json!("Dev"), "is of environment Dev, not dev"),
        ("project", json!("fraud-models"), "is of project fraud-models, not mlops-pipeline"),
    ];
    for (field, value, says) in theirs {
        let state = up.changed(|state| state[field] = value);
        let file = up.project.path().join("pushed.json");
        std::fs::write(&file, &state).unwrap();
        up.refuses(&["state", "push", "pushed.json", "dev"]).ends_with(64).says(&[says]);
        up.refuses(&["state", "push", "pushed.json", "dev", "--force"]).ends_with(64).says(&[says]);
        up.store(state);
        for command in READERS {
            up.refuses(command).ends_with(64).says(&[says]);
        }
        up.store(good.clone());
    }
}

#[test]
fn a_state_that_does_not_follow_is_not_pushed() {
    let up = Up::new();
    let cases: [(Vec<u8>, &str); 3] = [
        (up.changed(|state| state["lineage"] = json!("11111111-2222-3333-4444-555555555555")), "of another lineage"),
        (up.changed(|state| state["lineage"] = json!("")), "of another lineage"),
        (up.changed(|state| state["serial"] = json!(0)), "it is older"),
    ];
    for (state, says) in cases {
        std::fs::write(up.project.path().join("pushed.json"), state).unwrap();
        up.refuses(&["state", "push", "pushed.json", "dev"]).ends_with(64).says(&[says]);
    }
    std::fs::File::create(up.project.path().join("pushed.json")).unwrap().set_len(10 << 30).unwrap();
    up.refuses(&["state", "push", "pushed.json", "dev"]).ends_with(64).says(&["larger than 64 MiB"]);
}

/// The fault of a state, the function that causes it, and the message for it.
type Damage = (&'static str, fn(&mut Value), &'static str);

/// States that have the right form and make no sense. Nothing may be destroyed by one.
const SENSELESS: &[Damage] = &[
    (
        "a kind nobody knows",
        |state| state["resources"]["storage.data"]["kind"] = json!("s3:lake"),
        "does not know resources of kind s3:lake",
    ),
    (
        "a kind that is another's",
        |state| state["resources"]["storage.data"]["kind"] = json!("ec2:vpc"),
        "this version cannot read the recorded spec of the VPC",
    ),
    (
        "a declaration that is none",
        |state| state["resources"]["network.vpc"]["spec"] = json!([]),
        "this version cannot read the recorded spec of the VPC",
    ),
    (
        "a declaration of other types",
        |state| state["resources"]["network.vpc"]["spec"]["cidr"] = json!({"from": 1}),
        "this version cannot read the recorded spec of the VPC",
    ),
    (
        "a deposed resource that makes no sense",
        |state| state["resources"]["network.vpc"]["deposed"] = json!([{"kind": "ec2:vpc", "id": "vpc-1", "spec": 7}]),
        "this version cannot read the recorded spec of the VPC",
    ),
    (
        "a deposed resource that is an object of another owner",
        |state| {
            let theirs = json!({"bucket": "team-b-research", "key": "thesis.bin", "sha256": "00",
                                "content_type": "text/plain"});
            state["resources"]["network.vpc"]["deposed"] =
                json!([{"kind": "s3:object", "id": "team-b-research/thesis.bin", "spec": theirs}]);
        },
        "which is part of nothing that this environment made",
    ),
    (
        "a role of other people's among the outputs",
        |state| {
            state["resources"]["identity.glue"]["outputs"]["arn"] =
                json!("arn:aws:iam::123456789012:role/team-b-admin");
        },
        "as its arn, which it cannot be",
    ),
    (
        "things that need each other in a circle",
        |state| {
            state["resources"]["network.vpc"]["depends_on"] =
                json!([{"address": "network.private-1", "edge": "ready"}]);
        },
        "so no step can be the first",
    ),
    (
        "a thing that needs itself",
        |state| state["resources"]["network.vpc"]["depends_on"] = json!([{"address": "network.vpc", "edge": "ready"}]),
        "network.vpc needs itself",
    ),
];

#[test]
fn a_state_without_sense_destroys_nothing() {
    let up = Up::new();
    let good = up.state();
    for (what, damage, says) in SENSELESS {
        eprintln!("{what}");
        up.store(up.changed(damage));
        up.refuses(&["destroy", "dev", "--yes", "--delete-data", "--unprotect", "*"]).ends_with(1).says(&[says]);
        up.store(good.clone());
    }
    up.served.run(&up.project, &["plan", "dev", "--exit-code"]).ends_with(0);
}

/// The right to write a state must not be a right to delete other people's resources.
#[test]
fn ids_of_strangers_in_a_state_destroy_nothing() {
    let up = Up::new();
    let good = up.state();
    let resources: Value = serde_json::from_slice(&good).unwrap();
    for address in resources["resources"].as_object().unwrap().keys() {
        up.store(up.changed(|state| state["resources"][address.as_str()]["id"] = json!("team-b")));
        let refused = up.refuses(&["destroy", "dev", "--yes", "--delete-data", "--unprotect", "*"]).ends_with(1);
        refused.says(&[address, "the state records team-b for it, which is not the id"]);
        up.store(good.clone());
    }
    up.served.run(&up.project, &["plan", "dev", "--exit-code"]).ends_with(0);
}
