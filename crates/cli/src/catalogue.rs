//! `trousseau catalogue`, as it is typed.

use clap::{Args, Subcommand, ValueEnum};
use trousseau_policy::attestation::{AttestedField, AttestedValue};
use trousseau_policy::date::Date;

#[derive(Debug, Subcommand)]
pub enum Catalogue {
    List,
    Show(CatalogueShow),
    Check,
    Attest(CatalogueAttest),
}

#[derive(Debug, Args)]
pub struct CatalogueAttest {
    #[arg(value_name = "UPSTREAM")]
    pub upstream: String,
    #[arg(value_name = "FIELD", value_enum)]
    pub field: AttestableField,
    #[arg(value_name = "VALUE", value_parser = attested_value)]
    pub value: AttestedValue,
    #[arg(long, value_name = "TEXT")]
    pub evidence: String,
    #[arg(long, value_name = "DATE")]
    pub until: Date,
}

/// The fields that only the customer can know, by their names on a card.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum AttestableField {
    ProcessingContract,
    TrainsOnData,
    RetentionDays,
}

impl From<AttestableField> for AttestedField {
    fn from(field: AttestableField) -> Self {
        match field {
            AttestableField::ProcessingContract => Self::ProcessingContract,
            AttestableField::TrainsOnData => Self::TrainsOnData,
            AttestableField::RetentionDays => Self::RetentionDays,
        }
    }
}

/// `true`, `false` or a number of days.
fn attested_value(text: &str) -> Result<AttestedValue, std::num::ParseIntError> {
    match text {
        "true" => Ok(AttestedValue::Flag(true)),
        "false" => Ok(AttestedValue::Flag(false)),
        days => days.parse().map(AttestedValue::Days),
    }
}

#[derive(Debug, Args)]
pub struct CatalogueShow {
    #[arg(value_name = "ENTRY")]
    pub id: String,
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
}
