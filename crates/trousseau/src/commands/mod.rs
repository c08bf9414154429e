//! One file per command: parse what was typed, call the service, print what came back.

use trousseau_gateway::error::GatewayError;
use trousseau_retrieval::error::StoreError;

use crate::app::{App, tenant};
use crate::caller::Caller;
use crate::cli::{Action, Config, Drill, Ledger, Limits, Policy};
use crate::failure::{Exit, Failure};

mod ask;
mod backup;
mod catalogue;
mod collections;
mod completions;
mod config;
mod decision;
mod demo;
mod doctor;
mod documents;
mod drill;
mod generate;
mod ingest;
mod keys;
mod ledger;
mod limits;
mod policy;
mod records;
mod reload;
mod search;
mod serve;
mod state;
mod tasks;
mod users;
mod whereabouts;
mod withdraw;

/// Does what was typed.
pub(crate) async fn run(caller: &Caller, action: Action) -> Result<Exit, Failure> {
    let printer = &*caller.printer;
    match action {
        Action::Demo(demo) => demo::run(caller, demo).await,
        Action::Serve(serve) => Box::pin(serve::run(caller, serve)).await,
        Action::Ingest(ingest) => ingest::run(caller, ingest).await,
        Action::Ask(ask) => ask::run(caller, ask).await,
        Action::Search(search) => search::run(caller, search).await,
        Action::Tasks(tasks) => tasks::run(caller, &tasks).await,
        Action::Collections => collections::run(caller).await,
        Action::Documents(documents) => documents::run(caller, documents).await,
        Action::Policy(Policy::Explain(explain)) => policy::explain(caller, explain).await,
        Action::Ledger(Ledger::Verify(verify)) => ledger::verify(caller, &verify),
        Action::Ledger(Ledger::Prove(prove)) => ledger::prove(caller, &prove).await,
        Action::Ledger(Ledger::Show(show)) => ledger::show(caller, &show).await,
        Action::Ledger(Ledger::Where(asked)) => whereabouts::tell(caller, &asked),
        Action::Config(Config::Check(check)) => config::check(caller, check),
        Action::Config(Config::Example) => Ok(config::example(printer)),
        Action::Keys(keys) => keys::run(caller, keys).await,
        Action::Limits(Limits::Show) => limits::show(caller).await,
        Action::Users(users) => users::run(caller, users).await,
        Action::Records(records) => records::run(caller, records).await,
        Action::Backup(backup) => backup::make(caller, &backup).await,
        Action::Restore(restore) => backup::restore(caller, &restore).await,
        Action::Catalogue(command) => catalogue::run(caller, command).await,
        Action::Config(Config::Show) => config::show(caller),
        Action::Reload => reload::run(caller).await,
        Action::State(state) => state::run(caller, state).await,
        Action::Withdraw(withdraw) => withdraw::run(caller, withdraw).await,
        Action::Drill(Drill::Cut(cut)) => drill::cut(caller, cut).await,
        Action::Doctor => doctor::run(caller).await,
        Action::Completions(completions) => Ok(completions::run(&completions, printer)),
        Action::Generate(generate) => generate::run(&generate, printer),
        // `main` has already gone another way.
        Action::ExtractWorker => Ok(Exit::FAILURE),
    }
}

/// A text that is typed, or read from standard input where `-` is typed: neither empty nor longer than
/// `limit` bytes.
fn text_or_input(caller: &Caller, typed: String, limit: usize) -> Result<String, Failure> {
    let text = if typed == "-" {
        let bytes = caller.printer.input(limit + 1)?;
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
async fn named(app: &App, caller: &Caller, collections: Vec<String>) -> Result<Option<Vec<String>>, Failure> {
    if collections.is_empty() {
        return Ok(None);
    }
    let kept = app
        .gateway
        .library
        .store()
        .collections(&tenant(&caller.global))
        .await?;
    for name in &collections {
        let configured = app.config().settings.collections.contains_key(name);
        if !configured && !kept.iter().any(|row| row.name == *name) {
            return Err(StoreError::NoCollection { name: name.clone() }.into());
        }
    }
    Ok(Some(collections))
}
