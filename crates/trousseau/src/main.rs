//! Trousseau: answers from one's own documents, on one's own machines.
//!
//! A command opens the data folder, does its one thing through the gateway, and closes it again.
//!
//! `main` reads the arguments and hands them to [`commands`]; the parts are put together in [`app`]. From
//! here it is three jumps to the way of a question: `commands/ask.rs`, then `gateway/src/answer.rs`.

mod app;
mod cli;
mod commands;
mod config;
mod env;
mod failure;
mod messages;
mod printer;
mod report;
mod usage;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::messages::{Language, Messages};
use crate::printer::Printer;

/// The hidden command that worker processes are started with.
const WORKER: &str = "extract-worker";

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if arguments.get(1).is_some_and(|first| first == WORKER) {
        return work();
    }
    let messages = Messages::new(Language::of_locale());
    let json = arguments.iter().any(|argument| argument == "--json");
    let parsed = cli::parse(&messages, arguments);
    let printer = Printer::new(messages, json);
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return usage::tell(&printer, &error),
    };
    start_log();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            printer.error(&failure::AppError::Io(error));
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(Box::pin(commands::run(cli, &printer)));
    if let Some(error) = printer.take_refused() {
        printer.error(&failure::AppError::Output(error));
        return ExitCode::FAILURE;
    }
    match ended {
        Ok(code) => code,
        Err(failure) => {
            failure.tell(&printer);
            failure.exit_code()
        }
    }
}

/// Reads files for another process of this program until it closes the pipe.
fn work() -> ExitCode {
    match trousseau_extract::worker::run(std::io::stdin().lock(), std::io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn start_log() {
    let Some(filter) = env::LOG.read_text() else {
        return;
    };
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(filter))
        .with_writer(std::io::stderr)
        .init();
}
