//! Who may see what, from `table.toml`: a table and the few ways of reading it. Nothing of the program's policy is called here.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use serde::Deserialize;
use toml::{Table, Value};

use crate::card::Card;

/// The classes, from the lowest.
pub(crate) const CLASSES: [&str; 5] = ["public", "internal", "personal", "sensitive", "restricted"];

/// A label as it is worked out here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Label {
    /// Place among [`CLASSES`].
    pub(crate) class: usize,
    pub(crate) tags: BTreeSet<String>,
}

impl Label {
    pub(crate) fn new(class: &str, tags: &[&str]) -> Self {
        let place = CLASSES.iter().position(|known| *known == class);
        Self {
            class: place.unwrap_or(CLASSES.len() - 1),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        }
    }

    pub(crate) fn join(&mut self, other: &Self) {
        self.class = self.class.max(other.class);
        self.tags.extend(other.tags.iter().cloned());
    }

    /// As headers and configurations write it.
    pub(crate) fn written(&self) -> String {
        let tags: String = self.tags.iter().map(|tag| format!("+{tag}")).collect();
        format!("{}{tags}", CLASSES[self.class])
    }
}

/// The table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Oracle {
    class: Vec<OfClass>,
    own: Own,
    ask: BTreeMap<String, Ask>,
    places: Places,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfClass {
    name: String,
    asks: Vec<String>,
    #[serde(default)]
    tagged: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    asks: Vec<String>,
}

/// The countries and regions that cards name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Places {
    eea: Vec<String>,
    adequate: Vec<String>,
}

/// What is asked of a card.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    field: Option<String>,
    attested: Option<String>,
    certificate: Option<String>,
    is: Option<Value>,
    is_not: Option<Value>,
    among: Option<String>,
    no_tie_to: Option<String>,
}

/// What an organisation rules out beside the table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Out {
    pub(crate) upstreams: BTreeSet<String>,
    pub(crate) providers: BTreeSet<String>,
    pub(crate) countries: BTreeSet<String>,
}

/// A rule of the organisation's own, of the kinds that are drawn.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) name: String,
    /// It speaks of this class and those above.
    pub(crate) class: usize,
    /// It speaks of requests of this group, or of all.
    pub(crate) group: Option<String>,
    /// It speaks of this provider, or of all.
    pub(crate) provider: Option<String>,
    /// What is asked, as `table.toml` calls it, with the configuration's name for it; where nothing is, it refuses.
    pub(crate) asks: Option<(&'static str, &'static str)>,
}

/// What a target is decided by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case<'a> {
    pub(crate) name: &'a str,
    pub(crate) card: &'a Card,
    pub(crate) label: &'a Label,
    pub(crate) groups: &'a [String],
    pub(crate) rules: &'a [Rule],
    /// What the configuration bans, and what is withdrawn.
    pub(crate) out: [&'a Out; 2],
}

impl Oracle {
    pub(crate) fn read() -> Result<Self> {
        toml::from_str(include_str!("../table.toml")).context("table.toml")
    }

    /// Whether a target may see a text.
    pub(crate) fn permits(&self, case: Case<'_>) -> bool {
        let Case { card, label, .. } = case;
        let Some(class) = self.class.iter().find(|class| class.name == CLASSES[label.class]) else {
            return false;
        };
        let tagged = class.tagged.iter().filter(|(tag, _)| label.tags.contains(*tag));
        let asks = class.asks.iter().chain(tagged.map(|(_, ask)| ask));
        asks.into_iter().all(|ask| self.fulfils(card, ask))
            && !case.out.iter().any(|out| self.is_out(out, case.name, card))
            && case.rules.iter().all(|rule| self.bows(rule, case))
    }

    /// Whether a card fulfils what is asked; on own premises only what is asked there is.
    fn fulfils(&self, card: &Card, name: &str) -> bool {
        let own = card.says("premises") == Some(&Value::from("own"));
        if own && !self.own.asks.iter().any(|ask| ask == name) {
            return true;
        }
        self.ask.get(name).is_some_and(|ask| self.is_met(ask, card))
    }

    fn is_met(&self, ask: &Ask, card: &Card) -> bool {
        if let Some(scheme) = &ask.certificate {
            return card.holds(scheme);
        }
        let found = match (&ask.field, &ask.attested) {
            (Some(field), _) => card.says(field).cloned(),
            (None, Some(field)) => card.attested(field).map(Value::from),
            (None, None) => None,
        };
        if let Some(wrong) = &ask.is_not {
            return found.as_ref() != Some(wrong);
        }
        let Some(found) = found else { return false };
        let is = ask.is.as_ref().is_none_or(|right| *right == found);
        let among = ask.among.as_ref().is_none_or(|list| {
            let list = match list.as_str() {
                "eea" => &self.places.eea,
                _ => &self.places.adequate,
            };
            list.iter().any(|place| found.as_str() == Some(place))
        });
        let untied = ask
            .no_tie_to
            .as_ref()
            .is_none_or(|country| !card.is_tied_to(country));
        is && among && untied
    }

    /// Whether a target is among what is out. Where a country is, every fact that ties a card to one must be known.
    fn is_out(&self, out: &Out, name: &str, card: &Card) -> bool {
        let named = |set: &BTreeSet<String>, what: &str| set.iter().any(|one| one.eq_ignore_ascii_case(what));
        if out.upstreams.contains(name) || named(&out.providers, &card.provider) {
            return true;
        }
        if out.countries.is_empty() || card.says("premises") == Some(&Value::from("own")) {
            return false;
        }
        let in_eea = |place: &str| self.places.eea.iter().any(|known| known == place);
        let ties =
            ["seat", "ultimate_parent", "inference_region", "storage_region"].map(|field| card.says(field));
        ties.iter().any(|tie| match tie.and_then(|tie| tie.as_str()) {
            None => true,
            Some("EU" | "EEA") => out.countries.iter().any(|country| in_eea(country)),
            Some(place) => out.countries.contains(place),
        }) || out.countries.iter().any(|country| card.works_with(country))
    }

    /// Whether nothing stands against a target under a rule.
    fn bows(&self, rule: &Rule, case: Case<'_>) -> bool {
        let speaks = rule.class <= case.label.class
            && rule
                .group
                .as_ref()
                .is_none_or(|group| case.groups.contains(group))
            && rule
                .provider
                .as_ref()
                .is_none_or(|provider| case.card.provider.eq_ignore_ascii_case(provider));
        !speaks || rule.asks.is_some_and(|(ask, _)| self.fulfils(case.card, ask))
    }
}

impl Out {
    pub(crate) fn of(kind: &str, name: &str) -> Self {
        let mut out = Self::default();
        match kind {
            "upstream" => &mut out.upstreams,
            "provider" => &mut out.providers,
            _ => &mut out.countries,
        }
        .insert(name.to_owned());
        out
    }

    /// Its lines in the table `[policy]`.
    pub(crate) fn write(&self, policy: &mut Table) {
        let list = |set: &BTreeSet<String>| Value::from(set.iter().cloned().collect::<Vec<_>>());
        policy.insert("banned".to_owned(), list(&self.upstreams));
        policy.insert("banned_providers".to_owned(), list(&self.providers));
        policy.insert("banned_countries".to_owned(), list(&self.countries));
    }
}

impl Rule {
    /// Its table in the configuration.
    pub(crate) fn written(&self) -> Table {
        let mut table = Table::new();
        let mut put = |key: &str, value: Value| table.insert(key.to_owned(), value);
        put("name", self.name.as_str().into());
        put("class", CLASSES[self.class].into());
        if let Some(group) = &self.group {
            put("groups", vec![group.clone()].into());
        }
        if let Some(provider) = &self.provider {
            put("providers", vec![provider.clone()].into());
        }
        match self.asks {
            Some((_, name)) => put("require", vec![name].into()),
            None => put("deny", true.into()),
        };
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::sound;
    use crate::random::Random;

    /// The highest class that a card may see, and whether it may see what is sensitive and has the tag `health`.
    fn sees(card: &Card, out: &Out) -> (Option<&'static str>, bool) {
        let oracle = Oracle::read().unwrap();
        let permits = |class: &str, tags: &[&str]| {
            oracle.permits(Case {
                name: "t",
                card,
                label: &Label::new(class, tags),
                groups: &[],
                rules: &[],
                out: [out, &Out::default()],
            })
        };
        let highest = CLASSES.into_iter().rev().find(|class| permits(class, &[]));
        (highest, permits("sensitive", &["health"]))
    }

    fn card(kind: &str, flaws: &[&str]) -> Card {
        let mut card = sound(kind, &mut Random::of(1, &[kind]));
        flaws.iter().for_each(|flaw| card.flaw(flaw));
        card
    }

    #[test]
    fn the_table_reads_as_the_design_says() {
        let plain = |kind: &str, flaws: &[&str]| sees(&card(kind, flaws), &Out::default());
        assert_eq!(plain("own", &[]), (Some("restricted"), true));
        assert_eq!(plain("own", &["premises"]), (Some("public"), false));
        assert_eq!(plain("qualified", &[]), (Some("sensitive"), true));
        assert_eq!(plain("qualified", &["hds="]), (Some("sensitive"), false));
        assert_eq!(plain("qualified", &["secnumcloud=past"]).0, Some("personal"));
        assert_eq!(plain("european", &[]).0, Some("personal"));
        assert_eq!(plain("adequate", &[]).0, Some("personal"));
        assert_eq!(plain("chinese", &[]).0, Some("public"));
        for flaw in [
            "us_law=",
            "us_law=true",
            "chinese_law=",
            "seat=RS",
            "seat=",
            "ultimate_parent=CN",
            "subprocessors=US",
        ] {
            assert_eq!(plain("european", &[flaw]).0, Some("internal"), "{flaw}");
        }
        for flaw in [
            "inference_region=IN",
            "inference_region=",
            "contract=",
            "contract=past",
            "training=true",
            "training=",
        ] {
            assert_eq!(plain("european", &[flaw]).0, Some("public"), "{flaw}");
        }
        assert_eq!(plain("own", &["banned"]).0, None);
    }

    #[test]
    fn where_a_country_is_out_every_tie_must_be_known() {
        let out = Out::of("country", "CN");
        assert_eq!(sees(&card("european", &[]), &out).0, Some("personal"));
        assert_eq!(sees(&card("european", &["storage_region="]), &out).0, None);
        assert_eq!(sees(&card("european", &["subprocessors=CN"]), &out).0, None);
        assert_eq!(sees(&card("own", &[]), &out).0, Some("restricted"));
        let member = Out::of("country", "FR");
        assert_eq!(sees(&card("european", &["storage_region=EU"]), &member).0, None);
    }
}
