//! Running the binary, and what it must say.

use crate::project::{Project, Ran};

impl Project {
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    /// The binary on the embedded AWS.
    pub(crate) fn local(&self, arguments: &[&str]) -> Ran {
        self.run(&[arguments, &["--local"]].concat())
    }
}

impl Ran {
    /// Asserts that the command told a person the problem in these words, and did not crash.
    #[track_caller]
    pub(crate) fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.stderr.contains(word), "{word:?} is not in {}", self.stderr);
        }
        assert!(self.stderr.contains("error:"), "nothing is called an error: {}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self
    }
}
