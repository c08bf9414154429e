//! Trousseau's command line.
fn main() {}
