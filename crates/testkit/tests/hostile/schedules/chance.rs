//! Chance, as it follows from a seed.

use std::hash::{DefaultHasher, Hash, Hasher};

pub(crate) struct Chance {
    seed: u64,
    asked: u64,
}

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, asked: 0 }
    }

    /// Any number.
    pub(crate) fn number(&mut self) -> u64 {
        self.asked += 1;
        let mut hasher = DefaultHasher::new();
        (self.seed, self.asked).hash(&mut hasher);
        hasher.finish()
    }

    /// A number from 0 to less than `end`, of which there must be one.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.number() % end as u64).expect("it is less than a usize")
    }

    /// True in one case of so many.
    pub(crate) fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    /// One of several.
    pub(crate) fn of<T: Clone>(&mut self, several: &[T]) -> T {
        several[self.below(several.len())].clone()
    }
}
