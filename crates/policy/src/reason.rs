//! Why a target may not see a text: stable codes with what was found and what was required.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::condition::Condition;

/// One reason why one target is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// What stands against the target.
    pub code: Code,
    /// The rule that asks for it: a class, a class and a tag (`sensitive-health`), `banned`, `withdrawn`, `clearance`, or
    /// the name of an organisation's rule.
    pub rule: String,
    /// The line of the configuration that the rule begins on; 0 where it stands in none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub line: usize,
    /// The condition that is not met, where the rule states one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// The field of the card that was looked at.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub field: String,
    /// What was found there.
    pub found: String,
    /// What was required.
    pub required: String,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
pub(crate) const fn is_zero(line: &usize) -> bool {
    *line == 0
}

impl Reason {
    /// The values that the message for [`Reason::code`] names.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        vec![
            ("rule", self.rule.clone()),
            ("field", self.field.clone()),
            ("found", self.found.clone()),
            ("required", self.required.clone()),
            ("line", self.line.to_string()),
        ]
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            code,
            rule,
            found,
            required,
            ..
        } = self;
        write!(f, "{code} (rule {rule}: found {found}, required {required})")
    }
}

/// Declares [`Code`] with its names, so that neither can be forgotten.
macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// What stands against a target.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Code {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its name in JSON and in the ledger.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// Its key in the message catalogue.
            pub const fn message(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!("reason-", $name),)*
                }
            }
        }
    };
}

codes! {
    /// The organisation ruled the upstream, its provider or its country out.
    Banned = "banned",
    /// The upstream, its provider or its country was withdrawn while the service runs.
    Withdrawn = "withdrawn",
    /// A country is ruled out, and where the upstream belongs is not known.
    CountryUnknown = "country-unknown",
    /// The request carries documents above the reader's clearance.
    AboveClearance = "above-clearance",
    /// The upstream's model is made for something else.
    DoesNotServe = "does-not-serve",
    /// A rule of the organisation refuses the upstream.
    DeniedByRule = "denied-by-rule",
    /// A rule of the organisation asks for a field of the card that nobody has established.
    FieldUnknown = "field-unknown",
    /// A field of the card is not as a rule of the organisation wants it.
    FieldNotMet = "field-not-met",
    /// Nobody has established where the model runs.
    InferenceRegionUnknown = "inference-region-unknown",
    /// The model runs outside the EU and the EEA.
    InferenceOutsideEea = "inference-outside-eea",
    /// Nobody has attested a processing contract.
    ProcessingContractUnknown = "processing-contract-unknown",
    /// There is no processing contract.
    NoProcessingContract = "no-processing-contract",
    /// Nobody has attested whether the provider trains on what it is sent.
    TrainingUnknown = "training-unknown",
    /// The provider trains on what it is sent.
    TrainsOnData = "trains-on-data",
    /// Nobody has established where the operator has its seat.
    SeatUnknown = "seat-unknown",
    /// The operator's seat is neither in the EU or the EEA nor in an adequate country.
    OperatorNotAdequate = "operator-not-adequate",
    /// Nobody has established whether US law reaches the data.
    UsLawUnknown = "us-law-unknown",
    /// US law reaches the data.
    UnderUsLaw = "under-us-law",
    /// Nobody has established whether Chinese law reaches the data.
    ChineseLawUnknown = "chinese-law-unknown",
    /// Chinese law reaches the data.
    UnderChineseLaw = "under-chinese-law",
    /// Nobody has established what certificates the service has.
    CertificatesUnknown = "certificates-unknown",
    /// The service lacks a certificate.
    CertificateMissing = "certificate-missing",
    /// The certificate's scope leaves the service out.
    CertificateNotCovering = "certificate-not-covering",
    /// Nobody has established whether the certificate's scope covers the service.
    CertificateScopeUnknown = "certificate-scope-unknown",
    /// The certificate is past its last day.
    CertificateExpired = "certificate-expired",
    /// Nobody has established how long the certificate is valid.
    CertificateEndUnknown = "certificate-end-unknown",
    /// Nobody has established whose machine it runs on.
    PremisesUnknown = "premises-unknown",
    /// It does not run on the organisation's own premises.
    NotOwnPremises = "not-own-premises",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
