//! The operations inside a platform that exists: data going in, executions of the pipeline, their logs, the models they
//! register, and the answers of these.
//!
//! Calls and their meaning only: nothing here prints, waits or knows a state.

mod column_tally;
mod data_schema;
mod endpoint;
mod execution;
mod failure_reason;
mod file_format;
mod first_schema;
mod header_names;
mod history;
mod images;
mod inspection;
mod logs;
mod missing;
mod packages;
mod raw_data;
mod raw_rows;
mod raw_values;
mod reading;
mod signature;
mod table;
mod time;
mod upload;
mod verdict;

pub use data_schema::{Schema as RawSchema, Task as LearnedTask};
pub use endpoint::Endpoint;
pub use execution::{Execution, Machine, Status};
pub use failure_reason::FailureReason;
pub use first_schema::FirstSchema;
pub use history::{Attempt, Event, History, Phase, Step, Task};
pub use images::{Login, login};
pub use inspection::{Finding, Inspection, inspect};
pub use logs::{Line, Source, lines, sources};
pub use missing::Missing;
pub use packages::{Approval, ModelRegistry, Package};
pub use raw_data::{NotRemoved, RawFile, Removal};
pub use raw_rows::{RawRows, UnfitRow};
pub use signature::Signature;
pub use table::UnfitFile;
pub use upload::{PlannedUpload, Store, Unfit, UploadOutcome, gather};
pub use verdict::Verdict;
