//! Two versions of mlopsctl that work on one state at the same time. The fencing token lets the later write win. The
//! next run finds the resources that the other version made.

use crate::{times, up};
use std::time::Duration;
use testkit::{Aws, Platform};

#[test]
fn run_that_a_later_version_overtakes_at_any_moment_loses_and_duplicates_nothing() {
    let platform = Platform::named("dev");
    let mut clean = Aws::brisk(platform.region(), 23);
    up(&platform, &mut clean);
    let mut overtaken = 0;
    for after in [2, 4, 8, 16, 24, 32] {
        let mut aws = Aws::brisk(platform.region(), 23);
        let applied = aws.run(async |sdk| {
            let later = async {
                tokio::time::sleep(Duration::from_secs(after)).await;
                platform.overtake(&sdk).await
            };
            tokio::join!(platform.up(&sdk), later).0
        });
        if let Some(why) = &applied.stopped {
            assert!(why.contains("mlopsctl 7.8.9 wrote the state"), "after {after} s: {why}");
            overtaken += 1;
        }
        up(&platform, &mut aws);
        assert_eq!(platform.inventory(&aws), platform.inventory(&clean), "after {after} s");
        assert_eq!(times(&aws, "ec2", "CreateVpc"), 1, "after {after} s");
        let again = aws.run(async |sdk| platform.plan(&sdk).await);
        assert!(again.plan.is_empty() && again.refusals.is_empty(), "after {after} s: {:#?}", again.plan.changes);
    }
    assert!(overtaken >= 3, "only {overtaken} runs were at work when the later version wrote");
}
