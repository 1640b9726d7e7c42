//! An environment under a project name of its own, so that tests can share a server.

use crate::{
    inventory,
    program::{X86_64, program},
    project::{Project, Ran},
    server::{ACCOUNT, Emulator, Server},
};
use aws_config::SdkConfig;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    process::{Child, Stdio},
};

/// Action and changed fields, by address.
pub(crate) type Changes = BTreeMap<String, (String, Vec<String>)>;

pub(crate) struct Platform {
    pub(crate) files: Project,
    pub(crate) project: &'static str,
    environment: &'static str,
    server: &'static Server,
    emulator: Emulator,
}

impl Platform {
    pub(crate) fn new(project: &'static str, environment: &'static str) -> Self {
        let files = Project::new();
        files.edit(environment, "project = \"mlops-pipeline\"", &format!("project = {project:?}"));
        Self { files, project, environment, server: Server::running(), emulator: Emulator::LocalStack }
    }

    /// The same on moto alone.
    pub(crate) fn on_moto_alone(self) -> Self {
        Self { emulator: Emulator::Moto, ..self }
    }

    /// The same with the drift job.
    pub(crate) fn with_a_drift_job(self) -> Self {
        std::fs::write(self.files.path().join("mlopsctl"), program(X86_64)).unwrap();
        self.files.append(self.environment, "\n[drift.job]\nbinary = \"mlopsctl\"\naccept_administration = true\n");
        self
    }

    /// The prefix of this platform's names.
    pub(crate) fn prefix(&self) -> String {
        format!("{}-{}", self.project, self.environment)
    }

    /// The name of one of its buckets.
    pub(crate) fn bucket(&self, name: &str) -> String {
        format!("{}-{name}-{ACCOUNT}", self.prefix())
    }

    /// `mlopsctl <command> <environment> <options>`, with `--yes` where there is a question.
    pub(crate) fn run(&self, command: &str, options: &[&str]) -> Ran {
        Ran::of(self.start(command, options).wait_with_output().unwrap())
    }

    /// `mlopsctl pipeline <environment> <arguments>`.
    pub(crate) fn pipeline(&self, arguments: &[&str]) -> Ran {
        let mut command = self.files.command(&[&["pipeline", self.environment], arguments].concat());
        self.server.lead(&mut command, self.emulator);
        Ran::of(command.output().unwrap())
    }

    /// A command to be waited for.
    pub(crate) fn start(&self, command: &str, options: &[&str]) -> Child {
        let yes: &[&str] = if matches!(command, "up" | "destroy") { &["--yes"] } else { &[] };
        let mut command = self.files.command(&[&[command, self.environment], yes, options].concat());
        self.server.lead(&mut command, self.emulator);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// The plan. The fields of what is new are left out: they are all there are.
    #[track_caller]
    pub(crate) fn plan(&self) -> Changes {
        let plan = self.run("plan", &["--json"]).ends_with(0).json();
        let fields = |change: &Value| if change["action"] == "create" { Vec::new() } else { paths(change) };
        let entry = |change: &Value| (text(&change["address"]), (text(&change["action"]), fields(change)));
        plan["changes"].as_array().unwrap().iter().map(entry).collect()
    }

    /// Applies, and expects nothing to do afterwards.
    #[track_caller]
    pub(crate) fn up(&self) -> Ran {
        let up = self.run("up", &["--json"]).ends_with(0);
        self.is_as_declared();
        up
    }

    #[track_caller]
    pub(crate) fn is_as_declared(&self) {
        self.run("plan", &["--exit-code"]).ends_with(0);
        self.run("drift", &[]).ends_with(0);
    }

    /// Works in the cloud behind mlopsctl's back.
    pub(crate) fn behind_its_back<T>(&self, work: impl AsyncFnOnce(SdkConfig) -> T) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { work(self.server.sdk(self.emulator).await).await })
    }

    /// The resources of this platform in the cloud: names or ids, by kind.
    pub(crate) fn in_the_cloud(&self) -> BTreeMap<&'static str, Vec<String>> {
        self.behind_its_back(async |sdk| inventory::of(&sdk, self.project, &self.prefix()).await)
    }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The paths of the fields that differ, sorted.
pub(crate) fn paths(change: &Value) -> Vec<String> {
    let mut paths: Vec<_> = change["fields"].as_array().unwrap().iter().map(|field| text(&field["path"])).collect();
    paths.sort();
    paths
}
