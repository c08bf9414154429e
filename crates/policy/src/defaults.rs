//! The five default rules, one per class. They stand whatever an organisation writes.

use trousseau_core::label::Class;

use crate::condition::Condition;

/// What a class asks of an upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassRule {
    /// The class; its name is the rule's name.
    pub class: Class,
    /// What the upstream must meet.
    pub conditions: &'static [Condition],
    /// What it must meet besides when the label has this tag.
    pub tagged: &'static [(&'static str, Condition)],
}

/// The default rules, in rising order of class.
///
/// Each asks at least as much as the one before it, so that raising a label never widens the set of targets:
/// what may see sensitive data may see personal data too. `restricted` asks for own premises alone, where
/// every other condition but the ban is met of itself.
pub const DEFAULTS: [ClassRule; 5] = [
    ClassRule {
        class: Class::Public,
        conditions: &[Condition::NotBanned],
        tagged: &[],
    },
    ClassRule {
        class: Class::Internal,
        conditions: &[
            Condition::NotBanned,
            Condition::InferenceInEea,
            Condition::ProcessingContract,
            Condition::NoTraining,
        ],
        tagged: &[],
    },
    ClassRule {
        class: Class::Personal,
        conditions: &[
            Condition::NotBanned,
            Condition::InferenceInEea,
            Condition::ProcessingContract,
            Condition::NoTraining,
            Condition::OperatorEstablished,
            Condition::NotUnderUsLaw,
            Condition::NotUnderChineseLaw,
        ],
        tagged: &[],
    },
    ClassRule {
        class: Class::Sensitive,
        conditions: &[
            Condition::NotBanned,
            Condition::InferenceInEea,
            Condition::ProcessingContract,
            Condition::NoTraining,
            Condition::OperatorEstablished,
            Condition::NotUnderUsLaw,
            Condition::NotUnderChineseLaw,
            Condition::Secnumcloud,
        ],
        tagged: &[("health", Condition::Hds)],
    },
    ClassRule {
        class: Class::Restricted,
        conditions: &[Condition::NotBanned, Condition::OwnPremises],
        tagged: &[],
    },
];

/// The default rule of a class.
pub const fn default_rule(class: Class) -> &'static ClassRule {
    match class {
        Class::Public => &DEFAULTS[0],
        Class::Internal => &DEFAULTS[1],
        Class::Personal => &DEFAULTS[2],
        Class::Sensitive => &DEFAULTS[3],
        Class::Restricted => &DEFAULTS[4],
    }
}
