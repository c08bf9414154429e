//! Detects data classes in text and decides where a request may run.
//!
//! Everything here is a pure function: no file, no network, no clock, no environment. What day it is, what an
//! upstream's card says and what the organisation rules are arguments; so the whole decision can be
//! audited and tested by itself.
//!
//! *What is in the text?* [`detect()`] reads it and returns [`Findings`](detect::Findings), whose labels join
//! with those of the key, the header, the collection and the passages in a
//! [`Labelling`](explanation::Labelling).
//!
//! *What is known of an upstream?* Its [`Card`](card::Card) holds [`Fact`](fact::Fact)s, each known or
//! unknown, about [countries](jurisdiction), certificates, exposure to foreign law. What only the customer
//! can know comes as [`Attestation`](attestation::Attestation)s that end on a [`Date`](date::Date).
//!
//! *What is asked of it?* For each class the [`DEFAULTS`](defaults::DEFAULTS) are a list of
//! [`Condition`](condition::Condition)s. The organisation's own [`Rules`](rules::Rules) come on top, may ask about every
//! [field](fields) of a card, and only take away.
//!
//! *So, where may it go?* [`decide()`] gives a [`Permit`](trousseau_core::permit::Permit) for each target that
//! meets every condition, and every [`Reason`](reason::Reason) against each of the others. It is the only
//! function that issues permits. [`would_make_eligible`](eligibility::would_make_eligible) says what a
//! target lacks.
//!
//! Two properties hold whatever the cards and rules: raising a label or adding a rule that denies or requires never lets
//! one more target in, and a fact that a rule needs and nobody knows counts against the target.

pub mod attestation;
pub mod card;
pub mod condition;
pub mod date;
pub mod decide;
pub mod defaults;
pub mod eligibility;
pub mod explanation;
pub mod fact;
pub mod fields;
pub mod jurisdiction;
pub mod reason;
pub mod rules;
pub mod withdrawn;

pub use decide::decide;
pub use trousseau_detect as detect;
pub use trousseau_detect::detect;
