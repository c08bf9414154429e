//! The decision: which of some targets may see a text, and why the others may not.
//!
//! It is a hard filter. It never orders, prefers or relaxes; the targets it permits come back in the order
//! they came in, and whoever retries, hedges or fails over asks again.

use std::collections::BTreeSet;

use serde::{Serialize, Serializer};
use trousseau_core::digest::Digest;
use trousseau_core::error::{ErrorKind, Explain};
use trousseau_core::label::{Class, Label};
use trousseau_core::permit::{Permit, Purpose};

use crate::attestation::Attestation;
use crate::card::Card;
use crate::date::Date;
use crate::defaults::{ClassRule, default_rule};
use crate::fact::Fact;
use crate::fields::Seen;
use crate::jurisdiction::{Country, Region};
use crate::reason::{Code, Reason};
use crate::rules::{LocalTime, OfRequest, Rules, has_tag, seen, verdict};
use crate::withdrawn::Withdrawn;

/// What is to be sent, and for whom.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The label of everything that would be sent, passages included.
    pub label: &'a Label,
    /// What the call is for.
    pub purpose: Purpose,
    /// The digest of what would be sent; a permit is bound to it.
    pub content: Digest,
    /// The highest class among the documents whose text would be sent; `public` when there are none.
    pub read: Class,
    /// The highest class of documents that whoever asks may read.
    pub clearance: Class,
    /// For whom, from what and when.
    pub about: About<'a>,
}

/// What the rules of an organisation may ask of a request beside its label. None of it says anything of an upstream.
#[derive(Clone, Copy, Debug, Default)]
pub struct About<'a> {
    /// The tenant that whoever asks belongs to.
    pub tenant: &'a str,
    /// The groups of whoever asks.
    pub groups: &'a [&'a str],
    /// The collections of the documents whose text would be sent.
    pub collections: &'a [&'a str],
    /// The time of the week where the organisation is; only looked at where [`Rules::mind_the_time`].
    pub time: LocalTime,
    /// What was withdrawn while the service runs, where something was.
    pub withdrawn: Option<&'a Withdrawn>,
}

/// An upstream that a request might go to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Target {
    /// Its name in the configuration.
    pub name: String,
    /// The facts on it.
    pub card: Card,
    /// What the customer attests of it. Held against the day of each decision, so that one that ends
    /// while the program runs counts no longer.
    pub attestations: Vec<Attestation>,
    /// What its model is made for; anything, where nothing is said. One that answers also rewrites, reads and judges.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub serves: Vec<Purpose>,
}

impl Target {
    /// A target without attestations.
    pub fn new(name: impl Into<String>, card: Card) -> Self {
        Self {
            name: name.into(),
            card,
            attestations: Vec::new(),
            serves: Vec::new(),
        }
    }

    /// Whether its model is made for this.
    pub fn is_for(&self, purpose: Purpose) -> bool {
        let needed = match purpose {
            Purpose::Embedding | Purpose::Reranking => purpose,
            Purpose::Chat | Purpose::Rewriting | Purpose::Ocr | Purpose::Judging => Purpose::Chat,
        };
        self.serves.is_empty() || self.serves.contains(&needed)
    }
}

/// Which targets may see what was asked about, and why the others may not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// The label that was decided upon.
    pub label: Label,
    /// What the call is for.
    pub purpose: Purpose,
    /// The rules that applied: the class first, then tags and the organisation's own.
    pub rules: Vec<String>,
    /// A permit for each target that may see it, in the order of the targets. In JSON, their names.
    #[serde(serialize_with = "names")]
    pub permitted: Vec<Permit>,
    /// The other targets, each with every reason against it.
    pub rejected: Vec<Rejection>,
}

/// A target that may not see a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rejection {
    /// The target's name.
    pub target: String,
    /// Everything that stands against it; never empty.
    pub reasons: Vec<Reason>,
}

/// No target may see a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no upstream may see a text labelled {label} for {}", .purpose.name())]
pub struct Denied {
    /// The text's label.
    pub label: Label,
    /// What the call was for.
    pub purpose: Purpose,
    /// Every target, with every reason against it; empty when there was no target at all.
    pub rejected: Vec<Rejection>,
}

impl Decision {
    /// The permits, at least one, or the denial with all reasons.
    pub fn into_permits(self) -> Result<Vec<Permit>, Denied> {
        if self.permitted.is_empty() {
            return Err(self.into_denied());
        }
        Ok(self.permitted)
    }

    /// The denial with all reasons, of a decision that is one.
    pub fn into_denied(self) -> Denied {
        Denied {
            label: self.label,
            purpose: self.purpose,
            rejected: self.rejected,
        }
    }

    /// The permit for a target, where it has one.
    pub fn permit(&self, target: &str) -> Option<&Permit> {
        self.permitted.iter().find(|permit| permit.target() == target)
    }

    /// Whether no target may see it.
    pub const fn is_denial(&self) -> bool {
        self.permitted.is_empty()
    }
}

impl Explain for Denied {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Forbidden
    }

    fn code(&self) -> &'static str {
        if self.rejected.is_empty() {
            "policy-no-target"
        } else {
            "policy-denied"
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        let reasons = self.rejected.iter().map(|rejection| {
            let codes: Vec<&str> = rejection
                .reasons
                .iter()
                .map(|reason| reason.code.name())
                .collect();
            format!("{}: {}", rejection.target, codes.join(", "))
        });
        vec![
            ("label", self.label.to_string()),
            ("purpose", self.purpose.name().to_owned()),
            ("reasons", reasons.collect::<Vec<String>>().join("; ")),
        ]
    }
}

/// Decides which of `targets` may see what `request` describes, on the day `today`.
pub fn decide<'a>(
    request: &Request<'_>,
    targets: impl IntoIterator<Item = &'a Target>,
    rules: &Rules,
    today: Date,
) -> Decision {
    let applied = Applied::to(request, rules);
    let mut decision = Decision {
        label: request.label.clone(),
        purpose: request.purpose,
        rules: applied.names(request.label),
        permitted: Vec::new(),
        rejected: Vec::new(),
    };
    for target in targets {
        let mut reasons = reasons_against(target, request.label, &applied, today);
        reasons.extend(above_clearance(request));
        reasons.extend(made_for_else(target, request.purpose));
        if reasons.is_empty() {
            decision.permitted.push(grant(target, request));
        } else {
            let target = target.name.clone();
            decision.rejected.push(Rejection { target, reasons });
        }
    }
    decision
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that issues permits"
)]
fn grant(target: &Target, request: &Request<'_>) -> Permit {
    Permit::grant(
        target.name.clone(),
        request.purpose,
        request.label.clone(),
        request.content,
    )
}

/// The rules that apply to one request.
struct Applied<'a> {
    rules: &'a Rules,
    withdrawn: Option<&'a Withdrawn>,
    class: &'static ClassRule,
    own: Vec<OfRequest<'a>>,
}

impl<'a> Applied<'a> {
    fn to(request: &Request<'a>, rules: &'a Rules) -> Self {
        Self {
            rules,
            withdrawn: request.about.withdrawn,
            class: default_rule(request.label.class),
            own: rules.of(request),
        }
    }

    fn names(&self, label: &Label) -> Vec<String> {
        let tags = self.class.tagged.iter().filter(|(tag, _)| has_tag(label, tag));
        let tags = tags.map(|(tag, _)| format!("{}-{tag}", self.class.class));
        let own = self.own.iter().map(|rule| rule.name().to_owned());
        let class = std::iter::once(self.class.class.name().to_owned());
        class.chain(tags).chain(own).collect()
    }
}

fn reasons_against(target: &Target, label: &Label, applied: &Applied<'_>, today: Date) -> Vec<Reason> {
    let seen = seen(target, today);
    let Seen { card, attested, .. } = seen;
    let mut reasons = Out::banned(applied.rules).against(target);
    reasons.extend(
        applied
            .withdrawn
            .into_iter()
            .flat_map(|withdrawn| Out::withdrawn(withdrawn).against(target)),
    );
    let class = applied.class.class.name();
    for condition in applied.class.conditions {
        let shortfall = condition.shortfall(card, attested, today);
        reasons.extend(shortfall.map(|shortfall| condition.reason(class, shortfall)));
    }
    for (tag, condition) in applied.class.tagged.iter().filter(|(tag, _)| has_tag(label, tag)) {
        let shortfall = condition.shortfall(card, attested, today);
        reasons.extend(shortfall.map(|shortfall| condition.reason(&format!("{class}-{tag}"), shortfall)));
    }
    reasons.extend(verdict(&applied.own, target, seen));
    reasons
}

fn above_clearance(request: &Request<'_>) -> Option<Reason> {
    (request.read > request.clearance).then(|| Reason {
        code: Code::AboveClearance,
        rule: "clearance".to_owned(),
        line: 0,
        condition: None,
        field: String::new(),
        found: request.read.name().to_owned(),
        required: request.clearance.name().to_owned(),
    })
}

/// Whether a target is among what was withdrawn.
pub fn is_out(target: &Target, withdrawn: &Withdrawn) -> bool {
    !Out::withdrawn(withdrawn).against(target).is_empty()
}

fn made_for_else(target: &Target, purpose: Purpose) -> Option<Reason> {
    let serves = target.serves.iter().map(|purpose| purpose.name());
    (!target.is_for(purpose)).then(|| Reason {
        code: Code::DoesNotServe,
        rule: "serves".to_owned(),
        line: 0,
        condition: None,
        field: String::new(),
        found: serves.collect::<Vec<_>>().join(", "),
        required: purpose.name().to_owned(),
    })
}

/// Who is ruled out, and the code of the reason.
struct Out<'a> {
    code: Code,
    upstreams: &'a BTreeSet<String>,
    providers: &'a BTreeSet<String>,
    countries: &'a BTreeSet<Country>,
}

impl<'a> Out<'a> {
    /// By the organisation's rules.
    const fn banned(rules: &'a Rules) -> Self {
        Self {
            code: Code::Banned,
            upstreams: &rules.banned,
            providers: &rules.banned_providers,
            countries: &rules.banned_countries,
        }
    }

    /// By what was withdrawn meanwhile.
    const fn withdrawn(withdrawn: &'a Withdrawn) -> Self {
        Self {
            code: Code::Withdrawn,
            upstreams: &withdrawn.upstreams,
            providers: &withdrawn.providers,
            countries: &withdrawn.countries,
        }
    }

    /// What it holds against a target.
    fn against(&self, target: &Target) -> Vec<Reason> {
        let mut reasons = Vec::new();
        let card = &target.card;
        if self.upstreams.contains(&target.name) {
            reasons.push(ban(self.code, "", &target.name));
        }
        if self.providers.contains(&card.provider.trim().to_lowercase()) {
            reasons.push(ban(self.code, "provider", &card.provider));
        }
        if !self.countries.is_empty() && !card.on_own_premises() {
            reasons.extend(self.against_countries(card));
        }
        reasons
    }

    /// Where a country is ruled out, every fact that ties an upstream to a country must be known.
    fn against_countries(&self, card: &Card) -> Vec<Reason> {
        let mut reasons = Vec::new();
        let as_region = |fact: Fact<Country>| match fact {
            Fact::Known(country) => Fact::Known(Region::Country(country)),
            Fact::Unknown => Fact::Unknown,
        };
        let places = [
            ("seat", as_region(card.seat)),
            ("ultimate_parent", as_region(card.ultimate_parent)),
            ("inference_region", card.inference_region),
            ("storage_region", card.storage_region),
        ];
        for (field, place) in places {
            match place {
                Fact::Unknown => reasons.push(ban(Code::CountryUnknown, field, "unknown")),
                Fact::Known(region) if may_be_in(region, self.countries) => {
                    reasons.push(ban(self.code, field, &region.to_string()));
                }
                Fact::Known(_) => {}
            }
        }
        for subprocessor in card.subprocessors.known().into_iter().flatten() {
            let country = subprocessor.country.known();
            if country.is_some_and(|country| self.countries.contains(country)) {
                reasons.push(ban(self.code, "subprocessors", &subprocessor.name));
            }
        }
        reasons
    }
}

fn may_be_in(region: Region, banned: &BTreeSet<Country>) -> bool {
    match region {
        Region::Country(country) => banned.contains(&country),
        Region::Eu | Region::Eea => banned.iter().any(|country| country.in_eea()),
    }
}

fn ban(code: Code, field: &str, found: &str) -> Reason {
    Reason {
        code,
        rule: if code == Code::Withdrawn {
            "withdrawn"
        } else {
            "banned"
        }
        .to_owned(),
        line: 0,
        condition: None,
        field: field.to_owned(),
        found: found.to_owned(),
        required: String::new(),
    }
}

fn names<S: Serializer>(permits: &[Permit], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(permits.iter().map(Permit::target))
}
