//! `trousseau state`, as it is typed.

use clap::Subcommand;

/// What is done with the database of the replicas.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum State {
    Import,
}
