//! What would make an upstream eligible for a label: the list that `doctor` prints.

use serde::{Deserialize, Serialize};
use trousseau_core::digest::Digest;
use trousseau_core::label::{Class, Label};
use trousseau_core::permit::Purpose;

use crate::date::Date;
use crate::decide::{About, Request, Target, decide};
use crate::reason::{Code, Reason};
use crate::rules::Rules;

/// One thing that keeps an upstream from seeing texts of some label, and what can be done about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// What stands against it.
    #[serde(flatten)]
    pub reason: Reason,
    /// What can be done about it.
    pub remedy: Remedy,
}

/// What can be done about a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remedy {
    /// Establish the fact and write it on the card.
    Establish,
    /// Attest it, with evidence.
    Attest,
    /// Obtain the certificate from the provider, or renew it on the card.
    Certify,
    /// Change the organisation's own rules.
    Rules,
    /// Lift the withdrawal.
    Lift,
    /// Nothing: the fact is known and stands against this upstream.
    None,
}

impl Remedy {
    /// Every remedy.
    pub const ALL: [Self; 6] = [
        Self::Establish,
        Self::Attest,
        Self::Certify,
        Self::Rules,
        Self::Lift,
        Self::None,
    ];

    /// Its key in the message catalogue.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Establish => "remedy-establish",
            Self::Attest => "remedy-attest",
            Self::Certify => "remedy-certify",
            Self::Rules => "remedy-rules",
            Self::Lift => "remedy-lift",
            Self::None => "remedy-none",
        }
    }

    /// What can be done about a reason with this code.
    pub const fn of(code: Code) -> Self {
        match code {
            Code::CountryUnknown
            | Code::InferenceRegionUnknown
            | Code::SeatUnknown
            | Code::UsLawUnknown
            | Code::ChineseLawUnknown
            | Code::CertificatesUnknown
            | Code::CertificateScopeUnknown
            | Code::CertificateEndUnknown
            | Code::PremisesUnknown
            | Code::FieldUnknown => Self::Establish,
            Code::ProcessingContractUnknown | Code::NoProcessingContract | Code::TrainingUnknown => {
                Self::Attest
            }
            Code::CertificateMissing | Code::CertificateNotCovering | Code::CertificateExpired => {
                Self::Certify
            }
            Code::Withdrawn => Self::Lift,
            Code::Banned | Code::DeniedByRule | Code::AboveClearance => Self::Rules,
            Code::InferenceOutsideEea
            | Code::DoesNotServe
            | Code::TrainsOnData
            | Code::OperatorNotAdequate
            | Code::UnderUsLaw
            | Code::UnderChineseLaw
            | Code::FieldNotMet
            | Code::NotOwnPremises => Self::None,
        }
    }
}

/// What would make `target` eligible under `label` for what it is made for, chat where nothing is said; empty when it is.
///
/// `about` says for whom and when; [`About::default`] for nobody in particular.
pub fn would_make_eligible(
    target: &Target,
    label: &Label,
    about: About<'_>,
    rules: &Rules,
    today: Date,
) -> Vec<Missing> {
    let request = Request {
        label,
        purpose: target.serves.first().copied().unwrap_or(Purpose::Chat),
        content: Digest::of(b""),
        read: Class::Public,
        clearance: Class::Restricted,
        about,
    };
    let decision = decide(&request, [target], rules, today);
    let reasons = decision
        .rejected
        .into_iter()
        .flat_map(|rejection| rejection.reasons);
    reasons
        .map(|reason| Missing {
            remedy: Remedy::of(reason.code),
            reason,
        })
        .collect()
}
