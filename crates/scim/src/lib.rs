//! Users and groups as an identity provider hands them out: SCIM 2.0 (RFC 7643, RFC 7644), as far as it is words and rules.
//!
//! Nothing here keeps anything. [`User`] and [`Group`] are read from what a provider sends, tolerant where the great ones are loose
//! (booleans as text, names of attributes in any case) and strict where something would be guessed. [`Filter`] is the search
//! language with its limits, `path` the places inside a resource that it shares with [`patch`], which changes one. [`page`] cuts a
//! list, [`shown`] leaves out what was not asked for, and [`schema`] says what there is.

mod attributes;
mod error;
mod filter;
mod group;
mod listing;
mod patching;
mod path;
pub mod schema;
mod user;

pub use attributes::is_same;
pub use error::ScimError;
pub use filter::Filter;
pub use group::Group;
pub use listing::{Asked, MOST, page, shown};
pub use patching::patch;
pub use user::User;

/// A JSON object.
pub type Object = serde_json::Map<String, serde_json::Value>;
