//! The drift job: mlopsctl itself on Lambda, with the project that the platform was made from, on a schedule. Whatever
//! it does, `mlopsctl reconcile` would do.

use crate::{
    Error,
    build_context::BuildContext,
    encryption::Keys,
    log_groups::log_group,
    names::drift_job_logs,
    policy::{Policy, trust},
};
use aws_eventbridge::{Input, Rule, Source, Target};
use aws_iam::Role;
use aws_lambda::{AsynchronousCalls, Function, Permission};
use config::environment::{DriftRepair, drift::Job};
use package::{LARGEST, LARGEST_UNPACKED};
use resource::{Asset, Reference, Stack, Tags};
use serde_json::Value;
use std::{collections::BTreeMap, path::PathBuf};

/// The name of the job's function, role and rule.
const NAME: &str = config::environment::drift::JOB;
const AREA: &str = "operations";
/// The running mlopsctl, in the archive of a job whose file names no binary.
const RUNNING: &str = "mlopsctl";
/// The managed policies that a role can have where nobody has asked AWS for more.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
const ATTACHED: usize = 10;

/// The job, if the file asks for one. It comes last, since it looks after everything before it.
pub(crate) fn build(stack: &mut Stack, context: &BuildContext, keys: &Keys) -> Result<(), Error> {
    let Some(job) = &context.environment.drift.job else { return Ok(()) };
    let code = stack.ship(Asset { origin: program(job).to_owned(), bytes: pack(context, job)?.into() });
    let policies = policies(stack, |stack, policies| declare(stack, context, keys, job, &code, policies), context)?;
    if policies.len() > ATTACHED {
        return Err(Error::Job(format!(
            "its permissions take {} policies, and IAM attaches {ATTACHED} to a role: let it look after less, or repair \
             drift from elsewhere",
            policies.len()
        )));
    }
    declare(stack, context, keys, job, &code, &policies);
    Ok(())
}

/// The path of the program in the archive, from the root of the project.
fn program(job: &Job) -> &str {
    job.binary.as_deref().unwrap_or(RUNNING)
}

/// The project, as far as the platform is made from it, with what starts mlopsctl there.
fn pack(context: &BuildContext, job: &Job) -> Result<Vec<u8>, Error> {
    let program = program(job);
    let bootstrap = format!(
        "#!/bin/sh\n# Lambda starts this.\ncd \"$LAMBDA_TASK_ROOT\" && exec ./{program} job {}\n",
        context.name
    );
    let file = match &job.binary {
        Some(binary) => context.files.real(binary)?,
        None => context.program.clone().map_or_else(running, Ok)?,
    };
    let path = job.binary.as_deref().map_or_else(|| file.clone(), |binary| context.files.path(binary));
    let failed = |why| Error::File { path: path.clone(), why };
    let too_large = |bytes: u64, form: &str, most: u64| {
        let mib = |bytes: u64| bytes.div_ceil(1024 * 1024);
        failed(format!(
            "with it the drift job has {} MiB, {form}; Lambda takes {}: name a build without default features as `binary` \
             under [drift.job]",
            mib(bytes),
            mib(most)
        ))
    };
    // Before minutes go into the compression of a build for debugging.
    let unpacked = file.metadata().map_err(|error| failed(error.to_string()))?.len();
    if unpacked > LARGEST_UNPACKED {
        return Err(too_large(unpacked, "unpacked", LARGEST_UNPACKED));
    }
    let mut archive = context.files.archive()?;
    archive.program(program, file);
    let environment = context.environment.to_toml().map_err(|error| failed(error.to_string()))?;
    archive.made(&format!("environments/{}.toml", context.name), environment, false);
    archive.made("bootstrap", bootstrap, true);
    let bytes = archive.zip().map_err(|error| failed(error.to_string()))?;
    if bytes.len() as u64 > LARGEST {
        return Err(too_large(bytes.len() as u64, "compressed", LARGEST));
    }
    Ok(bytes)
}

/// The file of the running mlopsctl.
fn running() -> Result<PathBuf, Error> {
    std::env::current_exe().map_err(|error| Error::Job(format!("the file of the running mlopsctl is unknown: {error}")))
}

/// The documents of what the job may do, each small enough for a policy of its own. What it needs depends on how many
/// there are, since it looks after those as well, and not on what they say.
fn policies(
    stack: &Stack,
    declare: impl Fn(&mut Stack, &[Value]),
    context: &BuildContext,
) -> Result<Vec<Value>, Error> {
    let mut policies = vec![Value::Null];
    loop {
        let mut whole = stack.clone();
        declare(&mut whole, &policies);
        let needed = needed(&whole, context).map_err(|failure| Error::Job(failure.to_string()))?;
        let count = std::mem::replace(&mut policies, needed).len();
        if policies.len() == count {
            return Ok(policies);
        }
    }
}

fn needed(stack: &Stack, context: &BuildContext) -> aws_client::Result<Vec<Value>> {
    let (registry, environment, place) = (crate::registry(), &context.environment, &context.place);
    let declared = stack.declarations(&registry, place)?;
    let context = permissions::PolicyInputs {
        declared: declared.iter().map(|one| (one.kind, &one.spec)).collect(),
        state: None,
        state_bucket: &environment.state_bucket_name(&place.account),
        project: &environment.project,
        environment: &environment.environment,
        state_prefix: environment.state.key_prefix.as_deref(),
        is_state_at_root: context.is_state_at_root,
        also: Vec::new(),
        names_state_bucket: environment.names_state_bucket(&place.account),
        existing: crate::required::permissions(context),
        registry: &registry,
        place,
    };
    let is_read_only = environment.drift.repair == DriftRepair::Nothing;
    Ok(context.policy(&environment.prefix(), stack.identity(), is_read_only)?.split())
}

fn declare(stack: &mut Stack, context: &BuildContext, keys: &Keys, job: &Job, code: &str, policies: &[Value]) {
    let logs = log_group(stack, context, keys, AREA, &format!("logs-{NAME}"), &drift_job_logs(context));
    let role = role(stack, context, policies);
    let (name, code, job) = (context.named(NAME), code.to_owned(), job.clone());
    let schedule = job.schedule.clone();
    let function = stack.add(AREA, NAME, (role.ready(), logs.ready()), move |(role, logs)| Function {
        name: name.clone(),
        description: "Repairs drift: mlopsctl reconcile".into(),
        role: role.arn,
        runtime: "provided.al2023".into(),
        handler: "bootstrap".into(),
        code_sha256: code.clone(),
        architecture: crate::functions::architecture(job.architecture),
        memory_mb: i32::from(job.memory_mb),
        timeout_seconds: i32::from(job.timeout_minutes) * 60,
        environment: BTreeMap::new(),
        vpc: None,
        tracing: false,
        dead_letter: None,
        reserved_concurrency: None,
        // A run that fails has told why; the next one comes by the schedule.
        layers: Vec::new(),
        asynchronous: Some(AsynchronousCalls { retries: 0, max_age_seconds: 3600 }),
        log_group: logs.name,
        key: None,
        tags: Tags::default(),
    });
    let name = context.named(NAME);
    let rule = stack.add(AREA, &format!("{NAME}-schedule"), function.ready(), move |function| Rule {
        name: name.clone(),
        description: "Starts the drift job".into(),
        source: Source::Schedule(schedule.clone()),
        enabled: true,
        targets: vec![Target {
            id: NAME.into(),
            arn: function.arn.into(),
            role: None,
            input: Input::Event,
            dead_letter_queue: None,
        }],
        tags: Tags::default(),
    });
    let events = context.service("events");
    stack.add(AREA, &format!("{NAME}-start"), (function, rule), move |(function, rule)| Permission {
        function: function.arn,
        statement_id: "schedule".into(),
        principal: events.clone(),
        action: "lambda:InvokeFunction".into(),
        source_arn: Some(rule.arn),
        source_account: None,
    });
}

/// The job's role. What it may do takes more room than a role has for policies of its own.
fn role(stack: &mut Stack, context: &BuildContext, policies: &[Value]) -> Reference<Role> {
    if let Some(role) = context.existing_role(NAME) {
        return Reference::Existing(role);
    }
    let path = context.environment.identity.path().to_owned();
    let mut attached = Vec::new();
    for (document, number) in policies.iter().cloned().zip(1..) {
        let short = format!("{NAME}-{number}");
        let (name, path) = (context.named(&short), path.clone());
        attached.push(stack.add("identity", &short, (), move |()| aws_iam::Policy {
            name: name.clone(),
            path: path.clone(),
            // IAM never changes it, and replaces no policy that a role has.
            description: String::new(),
            document: document.clone(),
            tags: Tags::default(),
        }));
    }
    let streams = context.arn("logs", &format!("log-group:{}:*", drift_job_logs(context)));
    let run = Policy::new().allow(["logs:CreateLogStream", "logs:PutLogEvents"], [streams]).document();
    let (name, trust) = (context.named(NAME), trust(&context.service("lambda"), &context.place));
    let boundary = context.environment.identity.permissions_boundary.clone();
    let role = stack.add("identity", NAME, attached, move |attached| Role {
        name: name.clone(),
        path: path.clone(),
        description: "The drift job".into(),
        trust: trust.clone(),
        inline_policies: BTreeMap::from([("run".to_owned(), run.clone())]),
        managed_policies: attached.into_iter().map(|policy| policy.arn.into()).collect(),
        permissions_boundary: boundary.clone(),
        max_session_seconds: 3600,
        tags: Tags::default(),
    });
    role.into()
}
