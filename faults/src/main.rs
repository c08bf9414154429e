//! Throws faults and random requests at a real `trousseau serve`, and holds what happened against a table of who may see what.
//!
//! **Who takes part.** The program itself, as it is built, with a configuration drawn at random (`scene`, `card`) and started,
//! killed and told things by `service`; a process for each target (`target`, which answers as `script` and `says` have it) and one
//! that is the server of names (`names`), kept alive by `world`; clients that ask in all forms (`wanted`, `client`, `ending`). A
//! `round` brings them together. All of it runs in a network of its own (`alone`), where nothing else can be reached.
//!
//! **Who judges.** `oracle` reads `table.toml`, the table of the design as data, and knows nothing of the program's policy;
//! `ledger` and `entries` are a second reader of the ledger; `whole` knows what targets said. The `verdict`, with `recorded` for the ledger, holds them against
//! each other: no byte where the table permits none, no clean end of an answer that is not whole, every request in the ledger with
//! decision and outcome. The `histogram` counts what went wrong on the way, and a run that met too little of it has failed.
//!
//! Nothing here is linked into the product, and nothing of the product but what tests share is linked in here.

mod alone;
mod card;
mod client;
mod ending;
mod entries;
mod histogram;
mod journal;
mod ledger;
mod names;
mod oracle;
mod random;
mod recorded;
mod round;
mod says;
mod scene;
mod script;
mod service;
mod target;
mod verdict;
mod wanted;
mod whole;
mod world;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser;

use crate::histogram::Histogram;
use crate::oracle::Oracle;
use crate::round::Setting;
use crate::wanted::Texts;

#[derive(Debug, Parser)]
enum Faults {
    /// Runs the harness.
    Run(Run),
    /// A target's process.
    Target(target::Target),
    /// The process of the server of names.
    Names(names::Names),
}

#[derive(Debug, clap::Args)]
struct Run {
    /// The program that is put to the test.
    #[arg(long)]
    program: PathBuf,
    /// How many requests are made, in rounds of about `--each`.
    #[arg(long, default_value_t = 480)]
    requests: usize,
    #[arg(long, default_value_t = 160)]
    each: usize,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Runs this round alone: what a failure says to repeat it by.
    #[arg(long)]
    round: Option<u64>,
    /// Ends after the first round in which something is wrong.
    #[arg(long)]
    brief: bool,
    /// How many requests are under way at a time.
    #[arg(long, default_value_t = 24)]
    workers: usize,
    /// Keeps the folders of rounds in which something is wrong, here.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// Whether this is the process that is alone already.
    #[arg(long, hide = true)]
    alone: bool,
}

fn main() -> ExitCode {
    let came = match Faults::parse() {
        Faults::Target(target) => target::serve(target).map(|()| true),
        Faults::Names(names) => names::serve(&names).map(|()| true),
        Faults::Run(run) if run.alone => alone::settle().and_then(|settled| {
            let came = throw(&run);
            drop(settled);
            came
        }),
        Faults::Run(_) => alone::again(),
    };
    match came {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Runs the rounds; false where something is wrong.
fn throw(run: &Run) -> Result<bool> {
    let program = run
        .program
        .canonicalize()
        .with_context(|| format!("no program at {}", run.program.display()))?;
    let setting = Setting {
        program: &program,
        seed: run.seed,
        oracle: Oracle::read()?,
        texts: Texts::read()?,
        workers: run.workers,
    };
    let rounds = run.requests.div_ceil(run.each).max(1) as u64;
    let (first, end) = run.round.map_or((0, rounds), |round| (round, round + 1));
    let each = run.requests / usize::try_from(rounds)?;
    let mut histogram = Histogram::default();
    let (mut wrong, mut totals) = (0, round::Came::default());
    for number in first..end {
        let folder = tempfile::tempdir()?;
        let came = round::run(&setting, number, folder.path(), each);
        let came = came.unwrap_or_else(|error| round::Came {
            faults: vec![format!("{error:#}")],
            ..round::Came::default()
        });
        histogram.merge(&came.histogram);
        totals.entries += came.entries;
        totals.connections += came.connections;
        totals.bytes += came.bytes;
        totals.look_ups += came.look_ups;
        for fault in came.faults.iter().take(12) {
            say(&format!("wrong: {fault}"));
        }
        if !came.faults.is_empty() {
            wrong += came.faults.len();
            say(&format!(
                "{} faults in round {number}; again: --seed {} --requests {} --each {} --round {number}",
                came.faults.len(),
                run.seed,
                run.requests,
                run.each
            ));
            if let Some(keep) = &run.keep {
                say(&format!(
                    "its files are in {}",
                    keep_folder(keep, folder, number)?.display()
                ));
            }
            if run.brief {
                break;
            }
        }
        if (number + 1) % 20 == 0 {
            say(&format!(
                "round {number}: {} requests, {wrong} faults",
                histogram.requests
            ));
        }
    }
    say(&histogram.to_string());
    say(&format!(
        "  seed {}; {} entries, {} connections with {} bytes at targets, {} questions for names",
        run.seed, totals.entries, totals.connections, totals.bytes, totals.look_ups
    ));
    let lacks = if wrong == 0 && run.round.is_none() {
        histogram.lacks()
    } else {
        Vec::new()
    };
    for lack in &lacks {
        say(&format!("wrong: {lack}"));
    }
    say(&format!("{} things are wrong", wrong + lacks.len()));
    Ok(wrong + lacks.len() == 0)
}

/// Moves what is on real disks of a round's folder to where it stays.
fn keep_folder(keep: &std::path::Path, folder: tempfile::TempDir, number: u64) -> Result<PathBuf> {
    let to = keep.join(format!("round-{number}"));
    fs_err::create_dir_all(&to)?;
    for entry in fs_err::read_dir(folder.path())? {
        let path = entry?.path();
        if let Some(name) = path.file_name().filter(|_| path.is_file()) {
            fs_err::copy(&path, to.join(name))?;
        }
    }
    Ok(to)
}

/// Prints a line. Whoever closed the pipe does not want to read it.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _written = writeln!(out, "{line}").and_then(|()| out.flush());
}
