//! Credentials that expire on the way: everything is refused from then on, writes of the state as well.

use crate::{aftermath::UP, project::Project, served::Served};

#[test]
fn the_run_ends_and_says_so_and_the_next_one_goes_on_from_there() {
    let calls = {
        let served = Served::start();
        served.run(&Project::new(), UP).ends_with(0);
        served.door().changing_calls()
    };
    let project = Project::new();
    for part in 1..6 {
        let served = Served::start();
        served.door().expire_after(part * calls / 3);
        let ran = served.run(&project, UP).ends_with(1);
        let help = "the credentials have expired: log in again, and run the same command";
        assert!(ran.stderr.contains(help), "{}", ran.stderr);
        served.door().renew();
        served.converges_to_dev(&project, &format!("credentials had expired after {} calls", part * calls / 3));
    }
}
