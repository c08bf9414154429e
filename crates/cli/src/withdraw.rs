//! `trousseau withdraw`, as it is typed.

use clap::{Args, Subcommand};

use super::Expiry;

/// What is withdrawn, or lifted.
#[derive(Debug, Subcommand)]
pub enum Withdraw {
    Provider(Withdrawn),
    Country(Withdrawn),
    Upstream(Withdrawn),
    List,
    Lift(Lift),
}

#[derive(Debug, Args)]
pub struct Withdrawn {
    #[arg(value_name = "NAME")]
    pub name: String,
    #[arg(long, value_name = "DATE")]
    pub until: Option<Expiry>,
    #[arg(long)]
    pub let_finish: bool,
}

#[derive(Debug, Args)]
pub struct Lift {
    #[arg(value_name = "ID")]
    pub id: String,
}
