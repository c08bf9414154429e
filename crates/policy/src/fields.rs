//! Conditions on the fields of a card, as an organisation's rule writes them.
//!
//! ```toml
//! card = { seat = ["US", "CN"] }                                    # of which upstreams the rule speaks
//! require_card = { carbon_zone = ["FR", "SE"], open_weights = true } # what they must have
//! ```
//!
//! A field is held against the card as it is written there, with one exception: what is entrusted to nobody has no
//! operator, no contract and no law but the organisation's own. On own premises the fields that speak of these
//! ([`Field::of_operator`]) are met where they are required, and no ground for a refusal.

use serde::{Deserialize, Serialize};
use trousseau_core::digest::Digest;

use crate::attestation::Attested;
use crate::card::{Card, Certificate, Exposure, ForeignLaw, Premises, Price};
use crate::date::Date;
use crate::fact::Fact;
use crate::jurisdiction::{Country, Region};

/// What a rule says of the fields of a card. A list is met by any of its values; what is left out says nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fields {
    /// The provider's name, in any capitals.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub provider: Vec<String>,
    /// The model's name at the provider.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub model: Vec<String>,
    /// The provider's own name of the region.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub region: Vec<String>,
    /// Whose machine it runs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub premises: Option<Premises>,
    /// The company that operates it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub legal_entity: Vec<String>,
    /// Where that company has its registered office.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub seat: Vec<Country>,
    /// The country of whoever controls it in the end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ultimate_parent: Vec<Country>,
    /// Where the model runs; `EU` is met by each of its members.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inference_region: Vec<Region>,
    /// Where requests and answers are stored.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub storage_region: Vec<Region>,
    /// Where sub-processors have their seats. Required, each of them must be in one of these; to say of which
    /// upstreams a rule speaks, one is enough.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subprocessor_countries: Vec<Country>,
    /// Certificates that are valid today and cover the service; all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<String>,
    /// Whether US law reaches the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub us_law: Option<bool>,
    /// Whether Chinese law reaches the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chinese_law: Option<bool>,
    /// Whether anyone may run the same weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_weights: Option<bool>,
    /// The SHA-256 digest of the weights.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub weights_digest: Vec<Digest>,
    /// The highest price. One in another currency cannot be compared, and counts as unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_at_most: Option<Price>,
    /// The zone of the electricity grid.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub carbon_zone: Vec<String>,
    /// Whether a contract under GDPR, article 28(3), is in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processing_contract: Option<bool>,
    /// Whether the provider trains on what it is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trains_on_data: Option<bool>,
    /// The longest time the provider may keep what it is sent, in days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_days_at_most: Option<u32>,
}

/// One field of a card held against what a rule says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name on the card.
    pub name: &'static str,
    /// Whether it speaks of whoever operates the upstream, and of nothing where the organisation itself does.
    pub of_operator: bool,
    /// What stands on the card; `unknown` where nobody has established it.
    pub found: String,
    /// What the rule says.
    pub said: String,
    /// Whether the two agree.
    pub holds: Fact<bool>,
}

/// An upstream's card on one day.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The card.
    pub card: &'a Card,
    /// What is attested of it.
    pub attested: Attested,
    /// The day.
    pub today: Date,
}

impl Fields {
    /// Whether nothing is said at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a rule that says this speaks of an upstream: every field holds. Known to be wrong outweighs unknown.
    pub fn speak_of(&self, seen: Seen<'_>) -> Fact<bool> {
        let own = seen.card.on_own_premises();
        let mut all = Fact::Known(true);
        for field in self.held_against(seen, Quantity::Any) {
            match field.holds {
                _ if own && field.of_operator => return Fact::Known(false),
                Fact::Known(false) => return Fact::Known(false),
                Fact::Unknown => all = Fact::Unknown,
                Fact::Known(true) => {}
            }
        }
        all
    }

    /// What an upstream falls short of, where a rule requires this.
    pub fn shortfalls(&self, seen: Seen<'_>) -> Vec<Field> {
        let own = seen.card.on_own_premises();
        let mut fields = self.held_against(seen, Quantity::Every);
        fields.retain(|field| field.holds != Fact::Known(true) && !(own && field.of_operator));
        fields
    }

    /// Each field that something is said of, held against the card.
    fn held_against(&self, seen: Seen<'_>, quantity: Quantity) -> Vec<Field> {
        let Seen {
            card,
            attested,
            today,
        } = seen;
        let operator = |name, holds| asked(name, true, holds);
        let thing = |name, holds| asked(name, false, holds);
        let exposed = |law| match card.exposure(law) {
            Exposure::Exposed(_) => Fact::Known(true),
            Exposure::NotExposed => Fact::Known(false),
            Exposure::Unknown => Fact::Unknown,
        };
        let fields = [
            thing("provider", words(&self.provider, &named(&card.provider))),
            thing("model", words(&self.model, &named(&card.model))),
            thing("region", words(&self.region, &named(&card.region))),
            thing("premises", value(self.premises, card.premises)),
            operator("legal_entity", words(&self.legal_entity, &card.legal_entity)),
            operator("seat", one_of(&self.seat, card.seat)),
            operator(
                "ultimate_parent",
                one_of(&self.ultimate_parent, card.ultimate_parent),
            ),
            operator(
                "inference_region",
                within(&self.inference_region, card.inference_region),
            ),
            operator(
                "storage_region",
                within(&self.storage_region, card.storage_region),
            ),
            operator(
                "subprocessors",
                subprocessors(&self.subprocessor_countries, card, quantity),
            ),
            operator("certificates", certificates(&self.certificates, card, today)),
            operator("us_law", value(self.us_law, exposed(ForeignLaw::UnitedStates))),
            operator("chinese_law", value(self.chinese_law, exposed(ForeignLaw::China))),
            thing("open_weights", value(self.open_weights, card.open_weights)),
            thing(
                "weights_digest",
                one_of(&self.weights_digest, card.weights_digest),
            ),
            thing("price", price(self.price_at_most.as_ref(), &card.price)),
            thing("carbon_zone", words(&self.carbon_zone, &card.carbon_zone)),
            operator(
                "processing_contract",
                value(self.processing_contract, attested.processing_contract),
            ),
            operator(
                "trains_on_data",
                value(self.trains_on_data, attested.trains_on_data),
            ),
            operator(
                "retention_days",
                at_most(self.retention_days_at_most, attested.retention_days),
            ),
        ];
        fields.into_iter().flatten().collect()
    }
}

/// How many of several values must be among those that a rule names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quantity {
    Any,
    Every,
}

/// What was found, what the rule says, and whether they agree; nothing where the rule says nothing.
type Held = Option<(String, String, Fact<bool>)>;

fn asked(name: &'static str, of_operator: bool, held: Held) -> Option<Field> {
    let (found, said, holds) = held?;
    Some(Field {
        name,
        of_operator,
        found,
        said,
        holds,
    })
}

/// A name that is left out of a card is not known.
fn named(name: &str) -> Fact<String> {
    if name.is_empty() {
        Fact::Unknown
    } else {
        Fact::Known(name.to_owned())
    }
}

fn words(said: &[String], found: &Fact<String>) -> Held {
    let agrees = |found: &String| {
        let found = found.trim().to_lowercase();
        said.iter().any(|word| word.trim().to_lowercase() == found)
    };
    held(said, found, agrees)
}

fn one_of<T: Copy + PartialEq + ToString>(said: &[T], found: Fact<T>) -> Held {
    held(said, &found, |found| said.contains(found))
}

/// A country lies in itself, in the EU where it is a member, and in the EEA where it is a party.
fn within(said: &[Region], found: Fact<Region>) -> Held {
    held(said, &found, |found| {
        said.iter().any(|region| found.lies_in(*region))
    })
}

fn held<T: ToString, S: ToString>(said: &[S], found: &Fact<T>, agrees: impl Fn(&T) -> bool) -> Held {
    if said.is_empty() {
        return None;
    }
    Some((
        told(found),
        list(said),
        found
            .known()
            .map_or(Fact::Unknown, |found| Fact::Known(agrees(found))),
    ))
}

fn value<T: Copy + PartialEq + ToString>(said: Option<T>, found: Fact<T>) -> Held {
    one_of(said.as_slice(), found)
}

fn at_most(said: Option<u32>, found: Fact<u32>) -> Held {
    let most = said?;
    let (found, said, holds) = held(&[most], &found, |found| *found <= most)?;
    Some((found, format!("<= {said}"), holds))
}

fn price(said: Option<&Price>, found: &Fact<Price>) -> Held {
    let most = said?;
    let shown = |price: &Price| format!("{} / {} {}", price.input, price.output, price.currency);
    let comparable = found
        .known()
        .filter(|found| found.currency.eq_ignore_ascii_case(&most.currency));
    let holds = comparable.map_or(Fact::Unknown, |found| {
        Fact::Known(found.input <= most.input && found.output <= most.output)
    });
    let found = found.known().map_or_else(unknown, shown);
    Some((found, format!("<= {}", shown(most)), holds))
}

fn subprocessors(said: &[Country], card: &Card, quantity: Quantity) -> Held {
    if said.is_empty() {
        return None;
    }
    let Fact::Known(subprocessors) = &card.subprocessors else {
        return Some((unknown(), list(said), Fact::Unknown));
    };
    let each = subprocessors
        .iter()
        .map(|subprocessor| match subprocessor.country {
            Fact::Known(country) => Fact::Known(said.contains(&country)),
            Fact::Unknown => Fact::Unknown,
        });
    let (decisive, otherwise) = match quantity {
        Quantity::Any => (true, false),
        Quantity::Every => (false, true),
    };
    let mut holds = Fact::Known(otherwise);
    for one in each {
        match one {
            Fact::Known(one) if one == decisive => {
                holds = Fact::Known(decisive);
                break;
            }
            Fact::Known(_) => {}
            Fact::Unknown => holds = Fact::Unknown,
        }
    }
    let found: Vec<String> = subprocessors
        .iter()
        .map(|subprocessor| format!("{} ({})", subprocessor.name, subprocessor.country))
        .collect();
    Some((format!("[{}]", found.join(", ")), list(said), holds))
}

fn certificates(said: &[String], card: &Card, today: Date) -> Held {
    if said.is_empty() {
        return None;
    }
    let Fact::Known(certificates) = &card.certificates else {
        return Some((unknown(), list(said), Fact::Unknown));
    };
    let mut holds = Fact::Known(true);
    for scheme in said {
        let scheme = crate::card::Scheme::from(scheme.clone());
        let mut standing = certificates
            .iter()
            .filter(|certificate| certificate.scheme.is(scheme.as_str()))
            .map(|certificate| stands(certificate, today));
        if standing.clone().any(|stands| stands == Fact::Known(true)) {
            continue;
        }
        if standing.all(|stands| stands == Fact::Known(false)) {
            holds = Fact::Known(false);
            break;
        }
        holds = Fact::Unknown;
    }
    let held: Vec<&str> = certificates.iter().map(|held| held.scheme.as_str()).collect();
    Some((format!("[{}]", held.join(", ")), list(said), holds))
}

/// Whether a certificate is valid on the day `today` and covers the service.
fn stands(certificate: &Certificate, today: Date) -> Fact<bool> {
    match (certificate.covers_service, certificate.valid_until) {
        (Fact::Known(false), _) => Fact::Known(false),
        (_, Fact::Known(until)) if today > until => Fact::Known(false),
        (Fact::Known(true), Fact::Known(_)) => Fact::Known(true),
        (Fact::Unknown, _) | (_, Fact::Unknown) => Fact::Unknown,
    }
}

fn told<T: ToString>(fact: &Fact<T>) -> String {
    fact.known().map_or_else(unknown, T::to_string)
}

fn unknown() -> String {
    Fact::<bool>::Unknown.to_string()
}

fn list<T: ToString>(values: &[T]) -> String {
    let values: Vec<String> = values.iter().map(T::to_string).collect();
    values.join(", ")
}
