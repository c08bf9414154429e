//! One file per command: parse what was typed, call the service, print what came back.

use std::io::Read as _;
use std::process::ExitCode;

use trousseau_gateway::error::GatewayError;
use trousseau_retrieval::error::StoreError;

use crate::app::{App, tenant};
use crate::cli::{Action, Cli, Config, Global, Ledger, Policy};
use crate::failure::{AppError, Failure};
use crate::printer::Printer;

mod ask;
mod collections;
mod completions;
mod config;
mod decision;
mod demo;
mod doctor;
mod documents;
mod generate;
mod ingest;
mod ledger;
mod policy;
mod search;
mod tasks;

/// Does what was typed.
pub(crate) async fn run(cli: Cli, printer: &Printer) -> Result<ExitCode, Failure> {
    let global = &cli.global;
    match cli.command {
        Action::Demo(demo) => demo::run(global, demo, printer).await,
        Action::Ingest(ingest) => ingest::run(global, ingest, printer).await,
        Action::Ask(ask) => ask::run(global, ask, printer).await,
        Action::Search(search) => search::run(global, search, printer).await,
        Action::Tasks(tasks) => tasks::run(global, &tasks, printer).await,
        Action::Collections => collections::run(global, printer).await,
        Action::Documents(documents) => documents::run(global, documents, printer).await,
        Action::Policy(Policy::Explain(explain)) => policy::explain(global, explain, printer).await,
        Action::Ledger(Ledger::Verify(verify)) => ledger::verify(global, &verify, printer),
        Action::Ledger(Ledger::Prove(prove)) => ledger::prove(global, &prove, printer),
        Action::Ledger(Ledger::Show(show)) => ledger::show(global, &show, printer).await,
        Action::Config(Config::Check) => config::check(global, printer),
        Action::Config(Config::Example) => Ok(config::example(printer)),
        Action::Doctor => doctor::run(global, printer).await,
        Action::Completions(completions) => Ok(completions::run(&completions, printer)),
        Action::Generate(generate) => Ok(generate::run(&generate, printer)),
        // `main` has already gone another way.
        Action::ExtractWorker => Ok(ExitCode::FAILURE),
    }
}

/// A text that is typed, or read from standard input where `-` is typed: neither empty nor longer than
/// `limit` bytes.
fn text_or_input(typed: String, limit: usize) -> Result<String, Failure> {
    let text = if typed == "-" {
        let mut bytes = Vec::new();
        let mut input = std::io::stdin().lock().take(limit as u64 + 1);
        input.read_to_end(&mut bytes).map_err(AppError::Io)?;
        String::from_utf8_lossy(&bytes).into_owned()
    } else {
        typed
    };
    match text.len() {
        found if found > limit => Err(GatewayError::LongQuestion { found, limit }.into()),
        _ if text.trim().is_empty() => Err(GatewayError::EmptyQuestion.into()),
        _ => Ok(text),
    }
}

/// The collections that are named, `None` where none is, which means all of them. Fails on one that neither
/// the configuration nor any document has.
async fn named(app: &App, global: &Global, collections: Vec<String>) -> Result<Option<Vec<String>>, Failure> {
    if collections.is_empty() {
        return Ok(None);
    }
    let kept = app.gateway.library.store().collections(&tenant(global)).await?;
    for name in &collections {
        let configured = app.config.settings.collections.contains_key(name);
        if !configured && !kept.iter().any(|row| row.name == *name) {
            return Err(StoreError::NoCollection { name: name.clone() }.into());
        }
    }
    Ok(Some(collections))
}
