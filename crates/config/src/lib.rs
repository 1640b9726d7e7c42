//! Environment files: `environments/<name>.toml` → [`Environment`], or every problem the file has.
//!
//! The types of [`environment`] are the one place where a setting is declared: its name, type, default,
//! range and description. The JSON Schema that editors use is generated from them, and reading a file means
//! holding it against that same schema, so the editor and the tool cannot disagree. What a schema cannot say
//! (addresses that fit, references that lead somewhere) stands beside each type as its `check`.
//!
//! Nothing here knows a cloud: no SDK, no network, no ids.

mod check;
mod edit;
pub mod environment;
mod form;
mod format;
mod formats;
mod load;
mod overlap;
mod problem;
mod program;
mod project;
mod read;
mod redact;
mod schema;
mod secret_forms;
mod settings;
mod suggest;
mod syntax;
mod unicode;
mod version;

pub use edit::set_setting;
pub use environment::Environment;
pub use environment::cidr::Cidr;
pub use format::format;
pub use load::{discover, load, parse, text};
pub use overlap::{Overlap, overlapping};
pub use problem::{Invalid, Problem};
pub use project::{UnreadableFile, inside};
pub use schema::schema;
pub use settings::{SettingProblem, at_settings};
pub use suggest::nearest;
pub use unicode::{NotText, to_utf8};
