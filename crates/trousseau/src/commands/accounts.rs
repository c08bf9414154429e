//! `trousseau keys` and `trousseau users`: who may come in over HTTP.

/// Who makes an account at the command line.
pub(super) const OPERATOR: &str = "operator";
