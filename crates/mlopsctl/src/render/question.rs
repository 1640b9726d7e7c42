//! The question before a change, with the facts that a user must know to confirm it.

use super::page::{Form, Page, counted};
use crate::printer::{Printer, Style};
use app::Confirmation;
use review::Names;

/// More resources with data are counted only.
const MOST_NAMED: usize = 10;

/// The lines above the question.
pub(crate) fn lines(asked: &Confirmation<'_>, printer: Printer, form: Form) -> Vec<String> {
    let names = Names::default();
    let mut page = Page::new(printer, form, &names);
    let Confirmation { environment, account, region, summary, losses, .. } = asked;
    let place = format!("account {account}, region {region}");
    page.gap();
    match is_destruction(asked) {
        true => {
            let deleted = counted(summary.delete, "resource");
            page.plain(0, &format!("This deletes {deleted} of {environment} in {place}."));
        }
        false => page.plain(0, &format!("This changes {environment} in {place}.")),
    }
    if !losses.is_empty() {
        page.line(0, 0, &[(Some(Style::Alarm), "It deletes data, and nothing brings that back:")]);
        let (named, others) = losses.split_at(losses.len().min(MOST_NAMED));
        for loss in named {
            page.line(2, 2, &[(None, &format!("{}: {}", loss.address, loss.holds))]);
        }
        if !others.is_empty() {
            page.plain(2, &format!("… and {} more", others.len()));
        }
    }
    page.finish()
}

/// The question. The destruction of an environment is confirmed with its name, everything else with `y`.
pub(crate) fn question(asked: &Confirmation<'_>) -> String {
    match is_destruction(asked) {
        true => format!("Type {} to destroy it:", asked.environment),
        false => format!("Apply this to {}? [y/N]", asked.environment),
    }
}

/// True if the change destroys the whole environment.
pub(crate) fn is_destruction(asked: &Confirmation<'_>) -> bool {
    asked.operation == "destroy"
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::{Loss, Summary};
    use resource::Address;

    fn said(operation: &str, losses: &[Loss], width: usize) -> String {
        let printer =
            Printer { colour: false, colourful: false, terminal: false, json: false, quiet: false, repeated: "" };
        let asked = Confirmation {
            operation,
            environment: "dev",
            account: "123456789012",
            region: "ap-south-1",
            summary: Summary { delete: 59, ..Summary::default() },
            losses,
        };
        lines(&asked, printer, Form::new(false, Some(width))).join("\n") + "\n" + &question(&asked)
    }

    fn loss(name: &str) -> Loss {
        let address = Address::parse(&format!("storage.{name}")).expect("it is an address");
        Loss { address, holds: "5 objects, 267.2 kB".to_owned() }
    }

    #[test]
    fn destruction_is_confirmed_with_the_name_after_account_region_and_data() {
        assert_eq!(
            said("destroy", &[loss("data")], 80),
            "\nThis deletes 59 resources of dev in account 123456789012, region ap-south-1.\n\
             It deletes data, and nothing brings that back:\n  storage.data: 5 objects, 267.2 kB\n\
             Type dev to destroy it:"
        );
        assert!(said("destroy", &[], 80).lines().count() == 3);
        let many: Vec<Loss> = (0..13).map(|number| loss(&format!("bucket-{number}"))).collect();
        assert!(said("destroy", &many, 80).contains("… and 3 more"));
    }

    #[test]
    fn change_is_confirmed_with_yes_after_account_and_region() {
        let said = said("up", &[], 40);
        assert_eq!(said, "\nThis changes dev in account\n  123456789012, region ap-south-1.\nApply this to dev? [y/N]");
    }
}
