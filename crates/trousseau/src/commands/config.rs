//! `trousseau config`: checks the configuration, gives an example of it.

use serde_json::json;

use crate::caller::Caller;
use crate::config;
use crate::failure::{Exit, Failure};
use crate::messages::Language;
use crate::printer::Printer;

pub(super) fn check(caller: &Caller) -> Result<Exit, Failure> {
    let printer = &*caller.printer;
    let place = caller.place()?;
    let file = place.config.file.as_ref().map(|file| file.display().to_string());
    if printer.json() {
        printer.object(&json!({ "sound": true, "file": file, "data": place.data.display().to_string() }));
        return Ok(Exit::SUCCESS);
    }
    let file = file.unwrap_or_else(|| printer.messages.plain("config-no-file"));
    let told = printer.messages.text(
        "config-sound",
        &[
            ("file", &file),
            ("upstreams", &place.config.targets.len()),
            ("routes", &place.config.settings.routes.len()),
            ("collections", &place.config.settings.collections.len()),
        ],
    );
    printer.line(&told);
    Ok(Exit::SUCCESS)
}

pub(super) fn example(printer: &Printer) -> Exit {
    let example = match printer.messages.language() {
        Language::French => config::EXAMPLE_FR,
        Language::English => config::EXAMPLE_EN,
    };
    printer.write(example);
    Exit::SUCCESS
}
