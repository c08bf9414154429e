//! The repository's own commands: the tests, the rules, the generated references.
fn main() {}
