//! Budgets, in accounts whose root user has not let IAM decide about billing.

use crate::{failure, up};
use testkit::{Aws, Fault, Platform};

fn denied() -> Fault {
    Fault::refused("AccessDeniedException", "Account 123456789012 is not authorized to perform budgets:ViewBudget")
}

#[test]
fn budget_that_billing_denies_says_what_the_root_user_does() {
    let platform = Platform::named("prod").only("operations.budget");
    let mut aws = Aws::lenient(platform.region());
    aws.strike(("budgets", "CreateBudget"), 0, u64::MAX, denied());
    let applied = aws.run(async |sdk| platform.up(&sdk).await);
    let help = applied.failed.first().and_then(|failed| failed.failure.help.as_ref());
    assert!(help.is_some_and(|help| help.advice().contains("root user")), "{}", failure(&applied));
    aws.calm();
    up(&platform, &mut aws);
    aws.strike(("budgets", "DescribeBudget"), 0, u64::MAX, denied());
    let planning = aws.run(async |sdk| platform.plan(&sdk).await);
    let [refusal] = planning.refusals.as_slice() else { panic!("{:#?}", planning.refusals) };
    assert!(refusal.failure.help.as_ref().is_some_and(|help| help.advice().contains("root user")), "{refusal:#?}");
}
