//! The rules of an organisation: bans, and an ordered list of rules beside the [defaults](crate::defaults).
//!
//! ```toml
//! [policy]
//! banned_countries = ["CN"]
//! time_zone = "Europe/Paris"
//!
//! [[policy.rule]]                     # read from top to bottom, for each upstream on its own
//! name = "council-drafts-stay-here"
//! collections = ["council"]
//! require = ["own-premises"]
//! ```
//!
//! For each upstream the rules are read in their order, and the first that decides is the last that is read:
//!
//! - `deny` decides where the rule speaks of the request and of the upstream;
//! - `require` decides where the upstream falls short of it;
//! - `allow` decides that none of the rules below it counts for this upstream.
//!
//! What no rule decides is left to the defaults, which stand in any case: an `allow` is an exception from the
//! organisation's own rules, never from the table of classes. So no order of rules lets an upstream see more than the
//! defaults do.
//!
//! A label that rises can only bring further `deny` and `require` rules (`class` means this class and those above, `tags`
//! means any of these) and only lose an `allow` (`up_to` means this class and those below), so that raising a label never
//! lets one more upstream in. A fact that is not known counts against the upstream: it brings it under a `deny` or a
//! `require`, never under an `allow`.

mod fault;
mod hours;
mod resolver;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use trousseau_core::label::{Class, Label};
use trousseau_detect::RawOwn;

use crate::attestation::Attested;
use crate::condition::Condition;
use crate::decide::{Request, Target};
use crate::fact::Fact;
use crate::fields::{Field, Fields, Seen};
use crate::jurisdiction::Country;
use crate::reason::{Code, Reason};

pub use fault::Fault;
pub use hours::{Hours, LocalTime, Weekday};

/// The rules as the table `[policy]` of the configuration writes them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawRules {
    /// Names of upstreams that are ruled out.
    pub banned: Vec<String>,
    /// Providers that are ruled out, by the name on their cards.
    pub banned_providers: Vec<String>,
    /// Countries that are ruled out, by their ISO 3166-1 codes.
    pub banned_countries: Vec<String>,
    /// The time zone that hours and days of rules are meant in, by its IANA name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// The rules, in their order.
    pub rule: Vec<RawRule>,
    /// Words and patterns of the organisation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub detector: Vec<RawOwn>,
    /// An answer in which something of this class or above is found is held back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_back: Option<String>,
}

/// One `[[policy.rule]]`: for which requests, for which upstreams, and what.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawRule {
    /// Its name, which reasons give.
    pub name: String,
    /// The line of the configuration that it begins on, counted from 1; 0 where there is no file.
    #[serde(skip)]
    pub line: usize,
    /// `deny` and `require`: it speaks of this class and those above it; of all when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// `allow`: it speaks of this class and those below it; of all when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub up_to: Option<String>,
    /// `deny` and `require`: it speaks of labels with one of these tags; of all when left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// It speaks of calls for one of these purposes; of all when left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub purposes: Vec<String>,
    /// It speaks of requests of these tenants; of all when left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tenants: Vec<String>,
    /// It speaks of requests of those who are in one of these groups; of all when left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// It speaks of requests with a passage from one of these collections; an `allow`, of requests with passages from
    /// these collections alone. Of all when left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub collections: Vec<String>,
    /// It speaks of these hours of the day, `from-to`, such as `22:00-06:00`; of all when left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hours: Vec<String>,
    /// It speaks of these days of the week, `mon` to `sun`; of all when left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<String>,
    /// It speaks of these upstreams; of all when neither these nor providers are given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub upstreams: Vec<String>,
    /// It speaks of the upstreams of these providers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub providers: Vec<String>,
    /// It speaks of the upstreams whose cards say this.
    #[serde(skip_serializing_if = "Fields::is_empty")]
    pub card: Fields,
    /// The upstreams it speaks of are refused.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deny: bool,
    /// No rule below it counts for the upstreams it speaks of.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow: bool,
    /// The upstreams it speaks of must meet these conditions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub require: Vec<String>,
    /// The cards of the upstreams it speaks of must say this.
    #[serde(skip_serializing_if = "Fields::is_empty")]
    pub require_card: Fields,
}

/// The rules in force: what the organisation adds to the defaults.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Rules {
    pub(crate) banned: BTreeSet<String>,
    pub(crate) banned_providers: BTreeSet<String>,
    pub(crate) banned_countries: BTreeSet<Country>,
    rules: Vec<Rule>,
    /// What the detectors of the organisation are, for the digest of the policy.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    detectors: Vec<RawOwn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hold_back: Option<String>,
}

/// A rule of the organisation, checked.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Rule {
    name: String,
    /// Not part of what is decided: moving a rule in its file changes no policy.
    #[serde(skip)]
    line: usize,
    class: Class,
    up_to: Class,
    tags: BTreeSet<String>,
    purposes: Vec<trousseau_core::permit::Purpose>,
    tenants: BTreeSet<String>,
    groups: BTreeSet<String>,
    collections: BTreeSet<String>,
    hours: Hours,
    upstreams: BTreeSet<String>,
    providers: BTreeSet<String>,
    card: Fields,
    effect: Effect,
}

/// What a rule does to the upstreams it speaks of.
#[derive(Clone, Debug, PartialEq, Serialize)]
enum Effect {
    Deny,
    Allow,
    Require(Vec<Condition>, Box<Fields>),
}

impl Rules {
    /// Checks the rules of a configuration that has the upstreams `upstreams`, and lists all faults.
    pub fn resolve<'a>(
        raw: &RawRules,
        upstreams: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, Vec<Fault>> {
        resolver::resolve(raw, upstreams.into_iter().collect())
    }

    /// Whether a rule asks for the hour or the day of the week.
    pub fn mind_the_time(&self) -> bool {
        self.rules.iter().any(|rule| !rule.hours.is_always())
    }

    /// The rules that speak of a request, in their order.
    pub(crate) fn of(&self, request: &Request<'_>) -> Vec<OfRequest<'_>> {
        let speaking = self.rules.iter().filter(|rule| rule.speaks_of(request));
        speaking.map(OfRequest).collect()
    }
}

/// A rule that speaks of the request in hand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OfRequest<'a>(&'a Rule);

impl OfRequest<'_> {
    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }
}

/// What the first of `rules` that decides holds against `target`; nothing where none does, or where one allows it.
pub(crate) fn verdict(rules: &[OfRequest<'_>], target: &Target, seen: Seen<'_>) -> Vec<Reason> {
    for OfRequest(rule) in rules {
        let concerns = rule.concerns(target, seen);
        match &rule.effect {
            Effect::Allow if concerns == Fact::Known(true) => return Vec::new(),
            Effect::Deny if concerns != Fact::Known(false) => return vec![rule.denial(target)],
            Effect::Require(conditions, fields) if concerns != Fact::Known(false) => {
                let reasons = rule.unmet(conditions, fields, seen);
                if !reasons.is_empty() {
                    return reasons;
                }
            }
            Effect::Allow | Effect::Deny | Effect::Require(..) => {}
        }
    }
    Vec::new()
}

impl Rule {
    fn speaks_of(&self, request: &Request<'_>) -> bool {
        let about = &request.about;
        let class = request.label.class;
        let among = |set: &BTreeSet<String>, name: &str| set.contains(&name.to_lowercase());
        self.class <= class
            && class <= self.up_to
            && (self.tags.is_empty() || self.tags.iter().any(|tag| has_tag(request.label, tag)))
            && (self.purposes.is_empty() || self.purposes.contains(&request.purpose))
            && (self.tenants.is_empty() || among(&self.tenants, about.tenant))
            && (self.groups.is_empty() || about.groups.iter().any(|group| among(&self.groups, group)))
            && (self.collections.is_empty() || self.speaks_of_collections(about.collections))
            && self.hours.include(about.time)
    }

    fn speaks_of_collections(&self, used: &[&str]) -> bool {
        let mut named = used
            .iter()
            .map(|name| self.collections.contains(&name.to_lowercase()));
        match self.effect {
            Effect::Allow => !used.is_empty() && named.all(|named| named),
            Effect::Deny | Effect::Require(..) => named.any(|named| named),
        }
    }

    /// Whether it speaks of this upstream.
    fn concerns(&self, target: &Target, seen: Seen<'_>) -> Fact<bool> {
        let named = (self.upstreams.is_empty() && self.providers.is_empty())
            || self.upstreams.contains(&target.name)
            || self.providers.contains(&seen.card.provider.trim().to_lowercase());
        if !named {
            return Fact::Known(false);
        }
        if self.card.is_empty() {
            return Fact::Known(true);
        }
        self.card.speak_of(seen)
    }

    fn unmet(&self, conditions: &[Condition], fields: &Fields, seen: Seen<'_>) -> Vec<Reason> {
        let conditions = conditions.iter().filter_map(|condition| {
            let shortfall = condition.shortfall(seen.card, seen.attested, seen.today)?;
            Some(Reason {
                line: self.line,
                ..condition.reason(&self.name, shortfall)
            })
        });
        let fields = fields.shortfalls(seen);
        conditions
            .chain(fields.into_iter().map(|field| self.short_of(field)))
            .collect()
    }

    fn short_of(&self, field: Field) -> Reason {
        Reason {
            code: match field.holds {
                Fact::Unknown => Code::FieldUnknown,
                Fact::Known(_) => Code::FieldNotMet,
            },
            rule: self.name.clone(),
            line: self.line,
            condition: None,
            field: field.name.to_owned(),
            found: field.found,
            required: field.said,
        }
    }

    fn denial(&self, target: &Target) -> Reason {
        Reason {
            code: Code::DeniedByRule,
            rule: self.name.clone(),
            line: self.line,
            condition: None,
            field: String::new(),
            found: target.name.clone(),
            required: String::new(),
        }
    }
}

/// Whether a label has a tag, however its capitals are written.
pub(crate) fn has_tag(label: &Label, tag: &str) -> bool {
    label.tags.iter().any(|own| own.eq_ignore_ascii_case(tag))
}

/// What stands attested of a target's card on a day, beside the card.
pub(crate) fn seen(target: &Target, today: crate::date::Date) -> Seen<'_> {
    Seen {
        card: &target.card,
        attested: Attested::on(&target.card, &target.attestations, today),
        today,
    }
}
