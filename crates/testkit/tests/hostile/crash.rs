//! The crash sweep: a run killed at every call it makes, before the call takes effect and after, those that
//! write the state and its lock among them. The next run ends where a run that was never killed does.

mod sweep;

use sweep::{Act, sweep};
pub(crate) use sweep::{differences, settled};
use testkit::{Aws, Platform};

/// Dev, as its file has it.
fn dev() -> Platform {
    Platform::named("dev")
}

/// Dev with something changed in nearly everything, all of it in place.
fn changed() -> Platform {
    Platform::with("dev", |dev| {
        dev.tags.insert("Owner".into(), "Somebody else".into());
        dev.tags.remove("Compliance");
        dev.monitoring.log_retention_days = 14;
        dev.network.zones = 3;
        for bucket in &mut dev.storage.buckets {
            bucket.expire_noncurrent_days = 60;
        }
        for function in &mut dev.functions {
            function.memory_mb = 2048;
        }
        dev.registry.keep_tagged = 20;
    })
}

/// Dev in another network: nearly all of that is replaced.
fn moved() -> Platform {
    Platform::with("dev", |dev| dev.network.cidr = Some("10.8.0.0/16".parse().unwrap()))
}

fn built() -> Aws {
    let platform = dev();
    let mut aws = Aws::brisk(platform.region(), 1);
    Act::Up.done(&platform, &mut aws);
    aws
}

#[test]
fn up_may_be_killed_at_any_moment() {
    let platform = dev();
    sweep(&platform, Act::Up, &Aws::brisk(platform.region(), 1));
}

#[test]
fn an_update_of_everything_may_be_killed_at_any_moment() {
    sweep(&changed(), Act::Up, &built());
}

#[test]
fn a_replacement_may_be_killed_at_any_moment() {
    sweep(&moved(), Act::Up, &built());
}

#[test]
fn destroy_may_be_killed_at_any_moment() {
    sweep(&dev(), Act::Destroy, &built());
}
