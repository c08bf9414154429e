//! `trousseau search`: the passages that speak of a question.

use serde_json::json;
use trousseau_core::document::Passage;

use super::{named, text_or_input};
use crate::caller::Caller;
use crate::cli::Search;
use crate::failure::{Exit, Failure};
use crate::printer::{Printer, Style, place, shown};

/// How many passages a person is shown, and a program is given, where neither says how many.
const SHOWN: u16 = 10;
const GIVEN: u16 = 100;

pub(super) async fn run(caller: &Caller, search: Search) -> Result<Exit, Failure> {
    let printer = &*caller.printer;
    let app = caller.open_or_read().await?;
    let question = text_or_input(
        caller,
        search.question,
        app.config().settings.limits.question_bytes,
    )?;
    let principal = app.principal(&caller.global)?;
    let library = &app.gateway.library;
    library.refresh(&principal.tenant).await?;
    let collections = named(&app, caller, search.collection).await?;
    let passages = library
        .search(
            &principal,
            &question,
            collections.as_deref(),
            limit(search.limit, printer),
        )
        .await?;
    app.close().await?;
    if printer.json() {
        let hits: Vec<_> = passages.iter().map(object).collect();
        printer.object(&json!({ "hits": hits }));
        return Ok(Exit::SUCCESS);
    }
    if passages.is_empty() {
        printer.line(&printer.messages.plain("search-nothing"));
    }
    for (number, passage) in (1..).zip(&passages) {
        tell(printer, number, passage);
    }
    Ok(Exit::SUCCESS)
}

fn limit(wanted: Option<u16>, printer: &Printer) -> usize {
    let default = if printer.json() { GIVEN } else { SHOWN };
    usize::from(wanted.unwrap_or(default))
}

fn object(passage: &Passage) -> serde_json::Value {
    json!({
        "document": passage.document,
        "path": passage.path,
        "title": passage.title,
        "heading": passage.heading,
        "chunk": passage.chunk,
        "score": passage.score,
        "start": passage.span.start,
        "end": passage.span.end,
        "label": passage.label,
        "text": passage.text,
    })
}

fn tell(printer: &Printer, number: usize, passage: &Passage) {
    let place = place(&passage.title, &passage.heading);
    let heading = format!("{number}. {place}");
    printer.line(&printer.styled(&heading, Style::Strong));
    let about = printer.messages.text(
        "search-hit",
        &[
            ("path", &passage.path),
            ("start", &passage.span.start),
            ("end", &passage.span.end),
            ("score", &format_args!("{:.2}", passage.score)),
        ],
    );
    printer.line(&printer.styled(&format!("   {about}"), Style::Faint));
    for line in shown(&passage.text).lines() {
        printer.line(&format!("   {line}"));
    }
    printer.line("");
}
