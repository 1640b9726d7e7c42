/// A reason why an existing resource outside of the stack is certainly or possibly unfit for the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortcoming {
    /// The defect, or the fact that could not be read.
    pub what: String,
    /// The advice; may be empty.
    pub help: String,
    /// Whether the platform certainly cannot be built or work with it. Otherwise a fact could not be read.
    pub is_certain: bool,
}

impl Shortcoming {
    /// The resource is unfit.
    pub fn certain(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { what: what.into(), help: help.into(), is_certain: true }
    }

    /// A fact could not be read, so it is unknown whether the resource is fit.
    pub fn possible(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { what: what.into(), help: help.into(), is_certain: false }
    }
}
