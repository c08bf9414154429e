//! `trousseau drill`, as it is typed.

use clap::{Args, Subcommand};

use super::Beginning;
use super::moment::Lasting;

#[derive(Debug, Subcommand)]
pub enum Drill {
    Cut(DrillCut),
}

#[derive(Debug, Args)]
#[group(id = "cut", required = true, multiple = true, args = ["country", "provider", "upstream"])]
pub struct DrillCut {
    #[arg(long, value_name = "CODE")]
    pub country: Vec<String>,
    #[arg(long, value_name = "NAME")]
    pub provider: Vec<String>,
    #[arg(long, value_name = "NAME")]
    pub upstream: Vec<String>,
    #[arg(long, value_name = "DURATION", default_value = "60s")]
    pub duration: Lasting,
    #[arg(long, value_name = "DATE", default_value = "30d")]
    pub since: Beginning,
    #[arg(long)]
    pub live: bool,
}
