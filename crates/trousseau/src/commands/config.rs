//! `trousseau config`: checks the configuration, gives an example of it.

use std::process::ExitCode;

use serde_json::json;

use crate::app;
use crate::cli::Global;
use crate::config;
use crate::failure::Failure;
use crate::messages::Language;
use crate::printer::Printer;

pub(super) fn check(global: &Global, printer: &Printer) -> Result<ExitCode, Failure> {
    let place = app::place(global)?;
    let file = place.config.file.as_ref().map(|file| file.display().to_string());
    if printer.json() {
        printer.object(&json!({ "sound": true, "file": file, "data": place.data.display().to_string() }));
        return Ok(ExitCode::SUCCESS);
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
    Ok(ExitCode::SUCCESS)
}

pub(super) fn example(printer: &Printer) -> ExitCode {
    let example = match printer.messages.language() {
        Language::French => config::EXAMPLE_FR,
        Language::English => config::EXAMPLE_EN,
    };
    printer.write(example);
    ExitCode::SUCCESS
}
