//! `trousseau policy explain`: where a text might run, and why not elsewhere.

use std::process::ExitCode;

use serde_json::json;
use trousseau_core::chat::{ChatRequest, Message};
use trousseau_gateway::answer::Asked;

use super::{decision, named, text_or_input};
use crate::app::App;
use crate::cli::{Explain, Global};
use crate::failure::Failure;
use crate::printer::Printer;

pub(super) async fn explain(
    global: &Global,
    explain: Explain,
    printer: &Printer,
) -> Result<ExitCode, Failure> {
    let app = App::open_or_read(global).await?;
    let principal = app.principal(global)?;
    let text = text_or_input(explain.text, app.config.settings.limits.question_bytes)?;
    let asked = Asked {
        request: ChatRequest {
            messages: vec![Message::user(text)],
            ..ChatRequest::default()
        },
        route: explain.route,
        collections: None,
        label: explain.label,
    };
    let collections = named(&app, global, explain.collection).await?;
    let explanation = app
        .gateway
        .explain(&principal, &asked, collections.as_deref().unwrap_or_default())
        .await?;
    app.close().await?;
    if printer.json() {
        printer.object(&json!({
            "label": explanation.labelling.label().to_string(),
            "labelling": explanation.labelling,
            "permitted": decision::names(&explanation),
            "rejected": explanation.decision.rejected,
            "rules": explanation.decision.rules,
        }));
    } else {
        decision::table(printer, &explanation);
    }
    Ok(ExitCode::SUCCESS)
}
