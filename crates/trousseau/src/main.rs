//! Trousseau: answers from one's own documents, on one's own machines.
//!
//! A command opens the data folder, does its one thing through the gateway, and closes it again. While a server has
//! the folder open, the server does it, and this process shows what comes back ([`admin`]).
//!
//! `main` reads the arguments and hands them to [`commands`]; the parts are put together in [`app`]. From
//! here it is three jumps to the way of a question: `commands/ask.rs`, then `gateway/src/answer.rs`.

mod admin;
mod app;
mod caller;
mod checks;
mod commands;
mod console;
mod control;
mod env;
mod failure;
mod messages;
mod printer;
mod report;
mod secret;
mod texts;
mod usage;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use trousseau_cli as cli;

use crate::caller::Caller;
use crate::cli::{Action, Cli};
use crate::console::{Own, Screen};
use crate::failure::{AppError, Exit, Failure};
use crate::messages::{Language, Messages};
use crate::printer::Printer;

/// A tenth less processor time per question than with the system's (docs/adr/043).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The hidden command that worker processes are started with.
const WORKER: &str = "extract-worker";

fn main() -> ExitCode {
    // A huge page for every arena of the allocator would be three times the memory of a server at rest.
    #[cfg(target_os = "linux")]
    let _best_effort = rustix::thread::disable_transparent_huge_pages(true);
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if arguments.get(1).is_some_and(|first| first == WORKER) {
        return work();
    }
    let language = Language::of_locale();
    let messages = Messages::new(language);
    let json = cli::wants_json(&arguments);
    let parsed = cli::parse(&messages.words(), arguments.clone());
    let printer = Arc::new(Printer::new(messages, json, Screen::here(), Arc::new(Own)));
    let ended = match parsed {
        Ok(cli) => run(cli, arguments, language, &printer),
        Err(error) => usage::tell(&printer, &error),
    };
    ended.into()
}

/// Does what was typed: at the server that has the data folder, or else here.
fn run(cli: Cli, arguments: Vec<OsString>, language: Language, printer: &Arc<Printer>) -> Exit {
    let is_server = matches!(cli.command, Action::Serve(_));
    start_log(is_server.then_some("info"));
    match at_server(&cli, arguments, language, printer) {
        Ok(Some(exit)) => conclude(Ok(exit), printer),
        Ok(None) => conclude(here(cli, printer), printer),
        Err(failure) => conclude(Err(failure), printer),
    }
}

/// Has the server do it, where there is one and the command is for it.
fn at_server(
    cli: &Cli,
    arguments: Vec<OsString>,
    language: Language,
    printer: &Printer,
) -> Result<Option<Exit>, Failure> {
    if !cli.command.is_served() {
        return Ok(None);
    }
    let data = app::data_folder(&cli.global)?;
    let Some(server) = admin::reach(&data)? else {
        return Ok(None);
    };
    let config = app::named_config(&cli.global)
        .map(std::path::absolute)
        .transpose();
    let call = admin::Call {
        arguments,
        config: config.map_err(AppError::Io)?,
        language,
    };
    Ok(Some(admin::relay(&server, call, &data, printer)?))
}

fn here(cli: Cli, printer: &Arc<Printer>) -> Result<Exit, Failure> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if !matches!(cli.command, Action::Serve(_)) {
        runtime.worker_threads(2);
    }
    let runtime = runtime.enable_all().build();
    let caller = Caller::here(cli.global, Arc::clone(printer))?;
    let running = Box::pin(commands::run(&caller, cli.command));
    runtime.map_err(AppError::Io)?.block_on(running)
}

/// Tells how a command ended, where it did not end well.
fn conclude(ended: Result<Exit, Failure>, printer: &Printer) -> Exit {
    if let Some(error) = printer.take_refused() {
        printer.error(&AppError::Output(error));
        return Exit::FAILURE;
    }
    match ended {
        Ok(exit) => exit,
        Err(failure) => {
            failure.tell(printer);
            failure.exit()
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

/// Logs to standard error what the environment asks for, or else `usual`.
fn start_log(usual: Option<&str>) {
    let Some(filter) = env::LOG.read_text().or_else(|| usual.map(str::to_owned)) else {
        return;
    };
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(filter))
        .with_writer(std::io::stderr)
        .with_ansi(Screen::here().progress.is_some())
        .init();
}
