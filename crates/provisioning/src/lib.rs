//! SCIM 2.0 (RFC 7644) over the accounts: what an identity provider asks for and changes of users and groups.
//!
//! [`call`] is one request and its answer. `users` and `groups` are a room each, `discovery` says what there is. What a change does
//! to accounts is in `effects`: sessions end and keys are revoked before the answer, and the ledger has it.
//!
//! Who asks is known already: a key with the role of a provisioner, bound to its tenant.

mod discovery;
mod effects;
mod error;
mod groups;
mod users;

use jiff::Timestamp;
use serde_json::{Value, json};
use trousseau_accounts::{Accounts, ProvisioningSettings};
use trousseau_core::principal::Principal;
use trousseau_gateway::service::Gateway;
use trousseau_scim::{Asked, Object, ScimError, shown};

pub use error::ProvisioningError;

/// What is done to something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// To see it.
    Get,
    /// To make it.
    Post,
    /// To say all of it anew.
    Put,
    /// To change some of it.
    Patch,
    /// To take it back.
    Delete,
}

/// A request of a provider.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// What is done.
    pub verb: Verb,
    /// To what: the path below `/scim/v2/`, such as `Users` or `Users/ID`.
    pub path: &'a str,
    /// The pairs of the query.
    pub query: &'a [(String, String)],
    /// The version that must still be there (`If-Match`).
    pub if_match: Option<&'a str>,
    /// The body, where there is one.
    pub body: Option<&'a [u8]>,
    /// What stands before `/Users` in addresses of resources.
    pub base: &'a str,
}

/// An answer to a provider.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// What there is to say.
    pub body: Option<Value>,
    /// Where what was made is.
    pub location: Option<String>,
    /// Its version.
    pub etag: Option<String>,
}

/// Who changes what, and where it is entered.
#[derive(Clone, Copy)]
struct Desk<'a> {
    accounts: &'a Accounts,
    gateway: &'a Gateway,
    settings: &'a ProvisioningSettings,
    /// The name of the key.
    by: &'a str,
    base: &'a str,
    now: Timestamp,
}

/// Answers a request of the provider whose key `caller` is.
pub async fn call(
    (accounts, gateway): (&Accounts, &Gateway),
    caller: &Principal,
    call: Call<'_>,
) -> Result<Answer, ProvisioningError> {
    let settings = accounts
        .provisioning(&caller.tenant)
        .ok_or(ScimError::NotConfigured)?;
    let desk = Desk {
        accounts,
        gateway,
        settings,
        by: &caller.user,
        base: call.base,
        now: (gateway.now)(),
    };
    let query = call
        .query
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let asked = Asked::read(query)?;
    let unknown = || ScimError::Unknown {
        id: call.path.chars().take(80).collect(),
    };
    let (kind, id) = match call.path.split_once('/') {
        Some((kind, id)) => (kind, Some(id)),
        None => (call.path, None),
    };
    if let Some(answer) = discovery::answer(kind, id, call.base) {
        return Ok(answer);
    }
    match (kind, id) {
        ("Users", None) if call.verb == Verb::Get => desk.users(&asked).await,
        ("Users", None) => desk.create_user(object(call.body)?, &asked).await,
        ("Users", Some(id)) => desk.user((call.verb, id), &call, &asked).await,
        ("Groups", None) if call.verb == Verb::Get => desk.groups(&asked).await,
        ("Groups", None) => desk.create_group(object(call.body)?, &asked).await,
        ("Groups", Some(id)) => desk.group((call.verb, id), &call, &asked).await,
        _ => Err(unknown().into()),
    }
}

/// The object in a body.
fn object(body: Option<&[u8]>) -> Result<Object, ScimError> {
    let read = serde_json::from_slice(body.unwrap_or_default());
    read.map_err(|error| ScimError::Syntax {
        // What stood in it is not told again.
        reason: format!("line {}, column {}", error.line(), error.column()),
    })
}

/// An answer with one resource.
fn one(status: u16, resource: Object, (location, version): (String, i64), asked: &Asked) -> Answer {
    Answer {
        status,
        body: Some(Value::Object(shown(resource, asked))),
        location: Some(location),
        etag: Some(etag(version)),
    }
}

const fn nothing() -> Answer {
    Answer {
        status: 204,
        body: None,
        location: None,
        etag: None,
    }
}

/// A version as it is written in headers: weak, for the same version may be shown with other attributes.
fn etag(version: i64) -> String {
    format!("W/\"{version}\"")
}

/// Fails when another version than this is wanted.
fn check_version(if_match: Option<&str>, version: i64) -> Result<(), ScimError> {
    let fits = |wanted: &str| {
        wanted
            .split(',')
            .map(|one| one.trim().trim_start_matches("W/"))
            .any(|one| one == "*" || one == format!("\"{version}\""))
    };
    match if_match.is_none_or(fits) {
        true => Ok(()),
        false => Err(ScimError::Changed),
    }
}

/// What only this service says of a resource.
fn meta(kind: &str, location: &str, (created, changed): (Timestamp, Timestamp), version: i64) -> Value {
    json!({
        "resourceType": kind,
        "created": created.to_string(),
        "lastModified": changed.to_string(),
        "location": location,
        "version": etag(version),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_fits_itself_and_anything() {
        for (wanted, fits) in [
            (None, true),
            (Some("*"), true),
            (Some("W/\"3\""), true),
            (Some("\"3\""), true),
            (Some("W/\"1\", W/\"3\""), true),
            (Some("W/\"2\""), false),
            (Some("3"), false),
            (Some(""), false),
        ] {
            assert_eq!(check_version(wanted, 3).is_ok(), fits, "{wanted:?}");
        }
    }
}
