//! What must be true of every entry, so that a fact nobody can trace never comes in.

use std::collections::BTreeSet;

use trousseau_catalogue::{Catalogue, Entry};
use trousseau_core::label::{Class, Label};
use trousseau_policy::card::{Card, Confidence};
use trousseau_policy::decide::{About, Target};
use trousseau_policy::eligibility::would_make_eligible;
use trousseau_policy::rules::Rules;

fn entries() -> Vec<Entry> {
    Catalogue::built_in().entries().cloned().collect()
}

/// Every card that the catalogue can make of an entry: of each model it names, and of one that it does not.
fn cards(entry: &Entry) -> Vec<Card> {
    let names = entry.models.iter().map(|model| model.name.replace('*', "x"));
    names
        .chain(["no-such-model".to_owned()])
        .map(|name| entry.card(&name))
        .collect()
}

/// The fields of a card that say something.
fn known(card: &Card) -> BTreeSet<String> {
    let value = as_toml(card);
    let table = value.as_table().unwrap();
    let says = |value: &toml::Value| !matches!(value.as_str(), Some("unknown" | ""));
    let facts = table.iter().filter(|(_, value)| says(value));
    let of_itself = ["provider", "model", "region", "banned", "evidence", "valid_until"];
    facts
        .map(|(field, _)| field.clone())
        .filter(|field| !of_itself.contains(&field.as_str()))
        .collect()
}

fn as_toml(card: &Card) -> toml::Value {
    toml::Value::try_from(card).unwrap()
}

#[test]
fn every_fact_has_a_source_a_date_and_a_confidence() {
    for entry in entries() {
        for card in cards(&entry) {
            let sourced: BTreeSet<String> = card.evidence.iter().flat_map(|one| one.fields.clone()).collect();
            assert_eq!(known(&card), sourced, "{} for {}", entry.id, card.model);
            for evidence in &card.evidence {
                assert!(
                    !evidence.fields.is_empty() && evidence.source.len() > 8,
                    "{}",
                    entry.id
                );
                assert!(evidence.date <= entry.reviewed, "{}", entry.id);
            }
        }
    }
}

#[test]
fn ids_name_a_provider_and_an_offer_and_entries_live_ninety_days() {
    let entries = entries();
    assert!(entries.len() >= 25, "{}", entries.len());
    for entry in &entries {
        let (provider, offer) = entry.id.split_once('/').unwrap();
        let plain = |part: &str| {
            part.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        assert!(plain(provider) && plain(offer), "{}", entry.id);
        assert!(entry.reviewed < entry.valid_until, "{}", entry.id);
        // Months of thirty days, so a few days more or less.
        let days = |date: trousseau_policy::date::Date| {
            u32::from(date.year()) * 365 + u32::from(date.month()) * 30 + u32::from(date.day())
        };
        assert!(
            days(entry.valid_until) - days(entry.reviewed) <= 95,
            "{}",
            entry.id
        );
        let secure = |url: &str| url.starts_with("https://") || entry.provider == "own";
        assert!(entry.url.as_deref().is_none_or(secure), "{}", entry.id);
    }
}

/// Before anything is attested, a catalogue lets nothing but public texts out of the house; and no entry of an American or Chinese
/// company can be made fit for personal data by attesting.
#[test]
fn no_entry_opens_a_door_by_itself() {
    for entry in entries().iter().filter(|entry| entry.provider != "own") {
        for card in cards(entry) {
            let exposed = ["US", "CN"].map(|code| code.parse().unwrap());
            let foreign = [card.seat, card.ultimate_parent]
                .iter()
                .any(|country| country.known().is_some_and(|country| exposed.contains(country)));
            let target = Target::new(entry.id.clone(), card);
            let missing = |class| {
                would_make_eligible(
                    &target,
                    &Label::of(class),
                    About::default(),
                    &Rules::default(),
                    entry.reviewed,
                )
            };
            assert!(!missing(Class::Internal).is_empty(), "{}", entry.id);
            if foreign {
                let never = missing(Class::Personal)
                    .iter()
                    .any(|one| matches!(one.reason.code.name(), "under-us-law" | "under-chinese-law"));
                assert!(never, "{}", entry.id);
            }
        }
    }
}

#[test]
fn somebody_elses_account_is_never_called_official() {
    let secondhand = [
        "models.dev",
        "LiteLLM",
        "Abilian",
        "europealternatives",
        "Stav",
        "edenai",
    ];
    for entry in entries() {
        for card in cards(&entry) {
            for evidence in card.evidence {
                let told = secondhand.iter().any(|name| evidence.source.contains(name));
                assert!(
                    !told || evidence.confidence != Confidence::Official,
                    "{}",
                    entry.id
                );
            }
        }
    }
}
