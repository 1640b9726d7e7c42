//! What happens inside the platform once it is built: data going in, executions of the pipeline, their logs,
//! the models they register.
//!
//! Calls and their meaning only: nothing here prints, waits or knows a state.

mod execution;
mod history;
mod images;
mod logs;
mod packages;
mod reading;
mod time;
mod upload;
mod verdict;
mod why;

pub use execution::{Execution, Machine, Status};
pub use history::{Attempt, Event, History, Phase, Step, Task};
pub use images::{Login, login};
pub use logs::{Line, Source, lines, sources};
pub use packages::{Approval, Package, Registry};
pub use upload::{Fate, Shipment, Store, Unfit, gather};
pub use verdict::Verdict;
pub use why::Why;
