//! Measures the extractive answerer on questions with known answers. See `bench/answers/README.md`.
//!
//! `bench-answers DATA` indexes each set whole as the product does, asks the questions, and prints how often
//! the answer holds the gold answer beside the baselines, and how well it abstains.

#![expect(clippy::print_stdout, reason = "printing figures is what this program is for")]

mod abstention;
mod answers;
mod corpus;
mod data;
mod features;
mod fit;
mod judge;
mod resample;

use std::path::PathBuf;

use clap::Parser;

use self::corpus::Corpus;

#[derive(Parser)]
#[command(about = "Measures the extractive answerer on questions with known answers")]
struct Arguments {
    /// The folder of the benchmark data.
    data: PathBuf,
    /// The folder of each set whose questions are asked.
    #[arg(long, default_value = "dev")]
    part: String,
    /// Do not tell the answerer how rare terms are in the whole set: it estimates from the passages.
    #[arg(long)]
    estimated: bool,
    /// Write what the weights are fitted on to this file, as JSON lines, and measure nothing.
    #[arg(long)]
    features: Option<PathBuf>,
    /// Fit the weights of the confidence, on each half of the documents and on all, and measure nothing else.
    #[arg(long)]
    fit: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut sets = Vec::new();
    for set in data::SETS {
        let set = data::load(&arguments.data, set, &arguments.part)?;
        let corpus = Corpus::build(&set, !arguments.estimated)?;
        sets.push((set, corpus));
    }
    if let Some(path) = arguments.features {
        return features::write(&sets, &path);
    }
    if arguments.fit {
        fit::print(&abstention::trials(&sets)?);
        return Ok(());
    }
    answers::print(&sets)?;
    abstention::print(&abstention::trials(&sets)?);
    Ok(())
}
