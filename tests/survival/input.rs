//! Broken input of every sort: a clear error each time, the exit code of the contract, and nothing touched.

mod arguments;
mod corpus;
mod endpoints;
mod files;
mod hostile;
mod locks;
mod places;
mod plans;
mod proxies;
mod shipped;
mod slow;
mod states;
mod tfstates;
mod trust;
