//! The embedded AWS behind `mlopsctl --local`.
//!
//! The services are the `winterbaume-*` crates, called in-process: no network, no container. What
//! they forget on read-back is kept by the overlays over them; what they permit and AWS does not is
//! refused there. The AWS SDK reaches them through [`Cloud::sdk_config`], other
//! programs through [`Cloud::serve`]; both end in [`Cloud::answer`], around which a [`Layer`] can
//! be laid.

mod call;
mod callers;
mod cloud;
mod connector;
mod disk;
mod ec2;
mod error;
mod event_rules;
mod layer;
mod objects;
mod overlay;
mod pace;
mod runner;
mod saving;
mod server;
mod service;
mod tagging;
mod unkept;
mod work;
mod worker;

pub use call::Call;
pub use cloud::Cloud;
pub use error::Error;
pub use layer::{Layer, LostAnswer, Next};
pub use runner::{Runner, Unprepared};
/// A request to an AWS service: method, URI, headers and body.
pub use winterbaume_core::MockRequest as Request;
/// An AWS service's answer: status, headers and body.
pub use winterbaume_core::MockResponse as Response;
pub use worker::{Answer, Invocation, Worker};

/// The account of the embedded AWS when nothing else is asked for.
pub const ACCOUNT: &str = "123456789012";
