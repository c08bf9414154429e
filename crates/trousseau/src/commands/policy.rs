//! `trousseau policy explain`: where a text might run, and why not elsewhere.

use serde_json::json;
use trousseau_core::chat::{ChatRequest, Message};
use trousseau_gateway::answer::Asked;

use super::{decision, named, text_or_input};
use crate::caller::Caller;
use crate::cli::Explain;
use crate::failure::{Exit, Failure};

pub(super) async fn explain(caller: &Caller, explain: Explain) -> Result<Exit, Failure> {
    let printer = &*caller.printer;
    let app = caller.open_or_read().await?;
    let principal = app.principal(&caller.global)?;
    let text = text_or_input(caller, explain.text, app.config().settings.limits.question_bytes)?;
    let asked = Asked {
        request: ChatRequest {
            messages: vec![Message::user(text)],
            ..ChatRequest::default()
        },
        route: explain.route,
        collections: None,
        label: explain.label,
        conversation: None,
        parent: None,
        forget: false,
    };
    let collections = named(&app, caller, explain.collection).await?;
    let explanation = app
        .gateway
        .explain(&principal, &asked, collections.as_deref().unwrap_or_default())
        .await?;
    app.close().await?;
    if printer.json() {
        let mut object = json!({
            "label": explanation.labelling.label(),
            "labelling": explanation.labelling,
            "permitted": decision::names(&explanation),
            "rejected": explanation.decision.rejected,
            "rules": explanation.decision.rules,
        });
        decision::add_masked(&mut object, &explanation);
        printer.object(&object);
    } else {
        decision::table(printer, &explanation);
    }
    Ok(Exit::SUCCESS)
}
