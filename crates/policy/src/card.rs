//! An upstream's card: the facts on one provider, model and region that the decision rests on.
//!
//! In a configuration file it is the table `[upstream.card]`. What is left out is unknown, and unknown
//! fails closed:
//!
//! ```toml
//! [upstream.card]
//! provider = "Exemple IA"
//! model = "exemple-24b"
//! premises = "network"
//! legal_entity = "Exemple IA SAS"
//! seat = "FR"
//! ultimate_parent = "FR"
//! inference_region = "FR"
//! storage_region = "EU"
//! us_law = false
//! chinese_law = false
//! certificates = [{ scheme = "secnumcloud-3.2", covers_service = true, valid_until = 2028-03-31 }]
//! evidence = [{ source = "https://exemple.fr/confiance", date = 2026-11-02, confidence = "official" }]
//! ```
//!
//! A processing contract, training on the data and retention are not facts of a catalogue: only the customer
//! knows them, and [`Attestation`](crate::attestation::Attestation)s bring them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};
use trousseau_core::digest::Digest;

use crate::date::Date;
use crate::fact::Fact;
use crate::jurisdiction::{Country, Region};

/// The facts on one upstream: one provider, model and region.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Card {
    /// The provider's name, such as `Scaleway`.
    pub provider: String,
    /// The model's name at the provider.
    pub model: String,
    /// The provider's own name of the region, such as `fr-par`.
    pub region: String,
    /// Whose machine it runs on.
    pub premises: Fact<Premises>,
    /// The company that operates it and signs the contract.
    pub legal_entity: Fact<String>,
    /// Where that company has its registered office.
    pub seat: Fact<Country>,
    /// The country of whoever controls that company in the end.
    pub ultimate_parent: Fact<Country>,
    /// Where the model runs.
    pub inference_region: Fact<Region>,
    /// Where requests and answers are stored, logs included.
    pub storage_region: Fact<Region>,
    /// The companies through whose hands the content of a request goes.
    pub subprocessors: Fact<Vec<Subprocessor>>,
    /// Its certificates.
    pub certificates: Fact<Vec<Certificate>>,
    /// Whether US law reaches the data: CLOUD Act (18 USC 2713) or FISA 702 (50 USC 1881a).
    pub us_law: Fact<bool>,
    /// Whether Chinese law reaches the data.
    pub chinese_law: Fact<bool>,
    /// Whether the organisation ruled it out. A decision, not a fact: it is `false` unless written.
    pub banned: bool,
    /// Whether anyone may run the same weights.
    pub open_weights: Fact<bool>,
    /// The SHA-256 digest of the weights.
    pub weights_digest: Fact<Digest>,
    /// What it costs.
    pub price: Fact<Price>,
    /// The zone of the electricity grid it runs in, such as `FR` or `SE-SE3`.
    pub carbon_zone: Fact<String>,
    /// The last day the facts may be relied on without another look.
    pub valid_until: Fact<Date>,
    /// Where the facts come from.
    pub evidence: Vec<Evidence>,
    /// Whether a contract under GDPR, article 28(3), is in force. Attested.
    #[serde(deserialize_with = "attested")]
    pub processing_contract: Fact<bool>,
    /// Whether the provider trains on what it is sent. Attested.
    #[serde(deserialize_with = "attested")]
    pub trains_on_data: Fact<bool>,
    /// How many days the provider keeps what it is sent. Attested.
    #[serde(deserialize_with = "attested")]
    pub retention_days: Fact<u32>,
}

impl Card {
    /// Whether it runs on the organisation's own premises. Unknown is no.
    pub fn on_own_premises(&self) -> bool {
        self.premises == Fact::Known(Premises::Own)
    }

    /// This card with the named fields of `over`, known or not, in the place of its own.
    ///
    /// What stood as evidence for those fields stands for them no longer; what `over` brings as evidence is added.
    /// A name that is no field of a card changes nothing.
    #[must_use]
    pub fn overlaid(mut self, over: Self, fields: &[String]) -> Self {
        let named = |name: &str| fields.iter().any(|field| field == name);
        macro_rules! take {
            ($($field:ident),*) => { $(if named(stringify!($field)) { self.$field = over.$field; })* };
        }
        take!(
            provider,
            model,
            region,
            premises,
            legal_entity,
            seat,
            ultimate_parent,
            inference_region,
            storage_region,
            subprocessors,
            certificates,
            us_law,
            chinese_law,
            banned,
            open_weights,
            weights_digest,
            price,
            carbon_zone,
            valid_until,
            processing_contract,
            trains_on_data,
            retention_days
        );
        self.evidence.retain_mut(|evidence| {
            let spoke_of_all = evidence.fields.is_empty();
            evidence.fields.retain(|field| !named(field));
            spoke_of_all || !evidence.fields.is_empty()
        });
        self.evidence.extend(over.evidence);
        self
    }

    /// Whether the facts are past the last day on which they may be relied on.
    pub fn is_outdated(&self, today: Date) -> bool {
        self.valid_until.known().is_some_and(|until| today > *until)
    }

    /// Whether `law` reaches what this upstream is sent.
    ///
    /// The card's own statement counts, and facts that contradict it count against it: a seat, ultimate
    /// parent, place of inference or of storage, or a sub-processor in the country.
    pub fn exposure(&self, law: ForeignLaw) -> Exposure {
        if let Some(ground) = self.ground(law.country()) {
            return Exposure::Exposed(ground);
        }
        let stated = match law {
            ForeignLaw::UnitedStates => self.us_law,
            ForeignLaw::China => self.chinese_law,
        };
        match stated {
            Fact::Known(true) => Exposure::Exposed(format!("{} = true", law.field())),
            Fact::Known(false) => Exposure::NotExposed,
            Fact::Unknown => Exposure::Unknown,
        }
    }

    /// The fact that by itself brings the upstream under the law of `country`, as `field = value`.
    fn ground(&self, country: Country) -> Option<String> {
        let countries = [("seat", self.seat), ("ultimate_parent", self.ultimate_parent)];
        let regions = [
            ("inference_region", self.inference_region),
            ("storage_region", self.storage_region),
        ]
        .map(|(field, region)| (field, region.known().and_then(|region| region.country())));
        let field = countries
            .map(|(field, fact)| (field, fact.known().copied()))
            .into_iter()
            .chain(regions)
            .find(|(_, value)| *value == Some(country))
            .map(|(field, _)| format!("{field} = {country}"));
        field.or_else(|| {
            let found = self.subprocessors.known()?.iter();
            found
                .filter(|subprocessor| subprocessor.country == Fact::Known(country))
                .map(|subprocessor| format!("subprocessors = {} ({country})", subprocessor.name))
                .next()
        })
    }
}

/// Whose machine an upstream runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Premises {
    /// The organisation's own machines, under its own hands.
    Own,
    /// Somebody else's, reached over a network.
    Network,
}

impl fmt::Display for Premises {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Own => "own",
            Self::Network => "network",
        })
    }
}

/// A company through whose hands the content of a request goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subprocessor {
    /// Its name.
    pub name: String,
    /// Where it has its seat.
    #[serde(default)]
    pub country: Fact<Country>,
}

/// A certificate or qualification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// What it is.
    pub scheme: Scheme,
    /// Whether its scope covers this very service, and not only the hosting below it.
    #[serde(default)]
    pub covers_service: Fact<bool>,
    /// The last day it is valid.
    #[serde(default)]
    pub valid_until: Fact<Date>,
}

/// A scheme of certification in small letters with hyphens and its version: `secnumcloud-3.2`, `hds`.
///
/// Capitals, spaces and underscores are read as these, so that `SecNumCloud 3.2` is the same scheme.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String")]
pub struct Scheme(String);

impl Scheme {
    /// ANSSI's qualification of cloud services, version 3.2 of 8 March 2022.
    pub const SECNUMCLOUD: &str = "secnumcloud-3.2";
    /// Hosting of health data (Code de la santé publique, article L. 1111-8), in any version.
    pub const HDS: &str = "hds";

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is `scheme`, or a version of it where `scheme` names none.
    pub fn is(&self, scheme: &str) -> bool {
        let rest = self.0.strip_prefix(scheme);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    }
}

impl From<String> for Scheme {
    fn from(name: String) -> Self {
        let words: Vec<String> = name
            .split(|c: char| c.is_whitespace() || c == '_' || c == '-')
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect();
        Self(words.join("-"))
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What a million tokens cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Per million tokens read.
    pub input: f64,
    /// Per million tokens written.
    pub output: f64,
    /// The currency's ISO 4217 code.
    pub currency: String,
}

/// Where facts of a card come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The fields it stands for; all of the card's where it names none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// A link, or the name of a document.
    pub source: String,
    /// The day it was read.
    pub date: Date,
    /// How far it can be trusted.
    pub confidence: Confidence,
}

/// How far a source can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// The provider's or the authority's own words.
    Official,
    /// Somebody else's account of them.
    Secondary,
    /// What was measured or tried on the service.
    Tested,
}

/// The foreign laws that personal data must not come under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ForeignLaw {
    /// That of the United States.
    UnitedStates,
    /// That of the People's Republic of China.
    China,
}

impl ForeignLaw {
    const fn country(self) -> Country {
        match self {
            Self::UnitedStates => Country::US,
            Self::China => Country::CN,
        }
    }

    /// The card's field that states the exposure.
    pub const fn field(self) -> &'static str {
        match self {
            Self::UnitedStates => "us_law",
            Self::China => "chinese_law",
        }
    }
}

/// Whether a foreign law reaches what an upstream is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// It does; the fact that says so, as `field = value`.
    Exposed(String),
    /// It does not.
    NotExposed,
    /// Nobody has established it.
    Unknown,
}

/// Refuses a known value for a fact that only an attestation may bring.
fn attested<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Fact<T>, D::Error> {
    match Fact::<T>::deserialize(deserializer)? {
        Fact::Unknown => Ok(Fact::Unknown),
        Fact::Known(_) => Err(de::Error::custom(
            "only the customer knows this: attest it, with its evidence and its last day, in an attestation",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(text: &str) -> Card {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn schemes_are_read_in_any_spelling() {
        for name in ["SecNumCloud 3.2", "secnumcloud_3.2", " SECNUMCLOUD-3.2 "] {
            assert!(Scheme::from(name.to_owned()).is(Scheme::SECNUMCLOUD), "{name}");
        }
        assert!(Scheme::from("HDS 2.0".to_owned()).is(Scheme::HDS));
        for name in ["SecNumCloud", "SecNumCloud 3.1", "secnumcloud-3.20", "hdsx"] {
            let scheme = Scheme::from(name.to_owned());
            assert!(
                !scheme.is(Scheme::SECNUMCLOUD) && !scheme.is(Scheme::HDS),
                "{name}"
            );
        }
    }

    #[test]
    fn facts_outweigh_a_statement_that_they_contradict() {
        let stated = "us_law = false\nchinese_law = false\n";
        let grounds = [
            ("seat = 'US'", "seat = US"),
            ("ultimate_parent = 'us'", "ultimate_parent = US"),
            ("inference_region = 'US'", "inference_region = US"),
            ("storage_region = 'US'", "storage_region = US"),
            (
                "subprocessors = [{ name = 'Acme', country = 'US' }]",
                "subprocessors = Acme (US)",
            ),
        ];
        for (line, ground) in grounds {
            let card = card(&format!("{stated}{line}"));
            let exposure = card.exposure(ForeignLaw::UnitedStates);
            assert_eq!(exposure, Exposure::Exposed(ground.to_owned()));
            assert_eq!(card.exposure(ForeignLaw::China), Exposure::NotExposed);
        }
        assert_eq!(card("seat = 'FR'").exposure(ForeignLaw::China), Exposure::Unknown);
    }

    #[test]
    fn what_only_the_customer_knows_is_not_stated_in_a_card() {
        for line in [
            "processing_contract = true",
            "trains_on_data = false",
            "retention_days = 0",
        ] {
            let fault = toml::from_str::<Card>(line).unwrap_err();
            assert!(fault.message().contains("attestation"), "{fault}");
        }
    }

    #[test]
    fn a_mistyped_key_is_refused() {
        let fault = toml::from_str::<Card>("us_laws = false").unwrap_err();
        assert!(fault.message().contains("unknown field `us_laws`"), "{fault}");
    }

    #[test]
    fn fields_laid_over_a_card_take_their_evidence_with_them() {
        let under = card(
            "seat = 'FR'\nus_law = false\nopen_weights = true\n\
             evidence = [{ fields = ['seat', 'us_law'], source = 'A', date = 2026-11-02, confidence = 'official' }]",
        );
        let over = card(
            "us_law = 'unknown'\nchinese_law = false\n\
             evidence = [{ fields = ['chinese_law'], source = 'B', date = 2026-11-03, confidence = 'tested' }]",
        );
        let fields = ["us_law", "chinese_law"].map(str::to_owned);
        let laid = under.overlaid(over, &fields);
        assert_eq!(laid.seat, Fact::Known("FR".parse().unwrap()));
        assert_eq!(
            (laid.us_law, laid.chinese_law),
            (Fact::Unknown, Fact::Known(false))
        );
        assert_eq!(laid.open_weights, Fact::Known(true));
        let evidence: Vec<_> = laid.evidence.iter().map(|one| one.fields.join(" ")).collect();
        assert_eq!(evidence, ["seat", "chinese_law"]);
    }

    #[test]
    fn every_field_can_be_laid_over() {
        let whole = card(
            "provider = 'P'\nmodel = 'm'\nregion = 'r'\npremises = 'network'\nlegal_entity = 'E'\nseat = 'FR'\n\
             ultimate_parent = 'FR'\ninference_region = 'FR'\nstorage_region = 'FR'\nsubprocessors = []\n\
             certificates = []\nus_law = false\nchinese_law = false\nbanned = true\nopen_weights = true\n\
             weights_digest = '0000000000000000000000000000000000000000000000000000000000000000'\n\
             price = { input = 1, output = 2, currency = 'EUR' }\ncarbon_zone = 'FR'\nvalid_until = 2027-01-01\nevidence = []",
        );
        let json = serde_json::to_value(&whole).unwrap();
        let fields: Vec<String> = json.as_object().unwrap().keys().cloned().collect();
        let unknown = |field: &&String| json[field.as_str()] == "unknown";
        let mut left: Vec<&String> = fields.iter().filter(unknown).collect();
        left.sort();
        assert_eq!(left, ["processing_contract", "retention_days", "trains_on_data"]);
        assert_eq!(Card::default().overlaid(whole.clone(), &fields), whole);
    }

    #[test]
    fn a_card_reads_back_from_its_own_json() {
        let card = card(
            "provider = 'X'\npremises = 'own'\nprice = { input = 0.1, output = 0.3, currency = 'EUR' }\n\
             evidence = [{ source = 'S', date = 2026-11-02, confidence = 'official' }]",
        );
        let json = serde_json::to_string(&card).unwrap();
        assert_eq!(serde_json::from_str::<Card>(&json).unwrap(), card);
    }
}
