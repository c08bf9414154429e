//! `trousseau catalogue`: what is known of providers, with sources, and whether it can still be relied on.

use serde_json::{Value, json};
use trousseau_catalogue::{Catalogue, Entry};
use trousseau_core::label::{Class, Label};
use trousseau_core::principal::Principal;
use trousseau_gateway::service::date;
use trousseau_policy::attestation::Attestation;
use trousseau_policy::card::{Card, Confidence, Evidence};
use trousseau_policy::date::Date;
use trousseau_policy::decide::{About, Target};
use trousseau_policy::eligibility::would_make_eligible;
use trousseau_policy::rules::Rules;

use super::doctor::tell_missing;
use crate::app::{Place, tenant};
use crate::caller::Caller;
use crate::cli::{Catalogue as Command, CatalogueAttest, CatalogueShow};
use crate::control::{self, AttestationMade};
use crate::failure::{AppError, Exit, Failure};
use crate::printer::{Printer, Style};

pub(super) async fn run(caller: &Caller, command: Command) -> Result<Exit, Failure> {
    let today = date(jiff::Timestamp::now());
    match command {
        Command::List => Ok(list(&caller.printer, &caller.place()?, today)),
        Command::Show(asked) => show(&caller.printer, &caller.place()?, &asked, today),
        Command::Check => Ok(check(&caller.printer, &caller.place()?, today)),
        Command::Attest(attested) => attest(caller, attested).await,
    }
}

/// Writes what only the customer knows of an upstream into the configuration.
async fn attest(caller: &Caller, attest: CatalogueAttest) -> Result<Exit, Failure> {
    let CatalogueAttest {
        upstream,
        field,
        value,
        evidence,
        until,
    } = attest;
    let attestation = Attestation::new(field.into(), value, evidence, until)?;
    let app = caller.open().await?;
    let by = Principal::operator(tenant(&caller.global));
    let made = control::attest(&app, &by, &upstream, &attestation).await;
    app.close().await?;
    let AttestationMade { file, written, block } = made?;
    let printer = &*caller.printer;
    if printer.json() {
        printer.object(&json!({ "written": written, "file": file, "block": block }));
    } else {
        let key = if written {
            "catalogue-attested-written"
        } else {
            "catalogue-attested-unwritten"
        };
        printer.line(
            &printer
                .messages
                .text(key, &[("upstream", &upstream), ("file", &file.display())]),
        );
        if !written {
            printer.line("");
            printer.write(&block);
        }
    }
    Ok(if written { Exit::SUCCESS } else { Exit::FAILURE })
}

/// The upstreams of the configuration whose cards are made from an entry.
fn used_by<'a>(place: &'a Place, entry: &Entry) -> Vec<&'a str> {
    let targets = place.config.targets.iter();
    let of_entry =
        targets.filter(|target| target.card.provider == entry.provider && target.card.region == entry.region);
    of_entry.map(|target| target.name.as_str()).collect()
}

fn list(printer: &Printer, place: &Place, today: Date) -> Exit {
    let catalogue: &Catalogue = &place.config.catalogue;
    if printer.json() {
        let entries = catalogue.entries().map(|entry| {
            json!({
                "id": entry.id,
                "provider": entry.provider,
                "region": entry.region,
                "url": entry.url,
                "reviewed": entry.reviewed,
                "valid_until": entry.valid_until,
                "outdated": today > entry.valid_until,
                "models": entry.known_models().collect::<Vec<_>>(),
                "upstreams": used_by(place, entry),
            })
        });
        printer.object(&json!({ "entries": entries.collect::<Value>() }));
        return Exit::SUCCESS;
    }
    let heading = [
        "id",
        "provider",
        "seat",
        "inference",
        "us-law",
        "chinese-law",
        "until",
        "upstreams",
    ];
    let heading = heading.map(|column| printer.messages.plain(&format!("column-{column}")));
    let yes_or_no = |fact: Option<&bool>| match fact {
        Some(true) => printer.messages.plain("catalogue-yes"),
        Some(false) => printer.messages.plain("catalogue-no"),
        None => "?".to_owned(),
    };
    let word = |fact: Option<String>| fact.unwrap_or_else(|| "?".to_owned());
    let rows = catalogue.entries().map(|entry| {
        let Card {
            seat,
            inference_region,
            us_law,
            chinese_law,
            ..
        } = &entry.facts;
        vec![
            entry.id.clone(),
            entry.provider.clone(),
            word(seat.known().map(ToString::to_string)),
            word(inference_region.known().map(ToString::to_string)),
            yes_or_no(us_law.known()),
            yes_or_no(chinese_law.known()),
            entry.valid_until.to_string(),
            used_by(place, entry).join(", "),
        ]
    });
    printer.table(&heading, &rows.collect::<Vec<_>>());
    printer.line("");
    printer.line(&printer.messages.plain("catalogue-list-note"));
    Exit::SUCCESS
}

fn show(printer: &Printer, place: &Place, asked: &CatalogueShow, today: Date) -> Result<Exit, Failure> {
    let catalogue = &place.config.catalogue;
    let entry = catalogue.entry(&asked.id).ok_or_else(|| AppError::NoEntry {
        id: asked.id.clone(),
        known: catalogue.near(&asked.id).join(", "),
    })?;
    // Without a model's name: what holds for all that it names, which a model that it does not name is not.
    let card = match &asked.model {
        Some(model) => entry.card(model),
        None => Card {
            provider: entry.provider.clone(),
            region: entry.region.clone(),
            ..entry.facts.clone()
        },
    };
    let target = Target::new(entry.id.clone(), card);
    let classes = Class::ALL.map(|class| {
        let (label, rules) = (Label::of(class), Rules::default());
        (
            class,
            would_make_eligible(&target, &label, About::default(), &rules, today),
        )
    });
    if printer.json() {
        let classes = classes
            .iter()
            .map(|(class, missing)| json!({ "class": class, "missing": missing }));
        printer.object(&json!({
            "id": entry.id,
            "url": entry.url,
            "reviewed": entry.reviewed,
            "valid_until": entry.valid_until,
            "outdated": today > entry.valid_until,
            "models": entry.known_models().collect::<Vec<_>>(),
            "card": target.card,
            "classes": classes.collect::<Value>(),
        }));
        return Ok(Exit::SUCCESS);
    }
    let messages = &printer.messages;
    printer.line(&printer.styled(&format!("{} ({})", entry.provider, entry.id), Style::Strong));
    let until = messages.text(
        "catalogue-dates",
        &[("reviewed", &entry.reviewed), ("until", &entry.valid_until)],
    );
    printer.line(&until);
    if let Some(url) = &entry.url {
        printer.line(url);
    }
    printer.line("");
    let heading = ["field", "value", "source", "date", "confidence"];
    let heading = heading.map(|column| messages.plain(&format!("column-{column}")));
    printer.table(&heading, &facts(&target.card, printer));
    let models: Vec<&str> = entry.known_models().collect();
    if !models.is_empty() {
        printer.line("");
        printer.line(&messages.text("catalogue-models", &[("models", &models.join(", "))]));
    }
    printer.line("");
    for (class, missing) in &classes {
        tell_missing(printer, *class, missing);
    }
    Ok(Exit::SUCCESS)
}

/// A row for each field of a card: its value, and where that comes from.
fn facts(card: &Card, printer: &Printer) -> Vec<Vec<String>> {
    let fields = serde_json::to_value(card).unwrap_or_default();
    let of_itself = ["provider", "model", "region", "banned", "evidence", "valid_until"];
    let fields = fields.as_object().into_iter().flatten();
    let told = fields.filter(|(field, _)| !of_itself.contains(&field.as_str()));
    told.map(|(field, value)| {
        let stands = |evidence: &&Evidence| evidence.fields.is_empty() || evidence.fields.contains(field);
        let evidence = card.evidence.iter().find(stands);
        let value = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let attested = ["processing_contract", "trains_on_data", "retention_days"];
        let source = match evidence {
            Some(evidence) => evidence.source.clone(),
            None if attested.contains(&field.as_str()) => printer.messages.plain("catalogue-attested"),
            None => String::new(),
        };
        let confidence = evidence.map(|evidence| match evidence.confidence {
            Confidence::Official => printer.messages.plain("confidence-official"),
            Confidence::Secondary => printer.messages.plain("confidence-secondary"),
            Confidence::Tested => printer.messages.plain("confidence-tested"),
        });
        vec![
            field.clone(),
            value,
            source,
            evidence
                .map(|evidence| evidence.date.to_string())
                .unwrap_or_default(),
            confidence.unwrap_or_default(),
        ]
    })
    .collect()
}

/// Whether what the configuration relies on can be relied on: cards in their time, attestations that stand, facts with a source.
fn check(printer: &Printer, place: &Place, today: Date) -> Exit {
    let messages = &printer.messages;
    let ended = place
        .config
        .warnings(today)
        .into_iter()
        .filter(|fault| matches!(fault.code, "config-card-outdated" | "config-attestation-ended"));
    let ended: Vec<(&str, String)> = ended
        .map(|fault| {
            let told = messages.explained(fault.code, &fault.fields);
            (fault.code, told.unwrap_or_else(|| fault.english.clone()))
        })
        .collect();
    let mut unsourced = Vec::new();
    for target in &place.config.targets {
        let bare = facts(&target.card, printer)
            .into_iter()
            .filter(|row| row[1] != "unknown" && row[2].is_empty() && !target.card.on_own_premises());
        let fields: Vec<String> = bare.map(|row| row[0].clone()).collect();
        if !fields.is_empty() {
            unsourced.push((target.name.as_str(), fields));
        }
    }
    let count = place.config.targets.len();
    if printer.json() {
        let ended = ended
            .iter()
            .map(|(code, text)| json!({ "code": code, "message": text }));
        let unsourced = unsourced
            .iter()
            .map(|(upstream, fields)| json!({ "upstream": upstream, "fields": fields }));
        printer.object(&json!({
            "sound": ended.len() == 0,
            "upstreams": count,
            "ended": ended.collect::<Value>(),
            "without_source": unsourced.collect::<Value>(),
        }));
    } else {
        for (_, text) in &ended {
            printer.line(&format!("{} {text}", printer.styled("✗", Style::Bad)));
        }
        for (upstream, fields) in &unsourced {
            let fields = fields.join(", ");
            let text = messages.text(
                "catalogue-unsourced",
                &[("upstream", upstream), ("fields", &fields)],
            );
            printer.line(&format!("{} {text}", printer.styled("·", Style::Faint)));
        }
        if ended.is_empty() {
            let text = messages.text("catalogue-sound", &[("count", &count)]);
            printer.line(&format!("{} {text}", printer.styled("✓", Style::Good)));
        }
    }
    if ended.is_empty() {
        Exit::SUCCESS
    } else {
        Exit::FAILURE
    }
}
