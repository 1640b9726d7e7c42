//! Signatures that are taken no more on the way, because the credentials have expired or the clock is wrong: everything
//! is refused from then on, writes of the state as well.

use crate::{aftermath::UP, project::Project, served::Served};
use testkit::Refusal;

/// The fault of a signature.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Signature {
    /// The credentials have expired.
    Expired,
    /// The clock of the machine that signed is a quarter of an hour behind.
    Late,
}

impl Signature {
    /// The service's error for such a signature.
    pub(crate) fn refused(self, service: &str) -> Refusal {
        let expired = "The security token included in the request is expired";
        let late =
            "Signature expired: 20260101T120000Z is now earlier than 20260101T121000Z (20260101T121500Z - 5 min.)";
        match (self, service) {
            (Self::Expired, "s3") => Refusal::new("ExpiredToken", expired),
            (Self::Expired, _) => Refusal::new("ExpiredTokenException", expired),
            (Self::Late, "s3") => {
                let message = "The difference between the request time and the current time is too large.";
                Refusal::new("RequestTimeTooSkewed", message).status(403)
            }
            (Self::Late, "ec2") => Refusal::new("RequestExpired", "Request has expired."),
            (Self::Late, "iam" | "sns" | "sts") => Refusal::new("SignatureDoesNotMatch", late).status(403),
            (Self::Late, _) => Refusal::new("InvalidSignatureException", late),
        }
    }
}

fn the_run_ends_and_says_so_and_the_next_one_goes_on_from_there(what_is_wrong: Signature, help: &str) {
    let calls = {
        let served = Served::start();
        served.run(&Project::new(), UP).ends_with(0);
        served.door().changing_calls()
    };
    let project = Project::new();
    for part in 1..6 {
        let served = Served::start();
        served.door().refuse_after(part * calls / 3, what_is_wrong);
        let ran = served.run(&project, UP).ends_with(1);
        assert!(ran.stderr.contains(help), "{}", ran.stderr);
        served.door().renew();
        served.converges_to_dev(&project, &format!("{what_is_wrong:?} after {} calls", part * calls / 3));
    }
}

#[test]
fn credentials_that_expire_end_the_run_and_nothing_else() {
    let help = "the credentials have expired: log in again, and run the same command";
    the_run_ends_and_says_so_and_the_next_one_goes_on_from_there(Signature::Expired, help);
}

#[test]
fn a_clock_that_is_wrong_ends_the_run_and_nothing_else() {
    let help = "the clock of this machine is wrong: set it, and run the same command";
    the_run_ends_and_says_so_and_the_next_one_goes_on_from_there(Signature::Late, help);
}
