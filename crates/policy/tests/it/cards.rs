//! Cards to decide upon, written as a configuration writes them.

use trousseau_core::digest::Digest;
use trousseau_core::label::{Class, Label};
use trousseau_core::permit::Purpose;
use trousseau_policy::attestation::Attestation;
use trousseau_policy::card::Card;
use trousseau_policy::date::Date;
use trousseau_policy::decide::{About, Decision, Request, Target, decide};
use trousseau_policy::rules::Rules;

/// The day on which the tests decide.
pub(crate) fn today() -> Date {
    day("2026-11-20")
}

pub(crate) fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub(crate) fn card(text: &str) -> Card {
    toml::from_str(text).unwrap()
}

/// A contract is signed and forbids training.
pub(crate) fn attestations() -> Vec<Attestation> {
    #[derive(serde::Deserialize)]
    struct Upstream {
        attestation: Vec<Attestation>,
    }
    let text = r#"
        [[attestation]]
        field = "processing_contract"
        value = true
        evidence = "contract 2026-114"
        until = 2027-12-31

        [[attestation]]
        field = "trains_on_data"
        value = false
        evidence = "contract 2026-114, article 7"
        until = 2027-12-31
    "#;
    toml::from_str::<Upstream>(text).unwrap().attestation
}

pub(crate) fn target(name: &str, text: &str, attestations: &[Attestation]) -> Target {
    Target {
        name: name.to_owned(),
        card: card(text),
        attestations: attestations.to_vec(),
        serves: Vec::new(),
    }
}

pub(crate) fn label(text: &str) -> Label {
    text.parse().unwrap()
}

pub(crate) fn request(label: &Label) -> Request<'_> {
    Request {
        label,
        purpose: Purpose::Chat,
        content: Digest::of(b"a question"),
        read: Class::Public,
        clearance: Class::Restricted,
        about: About::default(),
    }
}

/// The decision on some targets under the default rules.
pub(crate) fn decision(label: &Label, targets: &[Target]) -> Decision {
    decide(&request(label), targets, &Rules::default(), today())
}

/// A European provider with everything but certificates, contract apart.
pub(crate) const EUROPEAN: &str = r#"
    provider = "Exemple IA"
    model = "exemple-24b"
    premises = "network"
    legal_entity = "Exemple IA SAS"
    seat = "FR"
    ultimate_parent = "FR"
    inference_region = "FR"
    storage_region = "EU"
    us_law = false
    chinese_law = false
"#;

/// The same, qualified SecNumCloud and certified HDS.
pub(crate) const QUALIFIED: &str = r#"
    provider = "Exemple Souverain"
    premises = "network"
    seat = "FR"
    inference_region = "FR"
    us_law = false
    chinese_law = false
    certificates = [
        { scheme = "SecNumCloud 3.2", covers_service = true, valid_until = 2028-03-31 },
        { scheme = "HDS 2.0", covers_service = true, valid_until = 2026-11-20 },
    ]
"#;
