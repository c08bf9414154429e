//! The detectors: what each finds, and the label of it.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use trousseau_core::label::{Class, Label};

use crate::own::Own;

/// What finds one kind of data.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detector {
    /// E-mail addresses.
    Email,
    /// International bank account numbers.
    Iban,
    /// French social security numbers.
    Nir,
    /// French companies and their places: SIREN and SIRET.
    Company,
    /// VAT numbers.
    Vat,
    /// Payment cards.
    Card,
    /// Numbers that a state gives to a person.
    NationalId,
    /// Machine-readable lines of passports and identity cards.
    Document,
    /// Telephone numbers.
    Phone,
    /// Internet addresses.
    Ip,
    /// Number plates.
    Plate,
    /// Postal addresses.
    Address,
    /// Names of people near a word of health.
    Name,
    /// Words of health near a person.
    Health,
    /// Passwords and other secrets without a format.
    Password,
    /// API keys and tokens.
    ApiKey,
    /// Private keys.
    PrivateKey,
    /// Words and patterns of the organisation.
    Own(Arc<Own>),
}

impl Detector {
    /// Every detector of the program, in the order in which explanations name them.
    pub const ALL: [Self; 17] = [
        Self::Email,
        Self::Iban,
        Self::Nir,
        Self::Company,
        Self::Vat,
        Self::Card,
        Self::NationalId,
        Self::Document,
        Self::Phone,
        Self::Ip,
        Self::Plate,
        Self::Address,
        Self::Name,
        Self::Health,
        Self::Password,
        Self::ApiKey,
        Self::PrivateKey,
    ];

    /// Its name in JSON and in the ledger.
    pub fn name(&self) -> &str {
        match self {
            Self::Own(own) => own.name(),
            _ => self.message().strip_prefix("detector-").unwrap_or_default(),
        }
    }

    /// Its key in the message catalogue; that of the organisation's detectors has the field `name`.
    pub const fn message(&self) -> &'static str {
        match self {
            Self::Email => "detector-email",
            Self::Iban => "detector-iban",
            Self::Nir => "detector-nir",
            Self::Company => "detector-company",
            Self::Vat => "detector-vat",
            Self::Card => "detector-card",
            Self::NationalId => "detector-national-id",
            Self::Document => "detector-document",
            Self::Phone => "detector-phone",
            Self::Ip => "detector-ip",
            Self::Plate => "detector-plate",
            Self::Address => "detector-address",
            Self::Name => "detector-name",
            Self::Health => "detector-health",
            Self::Password => "detector-password",
            Self::ApiKey => "detector-api-key",
            Self::PrivateKey => "detector-private-key",
            Self::Own(_) => "detector-own",
        }
    }

    /// The label of what it finds.
    pub fn label(&self) -> Label {
        let (class, tags): (_, &[&str]) = match self {
            Self::Own(own) => return own.label().clone(),
            Self::Company | Self::Vat => (Class::Internal, &["company"]),
            Self::Email | Self::Iban | Self::Phone | Self::Ip | Self::Plate | Self::Address | Self::Name => {
                (Class::Personal, &[])
            }
            Self::Nir => (Class::Personal, &["nir"]),
            Self::Card => (Class::Personal, &["payment"]),
            Self::NationalId | Self::Document => (Class::Personal, &["national-id"]),
            Self::Health => (Class::Sensitive, &["health"]),
            Self::Password | Self::ApiKey | Self::PrivateKey => (Class::Restricted, &["secret"]),
        };
        let tags: BTreeSet<String> = tags.iter().map(|&tag| tag.to_owned()).collect();
        Label { class, tags }
    }

    /// Whether offices and companies print what it finds on what they publish.
    pub(crate) const fn is_contact(&self) -> bool {
        matches!(self, Self::Address | Self::Phone | Self::Company | Self::Vat)
    }

    /// Whether what it finds tells of one person, so that a word of health beside it is about that person.
    pub(crate) const fn is_person(&self) -> bool {
        matches!(
            self,
            Self::Email
                | Self::Iban
                | Self::Nir
                | Self::Card
                | Self::NationalId
                | Self::Document
                | Self::Phone
                | Self::Address
        )
    }
}

impl fmt::Display for Detector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for Detector {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
