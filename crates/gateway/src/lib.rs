//! The service behind every interface.
//!
//! Two files tell what happens: [`answer`], the way of one question, and [`ingest`], the way of one
//! document; [`vectors`] is the first one's twin, for texts that are turned into vectors or weighed. All are methods of [`service::Gateway`], which the composition root puts together from
//! the plan in force ([`settings`], targets and rules of the policy, models: `trousseau-plan`), the library, the [`records`]
//! and the [`logs`].
//!
//! `masked.rs` has the second way of a question: with pseudonyms, to targets that may not see it as it is. [`cached`] gives
//! answers again. [`files`] are what people keep here themselves, over HTTP. Who may come in is `trousseau-accounts`' matter, and how they
//! come in `trousseau-http`'s; the tests of the three stand together in this crate.
//!
//! What is sent where is decided by `trousseau-policy`; what was decided and what came of it is an
//! [`entry`] of the tenant's ledger, which holds [`commitment`]s and no content. The content stands in the
//! records, keyed by the decision's entry. [`backup`] copies all of it while it is in use.

pub mod account_changes;
mod anew;
pub mod answer;
mod appender;
pub mod backup;
pub mod cached;
pub mod configuration;
mod deciding;
pub mod error;
pub mod files;
pub mod ingest;
mod labels;
pub mod logs;
mod masked;
pub mod records;
pub mod service;
mod spending;
pub mod vectors;
pub mod withdrawing;

pub use trousseau_entries::{commitment, entry};
pub use trousseau_plan::settings;
