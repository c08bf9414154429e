//! `trousseau ask`: answers a question, streaming to the terminal.

use serde_json::{Value, json};
use tokio::sync::mpsc;
use trousseau_core::chat::{ChatEvent, ChatRequest, Message};
use trousseau_core::document::Citation;
use trousseau_core::principal::Principal;
use trousseau_gateway::answer::{AnswerEvent, Answered, Asked};
use trousseau_gateway::error::GatewayError;
use trousseau_gateway::records::EntryId;
use trousseau_policy::decide::Denied;

use super::{decision, named, text_or_input};
use crate::app::App;
use crate::caller::Caller;
use crate::cli::Ask;
use crate::failure::{Exit, Failure};
use crate::printer::{Printer, Style, place, shown};

/// How many characters of a cited text are shown.
const EXCERPT: usize = 240;

pub(super) async fn run(caller: &Caller, ask: Ask) -> Result<Exit, Failure> {
    let printer = &*caller.printer;
    let app = caller.open_to_answer().await?;
    let principal = app.principal(&caller.global)?;
    let question = text_or_input(caller, ask.question, app.config().settings.limits.question_bytes)?;
    let asked = Asked {
        request: ChatRequest {
            messages: vec![Message::user(question)],
            ..ChatRequest::default()
        },
        route: ask.route,
        collections: named(&app, caller, ask.collection).await?,
        label: ask.label,
        conversation: None,
        parent: None,
        forget: false,
    };
    app.gateway.library.refresh(&principal.tenant).await?;
    let answered = answer(&app, &principal, asked, caller).await;
    let ended = match &answered {
        Ok(answered) if printer.json() => {
            printer.object(&object(answered));
            Ok(Exit::SUCCESS)
        }
        Ok(answered) => {
            tell(printer, answered);
            if answered.answer.abstained() && is_empty(&app, &principal).await? {
                printer.note(&printer.messages.plain("answer-no-documents"));
            }
            Ok(Exit::SUCCESS)
        }
        Err(GatewayError::Denied { denied, entry }) if printer.json() => {
            printer.object(&refused(denied, entry));
            Err(())
        }
        Err(GatewayError::Denied { denied, .. }) => {
            decision::rejected(printer, &denied.rejected);
            Err(())
        }
        Err(_) => Err(()),
    };
    app.close().await?;
    match (ended, answered) {
        (Err(()), Err(error)) => Err(error.into()),
        _ => Ok(Exit::SUCCESS),
    }
}

/// Whether there is no document at all to answer from.
async fn is_empty(app: &App, principal: &Principal) -> Result<bool, Failure> {
    let collections = app.gateway.library.store().collections(&principal.tenant).await?;
    Ok(collections.iter().all(|row| row.documents == 0))
}

/// Answers, writing the text to the terminal as it comes.
pub(super) async fn answer(
    app: &App,
    principal: &Principal,
    asked: Asked,
    caller: &Caller,
) -> Result<Answered, GatewayError> {
    let printer = &*caller.printer;
    let (events, mut arriving) = mpsc::channel(64);
    let writing = async move {
        let (mut begun, mut reasoning) = (false, false);
        // Whoever has gone hangs up: the model is stopped, and the outcome recorded.
        while let Some(Some(event)) = caller.gone().run_until_cancelled(arriving.recv()).await {
            match event {
                _ if printer.json() => {}
                AnswerEvent::Part(ChatEvent::Text(text)) => {
                    if std::mem::take(&mut reasoning) {
                        printer.line("\n");
                    }
                    printer.write(&shown(&text));
                    begun = true;
                }
                // On a terminal only: what is piped on is the answer.
                AnswerEvent::Part(ChatEvent::Reasoning(text)) if printer.screen().colour => {
                    printer.write(&printer.styled(&shown(&text), Style::Faint));
                    reasoning = true;
                }
                AnswerEvent::Decided { .. }
                | AnswerEvent::Loading { .. }
                | AnswerEvent::Queued { .. }
                | AnswerEvent::Part(_) => {}
            }
        }
        if begun || reasoning {
            printer.line("");
        }
    };
    let answering = async {
        let answered = app.gateway.answer(principal, asked, &events).await;
        drop(events);
        answered
    };
    let (answered, ()) = tokio::join!(answering, writing);
    answered
}

/// What follows the answer's text: its citations, and where it was made.
pub(super) fn tell(printer: &Printer, answered: &Answered) {
    let messages = &printer.messages;
    if !answered.answer.citations.is_empty() {
        printer.line("");
        printer.line(&printer.styled(&messages.plain("answer-sources"), Style::Strong));
        for citation in &answered.answer.citations {
            source(printer, citation);
        }
    }
    printer.line("");
    if let Some(masked) = &answered.masked {
        let told = messages.text("answer-masked", &[("count", &masked.values().sum::<u64>())]);
        printer.line(&printer.styled(&told, Style::Faint));
    }
    for seam in &answered.answer.seams {
        let told = messages.text("answer-seam", &[("from", &seam.from), ("to", &seam.to)]);
        printer.line(&printer.styled(&told, Style::Faint));
    }
    let made = messages.text(
        "answer-made",
        &[
            ("target", &answered.target),
            ("label", answered.explanation.labelling.label()),
            ("entry", &answered.entry),
        ],
    );
    printer.line(&printer.styled(&made, Style::Faint));
}

fn source(printer: &Printer, citation: &Citation) {
    let place = place(&citation.title, &citation.heading);
    let characters = printer.messages.text(
        "answer-characters",
        &[("start", &citation.span.start), ("end", &citation.span.end)],
    );
    let number = printer.styled(&format!("[{}]", citation.number), Style::Strong);
    printer.line(&format!("{number} {place} ({characters})"));
    printer.line(&printer.styled(&format!("    « {} »", excerpt(&citation.text)), Style::Faint));
    printer.line(&printer.styled(&format!("    {}", shown(&citation.path)), Style::Faint));
}

fn excerpt(text: &str) -> String {
    let flat = shown(text).split_whitespace().collect::<Vec<_>>().join(" ");
    match flat.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", flat.get(..end).unwrap_or_default().trim_end()),
        None => flat,
    }
}

/// The one object of `ask --json` where no upstream may see the question.
fn refused(denied: &Denied, entry: &EntryId) -> Value {
    json!({
        "answer": null,
        "abstained": false,
        "citations": [],
        "label": denied.label,
        "decision": { "target": null, "permitted": [], "rejected": denied.rejected },
        "entry": entry.to_string(),
    })
}

/// The one object of `ask --json`.
pub(super) fn object(answered: &Answered) -> Value {
    let citations = answered.answer.citations.iter().map(|citation| json!(citation));
    let mut object = json!({
        "answer": answered.answer.text,
        "abstained": answered.answer.abstained(),
        "citations": citations.collect::<Vec<_>>(),
        "label": answered.explanation.labelling.label(),
        "decision": decision::object(&answered.explanation, &answered.target),
        "entry": answered.entry.to_string(),
        "outcome": answered.outcome.to_string(),
    });
    if let Some(masked) = &answered.masked {
        object["masked"] = json!(masked);
    }
    if !answered.answer.seams.is_empty() {
        object["seams"] = json!(answered.answer.seams);
    }
    object
}
