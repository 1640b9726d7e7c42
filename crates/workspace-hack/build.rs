//! Holds no code: see `Cargo.toml`.

fn main() {}
