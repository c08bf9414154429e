//! What a rule may ask of an upstream, and how its card is held against it.
//!
//! On the organisation's own premises there is no operator but the organisation itself: nothing is entrusted
//! to anybody, so every condition but the ban is met there.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::attestation::Attested;
use crate::card::{Card, Certificate, Exposure, ForeignLaw, Scheme};
use crate::date::Date;
use crate::fact::Fact;
use crate::reason::{Code, Reason};

/// What a rule asks of an upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// The organisation has not ruled it out.
    NotBanned,
    /// The model runs in the EU or the EEA.
    InferenceInEea,
    /// A contract under GDPR, article 28(3), is in force.
    ProcessingContract,
    /// The provider does not train on what it is sent.
    NoTraining,
    /// The operator has its seat in the EU, the EEA or an adequate country (GDPR, article 45).
    OperatorEstablished,
    /// US law does not reach the data.
    NotUnderUsLaw,
    /// Chinese law does not reach the data.
    NotUnderChineseLaw,
    /// A valid SecNumCloud 3.2 qualification covers the service.
    Secnumcloud,
    /// A valid certificate for hosting health data covers the service.
    Hds,
    /// It runs on the organisation's own premises.
    OwnPremises,
}

impl Condition {
    /// Every condition.
    pub const ALL: [Self; 10] = [
        Self::NotBanned,
        Self::InferenceInEea,
        Self::ProcessingContract,
        Self::NoTraining,
        Self::OperatorEstablished,
        Self::NotUnderUsLaw,
        Self::NotUnderChineseLaw,
        Self::Secnumcloud,
        Self::Hds,
        Self::OwnPremises,
    ];

    /// The name used in configuration files and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotBanned => "not-banned",
            Self::InferenceInEea => "inference-in-eea",
            Self::ProcessingContract => "processing-contract",
            Self::NoTraining => "no-training",
            Self::OperatorEstablished => "operator-established",
            Self::NotUnderUsLaw => "not-under-us-law",
            Self::NotUnderChineseLaw => "not-under-chinese-law",
            Self::Secnumcloud => "secnumcloud",
            Self::Hds => "hds",
            Self::OwnPremises => "own-premises",
        }
    }

    /// The field of the card that it looks at.
    pub const fn field(self) -> &'static str {
        match self {
            Self::NotBanned => "banned",
            Self::InferenceInEea => "inference_region",
            Self::ProcessingContract => "processing_contract",
            Self::NoTraining => "trains_on_data",
            Self::OperatorEstablished => "seat",
            Self::NotUnderUsLaw => "us_law",
            Self::NotUnderChineseLaw => "chinese_law",
            Self::Secnumcloud | Self::Hds => "certificates",
            Self::OwnPremises => "premises",
        }
    }

    /// What must stand in that field.
    pub const fn required(self) -> &'static str {
        match self {
            Self::NotBanned | Self::NoTraining | Self::NotUnderUsLaw | Self::NotUnderChineseLaw => "false",
            Self::InferenceInEea => "EU/EEA",
            Self::ProcessingContract => "true",
            Self::OperatorEstablished => "EU/EEA, GDPR art. 45",
            Self::Secnumcloud => Scheme::SECNUMCLOUD,
            Self::Hds => Scheme::HDS,
            Self::OwnPremises => "own",
        }
    }

    /// What stands against the upstream under this condition on the day `today`; `None` when it is met.
    pub fn shortfall(self, card: &Card, attested: Attested, today: Date) -> Option<Shortfall> {
        if self == Self::NotBanned {
            return card.banned.then(|| Shortfall::new(Code::Banned, "true"));
        }
        if card.on_own_premises() {
            return None;
        }
        match self {
            Self::NotBanned => None,
            Self::InferenceInEea => inference(card),
            Self::ProcessingContract => flag(
                attested.processing_contract,
                true,
                (Code::ProcessingContractUnknown, Code::NoProcessingContract),
            ),
            Self::NoTraining => flag(
                attested.trains_on_data,
                false,
                (Code::TrainingUnknown, Code::TrainsOnData),
            ),
            Self::OperatorEstablished => establishment(card, today),
            Self::NotUnderUsLaw => exposure(
                card.exposure(ForeignLaw::UnitedStates),
                (Code::UsLawUnknown, Code::UnderUsLaw),
            ),
            Self::NotUnderChineseLaw => exposure(
                card.exposure(ForeignLaw::China),
                (Code::ChineseLawUnknown, Code::UnderChineseLaw),
            ),
            Self::Secnumcloud => certified(card, Scheme::SECNUMCLOUD, today),
            Self::Hds => certified(card, Scheme::HDS, today),
            Self::OwnPremises => Some(match card.premises {
                Fact::Unknown => Shortfall::unknown(Code::PremisesUnknown),
                Fact::Known(premises) => Shortfall::new(Code::NotOwnPremises, premises),
            }),
        }
    }

    /// The reason that a shortfall gives a rule.
    pub(crate) fn reason(self, rule: &str, shortfall: Shortfall) -> Reason {
        Reason {
            code: shortfall.code,
            rule: rule.to_owned(),
            line: 0,
            condition: Some(self),
            field: self.field().to_owned(),
            found: shortfall.found,
            required: self.required().to_owned(),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A word that names no condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown condition {0:?}")]
pub struct UnknownCondition(pub String);

impl FromStr for Condition {
    type Err = UnknownCondition;

    fn from_str(word: &str) -> Result<Self, UnknownCondition> {
        let found = Self::ALL.into_iter().find(|condition| condition.name() == word);
        found.ok_or_else(|| UnknownCondition(word.to_owned()))
    }
}

/// How a card falls short of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortfall {
    /// What stands against it.
    pub code: Code,
    /// What the card says.
    pub found: String,
}

impl Shortfall {
    fn new(code: Code, found: impl fmt::Display) -> Self {
        Self {
            code,
            found: found.to_string(),
        }
    }

    fn unknown(code: Code) -> Self {
        Self::new(code, Fact::<bool>::Unknown)
    }
}

fn flag(fact: Fact<bool>, required: bool, (unknown, wrong): (Code, Code)) -> Option<Shortfall> {
    match fact {
        Fact::Unknown => Some(Shortfall::unknown(unknown)),
        Fact::Known(value) => (value != required).then(|| Shortfall::new(wrong, value)),
    }
}

fn inference(card: &Card) -> Option<Shortfall> {
    match card.inference_region {
        Fact::Unknown => Some(Shortfall::unknown(Code::InferenceRegionUnknown)),
        Fact::Known(region) => (!region.in_eea()).then(|| Shortfall::new(Code::InferenceOutsideEea, region)),
    }
}

fn establishment(card: &Card, today: Date) -> Option<Shortfall> {
    let Fact::Known(seat) = card.seat else {
        return Some(Shortfall::unknown(Code::SeatUnknown));
    };
    let established = seat.in_eea() || seat.adequacy(today).is_some();
    (!established).then(|| Shortfall::new(Code::OperatorNotAdequate, seat))
}

fn exposure(exposure: Exposure, (unknown, exposed): (Code, Code)) -> Option<Shortfall> {
    match exposure {
        Exposure::NotExposed => None,
        Exposure::Unknown => Some(Shortfall::unknown(unknown)),
        Exposure::Exposed(ground) => Some(Shortfall::new(exposed, ground)),
    }
}

/// One valid certificate is enough; without one, the first of the scheme tells what it lacks.
fn certified(card: &Card, scheme: &str, today: Date) -> Option<Shortfall> {
    let Fact::Known(certificates) = &card.certificates else {
        return Some(Shortfall::unknown(Code::CertificatesUnknown));
    };
    let mut lacking = None;
    for certificate in certificates
        .iter()
        .filter(|certificate| certificate.scheme.is(scheme))
    {
        let found = lack(certificate, today)?;
        lacking.get_or_insert(found);
    }
    Some(lacking.unwrap_or_else(|| {
        let others: Vec<&str> = certificates.iter().map(|other| other.scheme.as_str()).collect();
        Shortfall::new(Code::CertificateMissing, format!("[{}]", others.join(", ")))
    }))
}

/// What one certificate lacks on the day `today`; `None` when it is valid and covers the service.
fn lack(certificate: &Certificate, today: Date) -> Option<Shortfall> {
    let Certificate {
        scheme,
        covers_service,
        valid_until,
    } = certificate;
    match (covers_service, valid_until) {
        (Fact::Known(false), _) => Some(Shortfall::new(
            Code::CertificateNotCovering,
            format!("{scheme}, covers_service = false"),
        )),
        (Fact::Unknown, _) => Some(Shortfall::new(
            Code::CertificateScopeUnknown,
            format!("{scheme}, covers_service = unknown"),
        )),
        (Fact::Known(true), Fact::Unknown) => Some(Shortfall::new(
            Code::CertificateEndUnknown,
            format!("{scheme}, valid_until = unknown"),
        )),
        (Fact::Known(true), Fact::Known(until)) => (today > *until).then(|| {
            Shortfall::new(
                Code::CertificateExpired,
                format!("{scheme}, valid_until = {until}"),
            )
        }),
    }
}
