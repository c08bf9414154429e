//! What every request over HTTP has, whichever resource it is for; the resources themselves are in `trousseau-http`.
//!
//! On the way in: [`body`] reads a body within its limits, [`query`] what stands behind the question mark, [`segment`] the named
//! parts of a path, and [`language`] what the caller reads. On the way out: everything that goes wrong is a
//! [`refusal::Refusal`], made of the error of whichever part refused ([`error`] and [`auth_error`] are what the server itself
//! refuses), and it stays one until the envelope puts it into words in the caller's language.

pub mod auth_error;
pub mod body;
pub mod error;
pub mod language;
pub mod query;
pub mod refusal;
pub mod scim_error;
pub mod segment;

pub use auth_error::AuthError;
pub use error::HttpError;
