//! `trousseau demo`: everything at once, on sample documents, with nothing to fetch first.
//!
//! It holds no answer. It writes its documents and its configuration to a folder and calls the same
//! functions as `ingest` and `ask` on them.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use trousseau_config::file::create_private;
use trousseau_core::chat::{ChatRequest, Message};
use trousseau_core::principal::Principal;
use trousseau_gateway::answer::{Answered, Asked};
use trousseau_gateway::error::GatewayError;
use trousseau_gateway::ingest::Registration;

use super::{ask, decision, ingest};
use crate::app::{App, tenant};
use crate::caller::Caller;
use crate::cli::{Demo, Global};
use crate::failure::{AppError, Exit, Failure};
use crate::printer::{Printer, Style};

mod samples;

/// The questions that are asked where none is given, each with the key that asks it: one to public, one to
/// internal, one to personnel documents.
const QUESTIONS: [(&str, &str); 3] = [
    ("visiteur", "Dans quel délai faut-il déclarer une naissance ?"),
    (
        "agent",
        "Combien de jours par semaine un agent à temps plein peut-il télétravailler ?",
    ),
    (
        "gestionnaire-rh",
        "Quand le contrat de Rémi Vasseur-Kowalski prend-il fin ?",
    ),
];

/// The folder the demonstration works in; without `--keep` it is deleted at the end.
struct Workplace {
    root: PathBuf,
    kept: bool,
}

impl Drop for Workplace {
    fn drop(&mut self) {
        if !self.kept {
            // A folder that cannot be deleted is left in the system's folder for temporary files.
            let _left = fs_err::remove_dir_all(&self.root);
        }
    }
}

pub(super) async fn run(caller: &Caller, demo: Demo) -> Result<Exit, Failure> {
    let place = workplace(demo.keep.as_deref())?;
    let caller = &caller.with(at(&caller.global, &place.root)?);
    let printer = &*caller.printer;
    let documents = match &demo.documents {
        Some(path) => vec![(ingest::DEFAULT_COLLECTION.to_owned(), path.clone())],
        None => samples::write(&place.root.join("documents")).map_err(AppError::Io)?,
    };
    let app = App::open_to_demonstrate(&caller.global).await?;
    let ingested = take_in(&app, caller, documents).await?;
    let mut answers = Vec::new();
    for (principal, question) in questions(&app, &caller.global, demo.question)? {
        answers.push(show(&app, &principal, question, caller).await?);
    }
    app.close().await?;
    if printer.json() {
        printer.object(&json!({ "ingested": ingested, "answers": answers }));
    } else {
        what_next(&place, printer);
    }
    Ok(Exit::SUCCESS)
}

fn workplace(keep: Option<&Path>) -> Result<Workplace, AppError> {
    let root = match keep {
        Some(folder) => std::path::absolute(folder)?,
        None => std::env::temp_dir().join(format!("trousseau-demo-{}", std::process::id())),
    };
    create_private(&root)?;
    Ok(Workplace {
        root,
        kept: keep.is_some(),
    })
}

/// The options of a command that works in this folder: with its data and, where none is named, its configuration.
fn at(global: &Global, root: &Path) -> Result<Global, AppError> {
    let data = root.join("data");
    create_private(&data)?;
    let config = match &global.config {
        Some(config) => config.clone(),
        None => {
            let config = data.join("trousseau.toml");
            fs_err::write(&config, samples::CONFIG)?;
            config
        }
    };
    Ok(Global {
        data: Some(data),
        config: Some(config),
        ..global.clone()
    })
}

async fn take_in(app: &App, caller: &Caller, documents: Vec<(String, PathBuf)>) -> Result<usize, Failure> {
    let printer = &*caller.printer;
    let mut ingested = 0;
    for (collection, path) in documents {
        let registration = Registration {
            paths: vec![ingest::whole(caller, &path)?],
            collection: collection.clone(),
            label: None,
            readers: None,
            sync: true,
        };
        let tally = ingest::work(app, &tenant(&caller.global), registration, caller).await?;
        tally.not_all_failed()?;
        ingested += tally.added + tally.replaced + tally.unchanged;
        if !printer.json() {
            let label = app.config().settings.collection(&collection).label;
            let label = printer.messages.label(&label);
            let told = printer.messages.text(
                "demo-collection",
                &[("collection", &collection), ("label", &label)],
            );
            printer.line(&format!("{told} {}", ingest::summary(printer, &tally)));
        }
    }
    Ok(ingested)
}

/// What is asked, and in whose name: the sample questions by the keys of the sample configuration, questions that
/// are given by whoever `--key` names.
fn questions(app: &App, global: &Global, given: Vec<String>) -> Result<Vec<(Principal, String)>, AppError> {
    if !given.is_empty() {
        let principal = app.principal(global)?;
        return Ok(given
            .into_iter()
            .map(|question| (principal.clone(), question))
            .collect());
    }
    let sample = |(key, question): (&str, &str)| {
        let known = app.config().settings.key(key).map(|_| key.to_owned());
        let key = global.key.clone().or(known);
        let principal = app.principal(&Global {
            key,
            ..global.clone()
        })?;
        Ok((principal, question.to_owned()))
    };
    QUESTIONS.into_iter().map(sample).collect()
}

/// Asks one question and shows everything about its answer.
async fn show(app: &App, principal: &Principal, question: String, caller: &Caller) -> Result<Value, Failure> {
    let printer = &*caller.printer;
    if !printer.json() {
        printer.line("");
        let asks = printer.messages.text("demo-asks", &[("user", &principal.user)]);
        printer.line(&printer.styled(&format!("— {question} ({asks})"), Style::Strong));
        printer.line("");
    }
    let asked = Asked {
        request: ChatRequest {
            messages: vec![Message::user(question.clone())],
            ..ChatRequest::default()
        },
        ..Asked::default()
    };
    let answered = match ask::answer(app, principal, asked, caller).await {
        Ok(answered) => answered,
        Err(GatewayError::Denied { denied, entry }) => {
            if !printer.json() {
                decision::rejected(printer, &denied.rejected);
            }
            return Ok(
                json!({ "question": question, "denied": denied.rejected, "entry": entry.to_string() }),
            );
        }
        Err(error) => return Err(error.into()),
    };
    let proof = prove(app, principal, &answered).await?;
    if printer.json() {
        let mut object = ask::object(&answered);
        object["question"] = question.into();
        object["proof"] = proof;
        return Ok(object);
    }
    ask::tell(printer, &answered);
    decision::table(printer, &answered.explanation);
    tell_proof(printer, &proof);
    Ok(Value::Null)
}

/// Draws the proof of the answer's outcome from the ledger and verifies it, as a third party would.
async fn prove(app: &App, principal: &Principal, answered: &Answered) -> Result<Value, Failure> {
    let gateway = &app.gateway;
    let log = gateway
        .logs
        .log(&principal.tenant, &gateway.records, (gateway.now)())
        .await?;
    let index = answered.outcome.index;
    let proof = log.prove(index).await?;
    let entry = log.read(index).await?;
    let key = log.verifier_key();
    // Only the text and the public key are used from here on, as by whoever receives them.
    let text = proof.to_text();
    let verified = match trousseau_ledger::Proof::parse(&text) {
        Ok(received) => received.verify(&key, &entry).map_err(|error| error.to_string()),
        Err(fault) => Err(fault.to_string()),
    };
    Ok(json!({
        "verified": verified.is_ok(),
        "fault": verified.err(),
        "key": key.to_string(),
        "text": text,
    }))
}

fn tell_proof(printer: &Printer, proof: &Value) {
    let text = proof["text"].as_str().unwrap_or_default();
    for line in text.lines() {
        printer.line(&printer.styled(&format!("    {line}"), Style::Faint));
    }
    let key = proof["key"].as_str().unwrap_or_default();
    if proof["verified"] == true {
        let told = printer.messages.text("demo-proof-verified", &[("key", &key)]);
        printer.line(&printer.styled(&format!("  ✓ {told}"), Style::Good));
    } else {
        let fault = proof["fault"].as_str().unwrap_or_default();
        let told = printer.messages.text("demo-proof-refused", &[("fault", &fault)]);
        printer.line(&printer.styled(&format!("  ✗ {told}"), Style::Bad));
    }
}

fn what_next(place: &Workplace, printer: &Printer) {
    printer.line("");
    let data = place.root.join("data");
    let key = if place.kept { "demo-next-kept" } else { "demo-next" };
    printer.line(&printer.messages.text(key, &[("data", &data.display())]));
}
