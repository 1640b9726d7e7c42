//! The one place that words remedies: libraries say what helps, and here stand the commands and options for it.

use aws_client::{Adoption, Operation, PolicyOf, Remedy};
use resource::Address;
use review::{PlanView, RequiredConsents};

/// A remedy for a person. Empty for none.
pub(crate) fn words(remedy: &Remedy) -> String {
    match remedy {
        Remedy::Advice(words) => words.clone(),
        Remedy::Several(all) => joined(all, "; "),
        Remedy::Either(all) => joined(all, ", or "),
        Remedy::Rerun => "run the command again".to_owned(),
        Remedy::RenameInFile => "choose another name in the environment file".to_owned(),
        Remedy::AllowDataDeletion { address: None } => "pass --delete-data to delete the data as well".to_owned(),
        Remedy::AllowDataDeletion { address: Some(address) } => {
            format!("pass --delete-data={address} to delete the data as well")
        }
        Remedy::Unprotect { address } => format!("if you mean it, pass --unprotect '{address}'"),
        Remedy::KeepState => "leave out --with-state".to_owned(),
        Remedy::WaitLonger => "`--wait-factor 3` waits three times as long".to_owned(),
        Remedy::Adopt { environment, address, how } => adoption(environment, address, *how),
        Remedy::AdoptAll { environment } => {
            format!("take over what is yours with `mlopsctl adopt {environment} ADDRESS…`")
        }
        Remedy::Forget { environment, address: Some(address) } => {
            let environment = after_space(environment.as_deref());
            format!("`mlopsctl state rm{environment} {address}` forgets it without touching it")
        }
        Remedy::Forget { address: None, .. } => {
            "have it forgotten where it is recorded: `mlopsctl state rm`".to_owned()
        }
        Remedy::MoveRecord { from, to } => format!("if it moved, say so: `mlopsctl state mv {from} {to}`"),
        Remedy::RestoreState { environment, version } => restoration(environment.as_deref(), version.as_deref()),
        Remedy::Unlock { environment, id } => {
            format!("if that run is gone for good, `mlopsctl unlock {environment} {id}`")
        }
        Remedy::ListAddresses => "`mlopsctl plan` and `mlopsctl state list` show them".to_owned(),
        Remedy::Perform { operation, environment, effect } => {
            format!("`mlopsctl {}` {effect}", command(operation, environment.as_deref()))
        }
        Remedy::UseEmulator => "try the platform without AWS: --local".to_owned(),
        Remedy::LogIn { profile: None } => "log in: `aws sso login`".to_owned(),
        Remedy::LogIn { profile: Some(profile) } => format!("log in: `aws sso login --profile {profile}`"),
        Remedy::KeepVersions { bucket } => format!(
            "`aws s3api put-bucket-versioning --bucket {bucket} --versioning-configuration Status=Enabled` keeps them"
        ),
        Remedy::BlockPublicAccess { bucket } => format!(
            "`aws s3api put-public-access-block --bucket {bucket} --public-access-block-configuration \
             BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true` closes it"
        ),
        Remedy::RaiseQuota { service, code, wanted, region } => {
            let region = region.map(|region| format!(" --region {region}")).unwrap_or_default();
            format!(
                "ask AWS for more: aws service-quotas request-service-quota-increase --service-code {service} \
                 --quota-code {code} --desired-value {wanted}{region}"
            )
        }
    }
}

/// The words of a remedy, if there are any.
pub(crate) fn words_of(remedy: Option<&Remedy>) -> Option<String> {
    remedy.map(words).filter(|words| !words.is_empty())
}

/// Finds the advice that need not stand at each of several refusals, of which these are the remedies where a name is
/// taken. Returns whether each is left out, and the advice for all resources that have no owner.
pub(crate) fn shared(taken: &[Option<&Remedy>]) -> (Vec<bool>, Option<String>) {
    let environments: Vec<&str> = taken.iter().flatten().filter_map(|remedy| remedy.adopting()).collect();
    let for_many = environments.get(2).map(|environment| {
        let all = Remedy::AdoptAll { environment: (*environment).to_owned() };
        let by_terraform = "what Terraform made with `--from-tfstate FILE`";
        format!("{}, {by_terraform}; or choose other names in the environment file", words(&all))
    });
    let is_left_out = |(at, remedy): (usize, &Option<&Remedy>)| match remedy {
        Some(remedy) if remedy.adopting().is_some() => for_many.is_some(),
        Some(_) => taken[..at].contains(remedy),
        None => false,
    };
    (taken.iter().enumerate().map(is_left_out).collect(), for_many)
}

/// A sentence with its remedy.
pub(crate) fn sentence(what: &str, remedy: Option<&Remedy>) -> String {
    match words_of(remedy) {
        Some(help) => format!("{what}; {help}"),
        None => what.to_owned(),
    }
}

/// The command that would carry a plan out, such as `mlopsctl up dev`.
pub(crate) fn command_of(view: &PlanView) -> String {
    format!("mlopsctl {} {}", view.operation, view.environment)
}

/// The command with all options that lift the refusals of a plan. `None` if no option lifts any.
pub(crate) fn way_out(view: &PlanView) -> Option<String> {
    let RequiredConsents { targets, unprotect, delete_data } = view.way_out.as_ref()?;
    let list = |all: &[Address]| all.iter().map(Address::as_str).collect::<Vec<_>>().join(",");
    let mut options: Vec<String> = targets.iter().map(|target| format!("--target '{target}'")).collect();
    if !unprotect.is_empty() {
        options.push(format!("--unprotect {}", list(unprotect)));
    }
    if !delete_data.is_empty() {
        options.push(match view.operation.as_str() {
            // A user who destroys everything wants no list.
            "destroy" => "--delete-data".to_owned(),
            // Bare, the option also deletes what is kept for the sake of data elsewhere, such as keys.
            _ => format!("--delete-data={}", list(delete_data)),
        });
    }
    Some(format!("{} {}", command_of(view), options.join(" ")))
}

fn joined(all: &[Remedy], between: &str) -> String {
    all.iter().map(words).filter(|words| !words.is_empty()).collect::<Vec<_>>().join(between)
}

fn after_space(environment: Option<&str>) -> String {
    environment.map(|name| format!(" {name}")).unwrap_or_default()
}

fn adoption(environment: &str, address: &str, how: Adoption) -> String {
    let command = format!("mlopsctl adopt {environment} {address}");
    match how {
        Adoption::ByName => format!("take it over with `{command}`"),
        Adoption::ById => format!("name the right one with `{command}=ID`"),
        Adoption::ForTags => format!("`{command}` gives it back its tags"),
    }
}

fn restoration(environment: Option<&str>, version: Option<&str>) -> String {
    let environment = after_space(environment);
    match version {
        None => format!(
            "`mlopsctl state history{environment}` lists earlier versions; --show ID prints one, and `mlopsctl state \
             push{environment} FILE --force` puts it back"
        ),
        Some(version) => format!(
            "`mlopsctl state history{environment} --show {version} > state.json`, then `mlopsctl state \
             push{environment} state.json`, puts it back"
        ),
    }
}

/// A command without the program's name.
fn command(operation: &Operation, environment: Option<&str>) -> String {
    let (name, options) = match operation {
        Operation::Init => ("init", String::new()),
        Operation::Validate => ("validate", String::new()),
        Operation::Plan => ("plan", String::new()),
        Operation::Up => ("up", String::new()),
        Operation::Drift => ("drift", String::new()),
        Operation::Reconcile => ("reconcile", String::new()),
        Operation::Doctor => ("doctor", String::new()),
        Operation::PrintPolicy(PolicyOf::Environment) => ("permissions", String::new()),
        Operation::PrintPolicy(PolicyOf::NamedAccount) => ("permissions", " --account ID".to_owned()),
        Operation::PrintPolicy(PolicyOf::Role(key)) => ("permissions", format!(" --role {key}")),
        Operation::ListStates => ("state history", String::new()),
        Operation::ShowRecord => ("state show", String::new()),
        Operation::WriteState => ("state push", " FILE --force".to_owned()),
        Operation::ResetEmulator => ("local reset", String::new()),
    };
    format!("{name}{}{options}", after_space(environment))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::Parser as _;

    fn every_command() -> Vec<String> {
        let address = || "network.vpc".to_owned();
        let environment = || Some("dev".to_owned());
        let operations = [
            Operation::Init,
            Operation::Validate,
            Operation::Plan,
            Operation::Up,
            Operation::Drift,
            Operation::Reconcile,
            Operation::Doctor,
            Operation::PrintPolicy(PolicyOf::Environment),
            Operation::PrintPolicy(PolicyOf::NamedAccount),
            Operation::PrintPolicy(PolicyOf::Role("glue".to_owned())),
            Operation::ListStates,
            Operation::WriteState,
            Operation::ResetEmulator,
        ];
        let is_of_an_environment = |one: &Operation| !matches!(one, Operation::Init | Operation::ResetEmulator);
        let performed = operations.into_iter().map(|one| {
            let environment = is_of_an_environment(&one).then_some("dev");
            Remedy::perform(one, environment, "does it")
        });
        let adopted = [Adoption::ByName, Adoption::ById, Adoption::ForTags];
        let adopted = adopted.map(|how| Remedy::Adopt { environment: "dev".to_owned(), address: address(), how });
        let others = [
            Remedy::Forget { environment: environment(), address: Some(address()) },
            Remedy::MoveRecord { from: address(), to: "network.other".to_owned() },
            Remedy::RestoreState { environment: environment(), version: None },
            Remedy::RestoreState { environment: environment(), version: Some("v1".to_owned()) },
            Remedy::Unlock { environment: "dev".to_owned(), id: "1-2".to_owned() },
            Remedy::ListAddresses,
            Remedy::AdoptAll { environment: "dev".to_owned() },
        ];
        let all = performed.chain(adopted).chain(others);
        let worded = all.map(|remedy| words(&remedy)).collect::<Vec<_>>().join("; ");
        let quoted = worded.split('`').filter(|part| part.starts_with("mlopsctl "));
        quoted.map(|command| command.split(" > ").next().unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn commands_of_all_remedies_are_accepted_by_the_command_line() {
        let commands = every_command();
        assert_eq!(commands.len(), 26, "{commands:#?}");
        for command in commands {
            let command = command.replace("--account ID", "--account 123456789012");
            let parsed = Cli::try_parse_from(command.split(' '));
            assert!(parsed.is_ok(), "{command}: {}", parsed.err().map(|error| error.to_string()).unwrap_or_default());
        }
    }

    #[test]
    fn earlier_state_is_put_back_with_the_option_that_writing_it_takes() {
        for environment in [None, Some("dev".to_owned())] {
            let named = environment.as_deref().map(|name| format!(" {name}")).unwrap_or_default();
            let worded = words(&Remedy::RestoreState { environment, version: None });
            assert!(worded.contains(&format!("`mlopsctl state push{named} FILE --force`")), "{worded}");
        }
        let moved = words(&Remedy::perform(Operation::WriteState, Some("dev"), "moves it"));
        assert_eq!(moved, "`mlopsctl state push dev FILE --force` moves it");
    }

    #[test]
    fn only_resources_without_an_owner_are_many_to_take_over() {
        let taken = |how| Remedy::Adopt { environment: "dev".to_owned(), address: "network.vpc".to_owned(), how };
        let ownerless = Remedy::Either(vec![taken(Adoption::ByName), Remedy::RenameInFile]);
        let moved = Remedy::perform(Operation::WriteState, Some("dev"), "moves it");
        let other_state = Remedy::Either(vec!["this environment has another state".into(), moved]);
        let remedies = [&other_state, &ownerless, &other_state, &ownerless, &other_state].map(Some);
        assert_eq!(shared(&remedies), (vec![false, false, true, false, true], None));
        let (left_out, advice) =
            shared(&[Some(&ownerless), None, Some(&ownerless), Some(&other_state), Some(&ownerless)]);
        assert_eq!(left_out, [true, false, true, false, true]);
        let advice = advice.unwrap();
        assert!(advice.starts_with("take over what is yours with `mlopsctl adopt dev ADDRESS…`, what"), "{advice}");
    }

    #[test]
    fn remedies_are_joined_in_their_order_and_empty_ones_left_out() {
        let consent = Remedy::AllowDataDeletion { address: Some("storage.data".to_owned()) };
        let either = Remedy::Either(vec![consent, "leave name as it was".into()]);
        assert_eq!(
            words(&Remedy::Several(vec![either, "".into(), Remedy::Rerun])),
            "pass --delete-data=storage.data to delete the data as well, or leave name as it was; run the command again"
        );
        assert_eq!(words_of(Some(&"".into())), None);
    }
}
