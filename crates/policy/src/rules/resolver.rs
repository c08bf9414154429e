//! From the rules as they are written to the rules in force, piece by piece, keeping every fault.

use std::collections::BTreeSet;

use trousseau_core::label::Class;
use trousseau_core::permit::Purpose;

use super::{Effect, Fault, Hours, RawRule, RawRules, Rule, Rules, Weekday};
use crate::condition::Condition;
use crate::jurisdiction::Country;

/// Names that rules may not take, because reasons use them for rules of this crate.
const RESERVED: [&str; 4] = ["banned", "clearance", "sensitive-health", "withdrawn"];

const PURPOSES: [Purpose; 6] = [
    Purpose::Chat,
    Purpose::Embedding,
    Purpose::Reranking,
    Purpose::Rewriting,
    Purpose::Ocr,
    Purpose::Judging,
];

pub(super) fn resolve(raw: &RawRules, upstreams: BTreeSet<&str>) -> Result<Rules, Vec<Fault>> {
    let mut resolver = Resolver {
        upstreams,
        names: RESERVED
            .into_iter()
            .chain(Class::ALL.map(Class::name))
            .map(str::to_owned)
            .collect(),
        timed: raw.time_zone.is_some(),
        faults: Vec::new(),
    };
    let countries = raw.banned_countries.iter();
    let banned_countries = countries.filter_map(|code| resolver.country(code)).collect();
    let numbered = raw.rule.iter().enumerate();
    let rules = Rules {
        banned: resolver.upstreams("policy.banned", &raw.banned),
        banned_providers: folded(&raw.banned_providers),
        banned_countries,
        rules: numbered
            .filter_map(|(index, rule)| resolver.rule(index + 1, rule))
            .collect(),
        detectors: raw.detector.clone(),
        hold_back: raw.hold_back.clone(),
    };
    if resolver.faults.is_empty() {
        Ok(rules)
    } else {
        Err(resolver.faults)
    }
}

struct Resolver<'a> {
    upstreams: BTreeSet<&'a str>,
    names: BTreeSet<String>,
    /// Whether somebody said in which time zone hours are meant.
    timed: bool,
    faults: Vec<Fault>,
}

impl Resolver<'_> {
    fn rule(&mut self, number: usize, raw: &RawRule) -> Option<Rule> {
        let name = raw.name.trim();
        if name.is_empty() {
            self.faults.push(Fault::Nameless { number });
        } else if !self.names.insert(name.to_owned()) {
            let name = name.to_owned();
            self.faults.push(Fault::NameTaken { name });
        }
        let key = |key: &str| match name {
            "" => format!("policy.rule[{number}].{key}"),
            name => format!("policy.rule.{name}.{key}"),
        };
        let class = self.class(key("class"), raw.class.as_deref(), Class::Public);
        let up_to = self.class(key("up_to"), raw.up_to.as_deref(), Class::Restricted);
        let purposes = self.words(&key("purposes"), &raw.purposes, &PURPOSES, Purpose::name);
        let upstreams = self.upstreams(&key("upstreams"), &raw.upstreams);
        let require = self.words(&key("require"), &raw.require, &Condition::ALL, Condition::name);
        let hours = self.hours(name, &key, raw);
        self.check_effect(name, raw);
        Some(Rule {
            name: name.to_owned(),
            line: raw.line,
            class: class?,
            up_to: up_to?,
            tags: folded(&raw.tags),
            purposes,
            tenants: folded(&raw.tenants),
            groups: folded(&raw.groups),
            collections: folded(&raw.collections),
            hours,
            upstreams,
            providers: folded(&raw.providers),
            card: raw.card.clone(),
            effect: match (raw.deny, raw.allow) {
                (true, _) => Effect::Deny,
                (false, true) => Effect::Allow,
                (false, false) => Effect::Require(require, Box::new(raw.require_card.clone())),
            },
        })
    }

    /// A rule has one effect, and says nothing that would let more in as a label rises.
    fn check_effect(&mut self, name: &str, raw: &RawRule) {
        let requires = !raw.require.is_empty() || !raw.require_card.is_empty();
        let effects = [raw.deny, raw.allow, requires];
        let name = || name.to_owned();
        if effects.into_iter().filter(|has| *has).count() != 1 {
            self.faults.push(Fault::Effect { name: name() });
        } else if raw.allow {
            let written = [("class", raw.class.is_some()), ("tags", !raw.tags.is_empty())];
            for (key, _) in written.into_iter().filter(|(_, written)| *written) {
                self.faults.push(Fault::AllowRises { name: name(), key });
            }
        } else if raw.up_to.is_some() {
            self.faults.push(Fault::UpTo { name: name() });
        }
    }

    fn hours(&mut self, name: &str, key: &impl Fn(&str) -> String, raw: &RawRule) -> Hours {
        let mut hours = Hours::default();
        for text in &raw.hours {
            if hours.add_stretch(text).is_err() {
                self.faults.push(Fault::UnknownValue {
                    key: key("hours"),
                    value: text.clone(),
                    known: "08:00-18:30, 22:00-06:00".to_owned(),
                });
            }
        }
        hours.add_days(self.words(&key("days"), &raw.days, &Weekday::ALL, Weekday::name));
        if !hours.is_always() && !self.timed {
            let name = name.to_owned();
            self.faults.push(Fault::TimeZone { name });
        }
        hours
    }

    fn class(&mut self, key: String, word: Option<&str>, otherwise: Class) -> Option<Class> {
        let Some(word) = word else {
            return Some(otherwise);
        };
        self.word(key, word, &Class::ALL, Class::name)
    }

    fn country(&mut self, code: &str) -> Option<Country> {
        let country = code.parse();
        if country.is_err() {
            self.faults.push(Fault::UnknownValue {
                key: "policy.banned_countries".to_owned(),
                value: code.to_owned(),
                known: "ISO 3166-1 (FR, DE, GB, ...)".to_owned(),
            });
        }
        country.ok()
    }

    fn upstreams(&mut self, key: &str, names: &[String]) -> BTreeSet<String> {
        for name in names
            .iter()
            .filter(|name| !self.upstreams.contains(name.as_str()))
        {
            self.faults.push(Fault::UnknownUpstream {
                key: key.to_owned(),
                upstream: name.clone(),
            });
        }
        names.iter().cloned().collect()
    }

    fn words<T: Copy>(
        &mut self,
        key: &str,
        words: &[String],
        all: &[T],
        name: fn(T) -> &'static str,
    ) -> Vec<T> {
        let words = words.iter();
        words
            .filter_map(|word| self.word(key.to_owned(), word, all, name))
            .collect()
    }

    fn word<T: Copy>(
        &mut self,
        key: String,
        word: &str,
        all: &[T],
        name: fn(T) -> &'static str,
    ) -> Option<T> {
        let found = all.iter().copied().find(|value| name(*value) == word);
        if found.is_none() {
            let known: Vec<&str> = all.iter().map(|value| name(*value)).collect();
            self.faults.push(Fault::UnknownValue {
                key,
                value: word.to_owned(),
                known: known.join(", "),
            });
        }
        found
    }
}

fn folded(names: &[String]) -> BTreeSet<String> {
    names.iter().map(|name| name.trim().to_lowercase()).collect()
}
