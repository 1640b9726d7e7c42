//! The remains of a killed run, and their treatment by the next one.

use crate::platform::Platform;
use std::io::{BufRead, BufReader};

#[test]
fn what_a_killed_run_made_is_taken_over_and_nothing_is_made_twice() {
    let platform = Platform::new("killed", "dev");
    for steps in [1, 30] {
        let mut run = platform.start("up", &["--json"]);
        let events = BufReader::new(run.stdout.take().unwrap()).lines().map(Result::unwrap);
        let done = events.filter(|line| line.contains("\"phase\":\"done\""));
        assert_eq!(done.take(steps).count(), steps);
        run.kill().unwrap();
        run.wait().unwrap();
    }
    platform.up();
    let there = platform.in_the_cloud();
    let counts = ["VPCs", "subnets", "internet gateways", "NAT gateways", "addresses", "route tables", "endpoints"]
        .map(|kind| there[kind].len());
    assert_eq!(counts, [1, 4, 1, 1, 1, 2, 1], "{there:#?}");
    assert_eq!(there["security groups"].len(), 2, "{there:#?}");
}
