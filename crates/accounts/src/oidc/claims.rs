//! What a provider's token says: whether it is meant for this sign-in, and what its user may do.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::Value;
use subtle::ConstantTimeEq as _;
use trousseau_core::digest::Digest;

use super::error::{OidcError, TokenFault};
use super::jose::{Algorithm, Claims};
use super::settings::OidcSettings;
use crate::{Grants, Identity};

/// How far the provider's clock may be off, in seconds.
const SKEW: i64 = 60;

/// The longest subject, in characters (OpenID Connect Core, section 2).
const SUBJECT: usize = 255;

/// The longest name of a group, and how many there may be.
const GROUP: usize = 256;
const GROUPS: usize = 1000;

/// The sign-in that a token must have been made for.
#[derive(Debug)]
pub(super) struct Expected<'a> {
    pub(super) nonce: &'a str,
    /// When the sign-in began.
    pub(super) began: Timestamp,
    /// The present.
    pub(super) now: Timestamp,
    /// What came with the token.
    pub(super) access_token: Option<&'a str>,
}

/// Checks an ID token whose signature is good (OpenID Connect Core, section 3.1.3.7).
pub(super) fn check_id_token(
    claims: &Claims,
    algorithm: Algorithm,
    settings: &OidcSettings,
    expected: &Expected<'_>,
) -> Result<(), TokenFault> {
    check_origin(claims, settings)?;
    let now = expected.now.as_second();
    let expires = seconds(claims, "exp").ok_or(TokenFault::Missing("exp"))?;
    let issued = seconds(claims, "iat").ok_or(TokenFault::Missing("iat"))?;
    if now >= expires.saturating_add(SKEW) {
        return Err(TokenFault::Expired);
    }
    let early = |moment: i64| moment > now + SKEW;
    if early(issued) || seconds(claims, "nbf").is_some_and(early) {
        return Err(TokenFault::Early);
    }
    if issued < expected.began.as_second() - SKEW {
        return Err(TokenFault::Old);
    }
    let nonce = text(claims, "nonce").unwrap_or_default();
    if !bool::from(nonce.as_bytes().ct_eq(expected.nonce.as_bytes())) {
        return Err(TokenFault::Nonce);
    }
    if !settings.acr_values.is_empty() {
        let acr = text(claims, "acr").unwrap_or_default();
        if !settings.acr_values.iter().any(|accepted| accepted == acr) {
            return Err(TokenFault::Acr);
        }
    }
    check_access_token(claims, algorithm, expected.access_token)?;
    subject(claims).map(|_| ())
}

/// Checks who made a token and whom it is for. `azp`, where it stands, must be this service; among several
/// audiences it must stand.
fn check_origin(claims: &Claims, settings: &OidcSettings) -> Result<(), TokenFault> {
    if text(claims, "iss") != Some(&settings.issuer) {
        return Err(TokenFault::Issuer);
    }
    let own = |value: &Value| value.as_str() == Some(&settings.client_id);
    let several = match claims.get("aud") {
        Some(one @ Value::String(_)) if own(one) => false,
        Some(Value::Array(all)) if all.iter().any(own) => all.len() > 1,
        _ => return Err(TokenFault::Audience),
    };
    match claims.get("azp") {
        Some(party) if !own(party) => Err(TokenFault::Audience),
        None if several => Err(TokenFault::Audience),
        _ => Ok(()),
    }
}

/// Where the token binds the access token (`at_hash`), checks it: the left half of the digest, of the digest
/// that the signature uses.
fn check_access_token(
    claims: &Claims,
    algorithm: Algorithm,
    access_token: Option<&str>,
) -> Result<(), TokenFault> {
    let (Some(hash), Some(token)) = (text(claims, "at_hash"), access_token) else {
        return Ok(());
    };
    if algorithm == Algorithm::EdDsa {
        // Bound with SHA-512 by some and SHA-256 by others; no standard says which.
        return Ok(());
    }
    let digest = Digest::of(token.as_bytes());
    if URL_SAFE_NO_PAD.encode(&digest.0[..16]) != hash {
        return Err(TokenFault::AccessToken);
    }
    Ok(())
}

/// Checks claims from `userinfo`: they are of the same user, and when they are signed, from the provider and for
/// this service.
pub(super) fn check_userinfo(
    claims: &Claims,
    signed: bool,
    settings: &OidcSettings,
    subject: &str,
) -> Result<(), TokenFault> {
    if text(claims, "sub") != Some(subject) {
        return Err(TokenFault::Subject);
    }
    if signed {
        check_origin(claims, settings)?;
    }
    Ok(())
}

/// Who it is, in the provider's own words.
pub(super) fn subject(claims: &Claims) -> Result<&str, TokenFault> {
    let subject = text(claims, "sub").unwrap_or_default();
    if subject.is_empty() || subject.chars().count() > SUBJECT {
        return Err(TokenFault::Subject);
    }
    Ok(subject)
}

/// The user whom checked claims tell of, if such a user may come in.
pub(super) fn identity(claims: &Claims, settings: &OidcSettings) -> Result<Identity, OidcError> {
    for (claim, accepted) in &settings.required {
        if values(claims, claim).is_disjoint(accepted) {
            return Err(OidcError::NotAdmitted { claim: claim.clone() });
        }
    }
    let subject = subject(claims)?.to_owned();
    let fits = |name: &String| name.chars().count() <= GROUP && !name.chars().any(char::is_control);
    let groups = values(claims, &settings.groups).into_iter().filter(fits);
    let groups: BTreeSet<String> = groups.take(GROUPS).collect();
    let roles = values(claims, &settings.role_claim);
    let role = settings.roles.iter().find(|(value, _)| roles.contains(value));
    let clearances = settings
        .clearances
        .iter()
        .filter(|(group, _)| groups.contains(group));
    let clearance = clearances.map(|(_, class)| *class).max();
    let handle = settings.handle.as_deref().and_then(|claim| text(claims, claim));
    Ok(Identity {
        handle: handle.map(str::to_owned),
        issuer: settings.issuer.clone(),
        display: display(claims, settings).unwrap_or_else(|| subject.clone()),
        subject,
        grants: Grants {
            role: role.map_or(settings.grants.role, |(_, role)| *role),
            clearance: clearance.max(Some(settings.grants.clearance)).unwrap_or_default(),
            groups: groups.union(&settings.grants.groups).cloned().collect(),
            ..settings.grants.clone()
        },
    })
}

/// How a user is called: the configured claims, or the first of the usual ones.
fn display(claims: &Claims, settings: &OidcSettings) -> Option<String> {
    let configured: Vec<&str> = settings
        .display
        .iter()
        .filter_map(|claim| text(claims, claim))
        .collect();
    let usual = || {
        ["preferred_username", "email"]
            .into_iter()
            .find_map(|claim| text(claims, claim))
    };
    let joined = Some(configured.join(" ")).filter(|joined| !joined.trim().is_empty());
    let display = joined.or_else(|| usual().map(str::to_owned))?;
    let plain = display.chars().filter(|c| !c.is_control()).take(200);
    Some(plain.collect())
}

/// The values of a claim that is a text or a list of texts.
fn values(claims: &Claims, path: &str) -> BTreeSet<String> {
    match found(claims, path) {
        Some(Value::String(one)) => BTreeSet::from([one.clone()]),
        Some(Value::Array(all)) => {
            let texts = all.iter().filter_map(Value::as_str);
            texts.map(str::to_owned).collect()
        }
        _ => BTreeSet::new(),
    }
}

/// The claim at a path: one with dots in its own name, or one inside others.
fn found<'a>(claims: &'a Claims, path: &str) -> Option<&'a Value> {
    if let Some(whole) = claims.get(path) {
        return Some(whole);
    }
    let (outer, inner) = path.split_once('.')?;
    found(claims.get(outer)?.as_object()?, inner)
}

fn text<'a>(claims: &'a Claims, name: &str) -> Option<&'a str> {
    claims.get(name)?.as_str()
}

/// A moment in seconds since 1970; some write a fraction.
fn seconds(claims: &Claims, name: &str) -> Option<i64> {
    let value = claims.get(name)?;
    value
        .as_i64()
        .or_else(|| value.as_f64().map(|moment| moment as i64))
}
