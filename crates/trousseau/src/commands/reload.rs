//! `trousseau reload`: has the server that runs take up what the configuration file says now.

use serde_json::json;
use trousseau_config::Changes;
use trousseau_core::principal::Principal;

use crate::app::tenant;
use crate::caller::Caller;
use crate::failure::{AppError, Exit, Failure};

pub(super) async fn run(caller: &Caller) -> Result<Exit, Failure> {
    let Some(app) = caller.server() else {
        let data = caller.place()?.data;
        return Err(AppError::NoServer { data }.into());
    };
    let by = Principal::operator(tenant(&caller.global));
    let Changes { taken_up, waiting } = app.reload(&by).await?;
    let printer = &caller.printer;
    if printer.json() {
        printer.object(&json!({ "taken_up": taken_up, "waiting": waiting }));
        return Ok(Exit::SUCCESS);
    }
    let listed =
        |keys: &std::collections::BTreeSet<String>| keys.iter().cloned().collect::<Vec<_>>().join(", ");
    if taken_up.is_empty() {
        printer.line(&printer.messages.plain("reload-nothing"));
    } else {
        printer.line(
            &printer
                .messages
                .text("reload-taken-up", &[("keys", &listed(&taken_up))]),
        );
    }
    if !waiting.is_empty() {
        printer.note(
            &printer
                .messages
                .text("reload-waiting", &[("keys", &listed(&waiting))]),
        );
    }
    Ok(Exit::SUCCESS)
}
