//! What only the customer can know of an upstream, with the evidence for it and the day it ends.

use std::fmt;

use serde::{Deserialize, Serialize};
use trousseau_core::error::{ErrorKind, Explain};

use crate::card::Card;
use crate::date::Date;
use crate::fact::Fact;

/// A statement of the customer on one upstream, such as "the processing contract is signed".
///
/// In a configuration file:
///
/// ```toml
/// [[upstream.attestation]]
/// field = "processing_contract"
/// value = true
/// evidence = "contract 2026-114, annex 3"
/// until = 2027-12-31
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawAttestation", into = "RawAttestation")]
pub struct Attestation {
    /// What is stated.
    pub statement: Statement,
    /// Where it can be checked.
    pub evidence: String,
    /// The last day it stands.
    pub until: Date,
}

/// What the customer states of an upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statement {
    /// Whether a contract under GDPR, article 28(3), is in force.
    ProcessingContract(bool),
    /// Whether the provider trains on what it is sent.
    TrainsOnData(bool),
    /// How many days the provider keeps what it is sent.
    RetentionDays(u32),
}

impl Statement {
    /// The field of the card that it speaks of.
    pub const fn field(self) -> AttestedField {
        match self {
            Self::ProcessingContract(_) => AttestedField::ProcessingContract,
            Self::TrainsOnData(_) => AttestedField::TrainsOnData,
            Self::RetentionDays(_) => AttestedField::RetentionDays,
        }
    }

    /// What is said of it.
    pub const fn value(self) -> AttestedValue {
        match self {
            Self::ProcessingContract(flag) | Self::TrainsOnData(flag) => AttestedValue::Flag(flag),
            Self::RetentionDays(days) => AttestedValue::Days(days),
        }
    }
}

/// Why an attestation cannot stand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAttestation {
    /// Its value is not of its field's type.
    #[error("the attestation of {field} needs {expected}, not {value}")]
    Value {
        /// The field.
        field: AttestedField,
        /// What its value must be.
        expected: &'static str,
        /// What it was.
        value: AttestedValue,
    },
    /// It names no evidence.
    #[error("the attestation of {field} names no evidence")]
    Evidence {
        /// The field.
        field: AttestedField,
    },
}

impl Explain for InvalidAttestation {
    fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidInput
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Value { .. } => "policy-attestation-value",
            Self::Evidence { .. } => "policy-attestation-evidence",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Value {
                field,
                expected,
                value,
            } => vec![
                ("field", field.to_string()),
                ("expected", (*expected).to_owned()),
                ("value", value.to_string()),
            ],
            Self::Evidence { field } => vec![("field", field.to_string())],
        }
    }
}

/// The fields of a card that are attested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttestedField {
    /// [`Card::processing_contract`].
    ProcessingContract,
    /// [`Card::trains_on_data`].
    TrainsOnData,
    /// [`Card::retention_days`].
    RetentionDays,
}

impl AttestedField {
    /// The field's name in a card.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ProcessingContract => "processing_contract",
            Self::TrainsOnData => "trains_on_data",
            Self::RetentionDays => "retention_days",
        }
    }
}

impl fmt::Display for AttestedField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The value of an attestation as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AttestedValue {
    /// Yes or no.
    Flag(bool),
    /// A count of days.
    Days(u32),
}

impl fmt::Display for AttestedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => flag.fmt(f),
            Self::Days(days) => days.fmt(f),
        }
    }
}

impl Attestation {
    /// Checks an attestation as the command line and the configuration give it.
    pub fn new(
        field: AttestedField,
        value: AttestedValue,
        evidence: String,
        until: Date,
    ) -> Result<Self, InvalidAttestation> {
        let statement = match (field, value) {
            (AttestedField::ProcessingContract, AttestedValue::Flag(flag)) => {
                Statement::ProcessingContract(flag)
            }
            (AttestedField::TrainsOnData, AttestedValue::Flag(flag)) => Statement::TrainsOnData(flag),
            (AttestedField::RetentionDays, AttestedValue::Days(days)) => Statement::RetentionDays(days),
            (_, AttestedValue::Days(_)) => {
                let expected = "true or false";
                return Err(InvalidAttestation::Value {
                    field,
                    expected,
                    value,
                });
            }
            (_, AttestedValue::Flag(_)) => {
                let expected = "a number of days";
                return Err(InvalidAttestation::Value {
                    field,
                    expected,
                    value,
                });
            }
        };
        if evidence.trim().is_empty() {
            return Err(InvalidAttestation::Evidence { field });
        }
        Ok(Self {
            statement,
            evidence,
            until,
        })
    }
}

/// What stands attested of one upstream on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attested {
    /// Whether a contract under GDPR, article 28(3), is in force.
    pub processing_contract: Fact<bool>,
    /// Whether the provider trains on what it is sent.
    pub trains_on_data: Fact<bool>,
    /// How many days the provider keeps what it is sent.
    pub retention_days: Fact<u32>,
}

impl Attested {
    /// What `card` holds, and what `attestations` bring to it on the day `today`.
    ///
    /// An attestation past its last day brings nothing. Where two disagree, the more cautious counts.
    pub fn on(card: &Card, attestations: &[Attestation], today: Date) -> Self {
        let mut attested = Self {
            processing_contract: card.processing_contract,
            trains_on_data: card.trains_on_data,
            retention_days: card.retention_days,
        };
        for attestation in attestations
            .iter()
            .filter(|attestation| today <= attestation.until)
        {
            match attestation.statement {
                Statement::ProcessingContract(signed) => {
                    merge(&mut attested.processing_contract, signed, |a, b| a && b);
                }
                Statement::TrainsOnData(trains) => {
                    merge(&mut attested.trains_on_data, trains, |a, b| a || b);
                }
                Statement::RetentionDays(days) => merge(&mut attested.retention_days, days, u32::max),
            }
        }
        attested
    }
}

impl Card {
    /// This card with what `attestations` bring on the day `today`; see [`Attested::on`].
    #[must_use]
    pub fn with_attestations(&self, attestations: &[Attestation], today: Date) -> Self {
        let attested = Attested::on(self, attestations, today);
        Self {
            processing_contract: attested.processing_contract,
            trains_on_data: attested.trains_on_data,
            retention_days: attested.retention_days,
            ..self.clone()
        }
    }
}

fn merge<T: Copy>(fact: &mut Fact<T>, value: T, cautious: impl Fn(T, T) -> T) {
    *fact = Fact::Known(match *fact {
        Fact::Known(earlier) => cautious(earlier, value),
        Fact::Unknown => value,
    });
}

/// An [`Attestation`] as it is written.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAttestation {
    field: AttestedField,
    value: AttestedValue,
    evidence: String,
    until: Date,
}

impl TryFrom<RawAttestation> for Attestation {
    type Error = InvalidAttestation;

    fn try_from(raw: RawAttestation) -> Result<Self, InvalidAttestation> {
        Self::new(raw.field, raw.value, raw.evidence, raw.until)
    }
}

impl From<Attestation> for RawAttestation {
    fn from(attestation: Attestation) -> Self {
        let (field, value) = match attestation.statement {
            Statement::ProcessingContract(flag) => {
                (AttestedField::ProcessingContract, AttestedValue::Flag(flag))
            }
            Statement::TrainsOnData(flag) => (AttestedField::TrainsOnData, AttestedValue::Flag(flag)),
            Statement::RetentionDays(days) => (AttestedField::RetentionDays, AttestedValue::Days(days)),
        };
        Self {
            field,
            value,
            evidence: attestation.evidence,
            until: attestation.until,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attest(statement: Statement, until: &str) -> Attestation {
        Attestation {
            statement,
            evidence: "contract 12".to_owned(),
            until: until.parse().unwrap(),
        }
    }

    #[test]
    fn an_attestation_counts_through_its_last_day() {
        let signed = [attest(Statement::ProcessingContract(true), "2026-11-20")];
        let on = |day: &str| Card::default().with_attestations(&signed, day.parse().unwrap());
        assert_eq!(on("2026-11-20").processing_contract, Fact::Known(true));
        assert_eq!(on("2026-11-21").processing_contract, Fact::Unknown);
    }

    #[test]
    fn of_two_that_disagree_the_more_cautious_counts_in_either_order() {
        let day = "2026-11-20";
        let mut attestations = vec![
            attest(Statement::ProcessingContract(true), day),
            attest(Statement::ProcessingContract(false), day),
            attest(Statement::TrainsOnData(false), day),
            attest(Statement::TrainsOnData(true), day),
            attest(Statement::RetentionDays(0), day),
            attest(Statement::RetentionDays(30), day),
        ];
        for _ in 0..2 {
            let card = Card::default().with_attestations(&attestations, day.parse().unwrap());
            assert_eq!(card.processing_contract, Fact::Known(false));
            assert_eq!(card.trains_on_data, Fact::Known(true));
            assert_eq!(card.retention_days, Fact::Known(30));
            attestations.reverse();
        }
    }

    #[test]
    fn a_value_of_the_wrong_type_and_missing_evidence_are_refused() {
        let read = |text: &str| toml::from_str::<Attestation>(text);
        let good = "field = 'retention_days'\nvalue = 30\nevidence = 'contract'\nuntil = 2027-01-01";
        assert_eq!(read(good).unwrap().statement, Statement::RetentionDays(30));
        let flag = read(&good.replace("30", "true")).unwrap_err();
        assert!(
            flag.message().contains("needs a number of days, not true"),
            "{flag}"
        );
        let days = read(&good.replace("retention_days", "trains_on_data")).unwrap_err();
        assert!(days.message().contains("needs true or false, not 30"), "{days}");
        let bare = read(&good.replace("'contract'", "' '")).unwrap_err();
        assert!(bare.message().contains("names no evidence"), "{bare}");
        assert!(read(&good.replace("retention_days", "seat")).is_err());
    }

    #[test]
    fn it_reads_back_from_its_own_json() {
        let attestation = attest(Statement::TrainsOnData(false), "2027-01-31");
        let json = serde_json::to_string(&attestation).unwrap();
        assert_eq!(serde_json::from_str::<Attestation>(&json).unwrap(), attestation);
    }
}
