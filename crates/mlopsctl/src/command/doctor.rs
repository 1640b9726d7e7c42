//! Checks for obstacles to a platform, and for faults of an existing one. Reads only.

use crate::{cli::Global, command_error::CommandError, printer::Printer, render};
use app::Session;
use aws_client::FailureKind;
use blueprint::Placement;
use checkup::{DoctorInput, Finding, Machine, RoleInUse, Use, Verdict};
use config::environment::Pipeline;
use engine::{Planning, Purpose};
use jiff::Timestamp;
use resource::Declaration;
use serde_json::Value;
use state::{Lock, State, Weakness};

pub(crate) async fn run(global: &Global, environment: Option<&str>, printer: Printer) -> Result<(), CommandError> {
    let session = global.app().open(environment).await?;
    let (state, stored) = session.state().await?;
    let lock = Lock::holder_of(&*session.store, &session.keys.lock).await;
    let mut findings = checkup::check_state(&session.name, stored.as_ref().map(|_| &state), &lock, Timestamp::now());
    findings.extend(bucket(&session, stored.is_some()).await);
    // While another run holds the lock, the state is that run's. It was checked when the run took the lock.
    if stored.is_some() && matches!(lock, Ok(None)) {
        let honours = session.store.refuse_unconditional_without_lock(&session.keys.lock).await;
        findings.extend(checkup::conditions(&honours));
    }
    let stack = session.stack(&state).await?;
    let declarations = stack.declarations(&session.registry, session.cloud.place())?;
    let described = global.settings().read(&session.name)?;
    // No permission depends on the zones.
    let placement = Placement::default();
    let inputs = session.inputs_of(&described, &placement);
    let policy = super::permissions::policy(&inputs, &declarations, Some(&state), false, Vec::new())?.document();
    let existing = session.existing()?;
    let mut input = input(&session, &state, &declarations, &policy);
    let roles = existing.roles.iter().filter(|role| !role.policies.is_empty());
    let in_use = roles.map(|role| RoleInUse { key: role.key(), arn: &role.arn, policy: role.policy() });
    input.roles = in_use.collect();
    let (delete_data, inputs) = (vec!["*".to_owned()], session.inputs(&stack));
    let purpose = Purpose { delete_data, keep: true, inputs, ..Purpose::default() };
    let (seen, fit, planning) = futures::join!(
        checkup::run_checks(&input),
        session.check_existing(&existing, &state),
        engine::plan(&stack, &state, &session.registry, &session.cloud, &session.identity, &purpose),
    );
    findings.extend(seen);
    findings.extend(fit);
    findings.extend(resources(&session.name, &planning, stored.is_some()));
    session.trace_calls();
    match printer.json {
        true => printer.document(&render::checkup::document(&session.name, &findings)),
        false => printer.page(&render::checkup::page(&session.name, &findings, printer.for_data())),
    }
    match findings.iter().any(|finding| finding.verdict == Verdict::Problem) {
        true => Err(CommandError::Said),
        false => Ok(()),
    }
}

/// Checks that a bucket which the environment file names is fit for a state. One that holds a state is used on.
async fn bucket(session: &Session, has_state: bool) -> Vec<Finding> {
    const CHECK: &str = "state";
    let name = session.bucket.name();
    if !session.bucket.is_named() {
        return Vec::new();
    }
    let found = async {
        session.bucket.exists().await?;
        session.bucket.weaknesses().await
    };
    match found.await {
        Ok(weaknesses) if weaknesses.is_empty() => {
            vec![Finding::ok(CHECK, format!("the bucket {name} keeps versions and is closed to the public"))]
        }
        Ok(weaknesses) => {
            let finding = |weakness: Weakness| {
                let (what, help) = (format!("the bucket {name} {weakness}"), weakness.help(name));
                if has_state { Finding::warning(CHECK, what, help) } else { Finding::problem(CHECK, what, help) }
            };
            weaknesses.into_iter().map(finding).collect()
        }
        Err(state::Error::UnusableBucket { what, help }) => vec![Finding::problem(CHECK, what, help)],
        Err(state::Error::Store { failure, .. }) => vec![Finding::unknown(CHECK, name, &failure)],
        Err(error) => vec![Finding::problem(CHECK, error.to_string(), "")],
    }
}

fn input<'a>(
    session: &'a Session,
    state: &'a State,
    declarations: &'a [Declaration],
    policy: &'a Value,
) -> DoctorInput<'a> {
    DoctorInput {
        sdk: session.cloud.config(),
        place: session.cloud.place(),
        registry: &session.registry,
        declared: declarations.iter().map(|one| (one.kind, &one.spec)).collect(),
        state,
        policy,
        roles: Vec::new(),
        machines: session
            .environment
            .as_ref()
            .and_then(|environment| environment.pipeline.as_ref())
            .map(machines)
            .unwrap_or_default(),
    }
}

/// The machines that one execution and one deployment start.
fn machines(pipeline: &Pipeline) -> Vec<Machine> {
    let machine =
        |instance_type: &str, used_for, count| Machine { instance_type: instance_type.to_owned(), used_for, count };
    let (training, transform) = (&pipeline.training, &pipeline.transform);
    let trains = if training.spot { Use::SpotTraining } else { Use::Training };
    let mut machines = vec![
        machine(&training.instance_type, trains, training.instance_count),
        machine(&transform.instance_type, Use::Transform, transform.instance_count),
    ];
    // A deployment runs the new machines beside the old ones.
    let deploy = pipeline.deploy.as_ref();
    machines.extend(deploy.map(|deploy| machine(&deploy.instance_type, Use::Endpoint, deploy.instance_count * 2)));
    machines
}

/// The findings of a plan: foreign names, resources that cannot be read, resources that are broken, and differences.
fn resources(environment: &str, planning: &Planning, is_built: bool) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for refusal in &planning.refusals {
        let check = if refusal.failure.kind == FailureKind::Exists { "names" } else { "resources" };
        let what = format!("{}: {}", refusal.address, refusal.failure);
        findings.push(match refusal.failure.kind {
            FailureKind::Denied => Finding::unknown(check, refusal.address.as_str(), &refusal.failure),
            _ => Finding { check, verdict: Verdict::Problem, what, help: refusal.failure.help.clone() },
        });
    }
    let plan = &planning.plan;
    match (is_built, plan.changes.len()) {
        (false, new) => {
            findings.push(Finding::ok("names", format!("none of the names of {new} new resources is taken")))
        }
        (true, 0) => {
            findings.push(Finding::ok("resources", format!("all {} are as the file has them", plan.unchanged)))
        }
        (true, _) => {
            for change in plan.changes.iter().filter(|change| change.cause.is_some()) {
                let cause = change.cause.clone().unwrap_or_default();
                findings.push(Finding::warning(
                    "resources",
                    format!("{} would be {}d: {cause}", change.address, change.action.as_str()),
                    format!("`mlopsctl plan {environment}` shows it whole"),
                ));
            }
            let plain = plan.changes.iter().filter(|change| change.cause.is_none()).count();
            if plain > 0 {
                findings.push(Finding::warning(
                    "resources",
                    format!("{plain} {} from the file", if plain == 1 { "differs" } else { "differ" }),
                    format!(
                        "`mlopsctl plan {environment}` shows how, `mlopsctl drift {environment}` what others changed"
                    ),
                ));
            }
        }
    }
    if planning.refusals.iter().any(|refusal| refusal.failure.kind == FailureKind::Exists) {
        findings.retain(|finding| finding.check != "names" || finding.verdict != Verdict::Ok);
    }
    findings
}
