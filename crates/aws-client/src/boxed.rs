//! Futures as object-safe traits need them.

use std::{future::Future, pin::Pin};

/// A boxed future.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
