/// A reason why a thing that exists outside of the stack does not serve it, or may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortcoming {
    /// What is wrong, or could not be seen.
    pub what: String,
    /// What to do; may be empty.
    pub help: String,
    /// Whether the platform cannot be built or work with it. Otherwise it could not be seen whether it can.
    pub is_certain: bool,
}

impl Shortcoming {
    /// The thing does not serve the platform.
    pub fn certain(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { what: what.into(), help: help.into(), is_certain: true }
    }

    /// It could not be seen whether the thing serves the platform.
    pub fn possible(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { what: what.into(), help: help.into(), is_certain: false }
    }
}
