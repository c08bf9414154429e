//! `trousseau config`: checks the configuration, shows what came of it, gives an example of it.

use serde_json::json;
use trousseau_config::{EXAMPLE_EN, EXAMPLE_FR, Fault};
use trousseau_gateway::service::date;

use crate::caller::Caller;
use crate::cli::{ConfigCheck, Global};
use crate::failure::{AppError, Exit, Failure};
use crate::messages::Language;
use crate::printer::{Printer, Style};

pub(super) fn check(caller: &Caller, check: ConfigCheck) -> Result<Exit, Failure> {
    let printer = &*caller.printer;
    let caller = &match check.file {
        None => caller.clone(),
        file => caller.with(Global {
            config: file,
            ..caller.global.clone()
        }),
    };
    let place = caller.place()?;
    let file = place.config.file.as_ref().map(|file| file.display().to_string());
    let warnings = place.config.warnings(date(jiff::Timestamp::now()));
    let told = |fault: &Fault| {
        let told = printer.messages.explained(fault.code, &fault.fields);
        told.unwrap_or_else(|| fault.english.clone())
    };
    if printer.json() {
        let warnings = warnings
            .iter()
            .map(|fault| json!({ "code": fault.code, "message": told(fault) }));
        printer.object(&json!({
            "sound": true,
            "file": file,
            "data": place.data.display().to_string(),
            "warnings": warnings.collect::<Vec<_>>(),
        }));
        return Ok(Exit::SUCCESS);
    }
    for warning in &warnings {
        let heading = printer.styled(&printer.messages.plain("warning-heading"), Style::Strong);
        printer.note(&format!("{heading} {}", told(warning)));
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

/// Writes what the program runs with: TOML, or with `--json` an object.
pub(super) fn show(caller: &Caller) -> Result<Exit, Failure> {
    let printer = &*caller.printer;
    let place = caller.place()?;
    let shown = place.config.shown(&place.data);
    if printer.json() {
        printer.object(&shown);
    } else {
        let text =
            toml::to_string_pretty(&shown).map_err(|error| AppError::Io(std::io::Error::other(error)))?;
        printer.write(&text);
    }
    Ok(Exit::SUCCESS)
}

pub(super) fn example(printer: &Printer) -> Exit {
    let example = match printer.messages.language() {
        Language::French => EXAMPLE_FR,
        Language::English => EXAMPLE_EN,
    };
    printer.write(example);
    Exit::SUCCESS
}
