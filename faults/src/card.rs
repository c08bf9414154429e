//! Cards drawn at random: sound ones with a flaw or two, so that each condition is at times the only one that fails.

use serde_json::json;
use toml::{Table, Value};

use crate::random::Random;

/// What a configuration says of one upstream.
#[derive(Clone, Debug, Default)]
pub(crate) struct Card {
    pub(crate) provider: String,
    /// `[upstream.card]`.
    pub(crate) facts: Table,
    /// `[[upstream.attestation]]`.
    pub(crate) attestations: Vec<Table>,
}

/// The names on cards.
pub(crate) const PROVIDERS: [&str; 5] = ["Alpha", "Bravo", "Cirrus", "Delta", "Echo"];

const PAST: &str = "2020-01-31";
const FUTURE: &str = "2090-12-31";

/// Cards without a flaw, and how often each is drawn.
const SOUND: [(&str, u64); 6] = [
    ("own", 22),
    ("qualified", 34),
    ("european", 26),
    ("adequate", 6),
    ("american", 8),
    ("chinese", 4),
];

/// What can be wrong with a card: each is dealt before one comes again.
const FLAWS: [&str; 36] = [
    "none",
    "none",
    "none",
    "none",
    "none",
    "banned",
    "premises",
    "inference_region=",
    "inference_region=US",
    "inference_region=IN",
    "seat=",
    "seat=RS",
    "seat=US",
    "seat=CN",
    "ultimate_parent=US",
    "ultimate_parent=CN",
    "ultimate_parent=",
    "storage_region=US",
    "storage_region=CN",
    "storage_region=",
    "us_law=",
    "us_law=true",
    "chinese_law=",
    "chinese_law=true",
    "subprocessors=US",
    "subprocessors=CN",
    "contract=",
    "contract=false",
    "contract=past",
    "training=",
    "training=true",
    "training=past",
    "secnumcloud=",
    "secnumcloud=past",
    "secnumcloud=scope",
    "hds=",
];

/// How many flaws a round is dealt: three rounds see all of them.
const OF_A_ROUND: usize = 12;

/// A deck of flaws, in an order that the seed of a run gives and all of its rounds deal from.
#[derive(Debug)]
pub(crate) struct Deck {
    random: Random,
    left: Vec<&'static str>,
}

impl Deck {
    /// That of one round.
    pub(crate) fn of(seed: u64, round: u64) -> Self {
        let (rounds, place) = (FLAWS.len() / OF_A_ROUND, usize::try_from(round).unwrap_or(0));
        let mut all = FLAWS;
        Random::of(seed, &["deck", &(place / rounds).to_string()]).shuffle(&mut all);
        let from = place % rounds * OF_A_ROUND;
        Self {
            random: Random::of(seed, &["cards", &round.to_string()]),
            left: all[from..from + OF_A_ROUND].to_vec(),
        }
    }

    /// The next card. The first two of a round are sound: own premises, and a qualified cloud.
    pub(crate) fn deal(&mut self, place: usize) -> Card {
        let sure = match place {
            0 => Some("own"),
            1 => Some("qualified"),
            _ => None,
        };
        if let Some(kind) = sure {
            return sound(kind, &mut self.random);
        }
        let flaw = self.left.pop().unwrap_or("none");
        // A flaw shows on a card that would otherwise be good enough for it.
        let kind = match flaw {
            "none" | "banned" => SOUND[self.random.weighted(&SOUND.map(|(_, weight)| weight))].0,
            _ if flaw.starts_with("secnumcloud") || flaw.starts_with("hds") => "qualified",
            "premises" => "own",
            _ => *self.random.pick(&["qualified", "qualified", "european"]),
        };
        let mut card = sound(kind, &mut self.random);
        card.flaw(flaw);
        if self.random.percent(10) {
            let second = *self.random.pick(&FLAWS);
            card.flaw(second);
        }
        card
    }
}

/// A card without a flaw.
pub(crate) fn sound(kind: &str, random: &mut Random) -> Card {
    let mut card = Card {
        provider: (*random.pick(&PROVIDERS)).to_owned(),
        ..Card::default()
    };
    card.put("provider", card.provider.clone());
    if kind == "own" {
        card.put("premises", "own");
        return card;
    }
    card.put("premises", "network");
    let home = *random.pick(&["FR", "DE", "IE", "NO"]);
    let (seat, runs, stored) = match kind {
        "adequate" => (*random.pick(&["CH", "JP"]), home, home),
        "american" => ("US", *random.pick(&[home, "US"]), "US"),
        "chinese" => ("CN", "CN", "CN"),
        _ => (
            home,
            *random.pick(&[home, "EU", "EEA"]),
            *random.pick(&[home, "EU"]),
        ),
    };
    for (field, place) in [
        ("seat", seat),
        ("ultimate_parent", seat),
        ("inference_region", runs),
        ("storage_region", stored),
    ] {
        card.put(field, place);
    }
    card.put("us_law", kind == "american");
    card.put("chinese_law", kind == "chinese");
    card.attest("processing_contract", true, FUTURE);
    card.attest("trains_on_data", false, FUTURE);
    let certificates = match kind {
        "qualified" => vec![
            certificate("secnumcloud-3.2", true, FUTURE),
            certificate("hds", true, FUTURE),
        ],
        _ => Vec::new(),
    };
    card.put("certificates", certificates);
    card
}

fn certificate(scheme: &str, covers: bool, until: &str) -> Table {
    let mut table = Table::new();
    table.insert("scheme".to_owned(), scheme.into());
    table.insert("covers_service".to_owned(), covers.into());
    table.insert("valid_until".to_owned(), date(until));
    table
}

fn date(text: &str) -> Value {
    text.parse().map_or_else(|_| Value::from(text), Value::Datetime)
}

impl Card {
    fn put(&mut self, field: &str, value: impl Into<Value>) {
        self.facts.insert(field.to_owned(), value.into());
    }

    fn attest(&mut self, field: &str, value: bool, until: &str) {
        self.attestations
            .retain(|one| one.get("field").and_then(Value::as_str) != Some(field));
        let mut table = Table::new();
        table.insert("field".to_owned(), field.into());
        table.insert("value".to_owned(), value.into());
        table.insert("evidence".to_owned(), "contract 7".into());
        table.insert("until".to_owned(), date(until));
        self.attestations.push(table);
    }

    /// Takes a flaw: `field=value`; without a value the field is unknown, or the certificate or attestation is not there.
    pub(crate) fn flaw(&mut self, flaw: &str) {
        let (field, value) = flaw.split_once('=').unwrap_or((flaw, ""));
        let until = if value == "past" { PAST } else { FUTURE };
        match field {
            "none" => {}
            "banned" => self.put("banned", true),
            "premises" => self.put("premises", "unknown"),
            "contract" if value.is_empty() => self.drop_attestation("processing_contract"),
            "contract" => self.attest("processing_contract", value != "false", until),
            "training" if value.is_empty() => self.drop_attestation("trains_on_data"),
            "training" => self.attest("trains_on_data", value == "true", until),
            "subprocessors" => self.put("subprocessors", Value::Array(vec![of_country(value)])),
            "us_law" | "chinese_law" if !value.is_empty() => self.put(field, value == "true"),
            "secnumcloud" | "hds" => self.flaw_certificate(field, value, until),
            _ if value.is_empty() => self.put(field, "unknown"),
            _ => self.put(field, value),
        }
    }

    fn drop_attestation(&mut self, field: &str) {
        self.attestations
            .retain(|one| one.get("field").and_then(Value::as_str) != Some(field));
    }

    fn flaw_certificate(&mut self, scheme: &str, value: &str, until: &str) {
        let Some(Value::Array(certificates)) = self.facts.get_mut("certificates") else {
            return;
        };
        let is = |one: &Value| {
            one["scheme"]
                .as_str()
                .is_some_and(|name| name.starts_with(scheme))
        };
        if value.is_empty() {
            certificates.retain(|one| !is(one));
            return;
        }
        for one in certificates.iter_mut().filter(|one| is(one)) {
            let full = one["scheme"].as_str().unwrap_or_default().to_owned();
            *one = Value::Table(certificate(&full, value != "scope", until));
        }
    }

    /// What a card says, where it is known.
    pub(crate) fn says(&self, field: &str) -> Option<&Value> {
        self.facts
            .get(field)
            .filter(|value| value.as_str() != Some("unknown"))
    }

    /// What is attested, as long as it lasts.
    pub(crate) fn attested(&self, field: &str) -> Option<bool> {
        let of_field = |one: &&Table| one.get("field").and_then(Value::as_str) == Some(field);
        let found = self.attestations.iter().find(of_field)?;
        let lasts = found.get("until") == Some(&date(FUTURE));
        found.get("value").and_then(Value::as_bool).filter(|_| lasts)
    }

    /// Whether it holds a certificate that covers the service and has not ended.
    pub(crate) fn holds(&self, scheme: &str) -> bool {
        let certificates = self.says("certificates").and_then(Value::as_array);
        certificates.into_iter().flatten().any(|one| {
            one.get("scheme") == Some(&Value::from(scheme))
                && one.get("covers_service") == Some(&Value::from(true))
                && one.get("valid_until") == Some(&date(FUTURE))
        })
    }

    /// Whether some fact ties it to a country.
    pub(crate) fn is_tied_to(&self, country: &str) -> bool {
        let fields = ["seat", "ultimate_parent", "inference_region", "storage_region"];
        let here = |field: &&str| self.says(field).and_then(Value::as_str) == Some(country);
        fields.iter().any(here) || self.works_with(country)
    }

    /// Whether one of its sub-processors is of a country.
    pub(crate) fn works_with(&self, country: &str) -> bool {
        let found = self.says("subprocessors").and_then(Value::as_array);
        found
            .into_iter()
            .flatten()
            .any(|one| one.get("country") == Some(&Value::from(country)))
    }

    /// A line that tells it, for whoever looks into a failure.
    pub(crate) fn told(&self) -> String {
        json!({ "card": self.facts, "attestations": self.attestations }).to_string()
    }
}

fn of_country(country: &str) -> Value {
    let mut table = Table::new();
    table.insert("name".to_owned(), "Sous-traitant".into());
    table.insert("country".to_owned(), country.into());
    Value::Table(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_rounds_deal_every_flaw() {
        let mut dealt: Vec<&str> = (3..6).flat_map(|round| Deck::of(7, round).left).collect();
        let mut all = FLAWS.to_vec();
        dealt.sort_unstable();
        all.sort_unstable();
        assert_eq!(dealt, all);
    }

    #[test]
    fn what_has_ended_or_is_unknown_is_not_known() {
        let mut card = sound("qualified", &mut Random::of(1, &[]));
        assert_eq!(card.attested("processing_contract"), Some(true));
        assert!(card.holds("hds") && card.says("seat").is_some() && !card.is_tied_to("US"));
        for flaw in ["contract=past", "hds=past", "seat=", "subprocessors=US"] {
            card.flaw(flaw);
        }
        assert_eq!(card.attested("processing_contract"), None);
        assert!(!card.holds("hds") && card.says("seat").is_none() && card.is_tied_to("US"));
        assert!(card.holds("secnumcloud-3.2"));
    }
}
