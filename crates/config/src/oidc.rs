//! `[oidc]`: the identity provider that people sign in at.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use trousseau_accounts::oidc::OidcSettings;

use super::egress::check_url;
use super::faults::Faults;
use super::mapping::{self, RawMapping};
use super::secret::{self, RawSecret, SecretPlace};
use super::warning::host;

/// Where the service answers those who come back, below its own address.
const CALLBACK: &str = "/api/auth/oidc/callback";

/// The identity provider.
#[derive(Clone, Debug)]
pub struct Oidc {
    /// Everything but the secret.
    pub settings: OidcSettings,
    /// The address that browsers know this service by.
    pub base_url: String,
    /// How the page calls it.
    pub name: String,
    /// Where the secret stands that proves who this service is; public clients have none.
    pub client_secret: Option<SecretPlace>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOidc {
    name: Option<String>,
    issuer: String,
    client_id: String,
    client_secret: Option<RawSecret>,
    base_url: String,
    signed_out_page: Option<String>,
    scopes: Option<Vec<String>>,
    #[serde(default)]
    acr_values: Vec<String>,
    userinfo: Option<bool>,
    display_claims: Option<Vec<String>>,
    groups_claim: Option<String>,
    role_claim: Option<String>,
    #[serde(default)]
    roles: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    clearances: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    required: BTreeMap<String, Vec<String>>,
    clearance: Option<String>,
    label_floor: Option<String>,
    routes: Option<Vec<String>>,
    tenant: Option<String>,
}

pub(super) fn resolve(mut raw: RawOidc, file: Option<&Path>, faults: &mut Faults) -> Oidc {
    check_url("oidc.issuer", &raw.issuer, faults);
    check_url("oidc.base_url", &raw.base_url, faults);
    let client_secret = secret::resolve(raw.client_secret.take(), "oidc.client_secret", file, faults);
    let redirect = format!("{}{CALLBACK}", raw.base_url.trim_end_matches('/'));
    let signed_out = signed_out_page(&raw, faults);
    let usual = OidcSettings::new(&raw.issuer, &raw.client_id, &redirect);
    let tenant = mapping::tenant("oidc", raw.tenant.take(), faults);
    let mapping = RawMapping {
        roles: std::mem::take(&mut raw.roles),
        clearances: std::mem::take(&mut raw.clearances),
        clearance: raw.clearance.take(),
        label_floor: raw.label_floor.take(),
        routes: raw.routes.take(),
    };
    let mapping = mapping.resolve("oidc", faults);
    let groups = raw.groups_claim.take().unwrap_or(usual.groups);
    let settings = OidcSettings {
        post_logout_redirect_uri: signed_out,
        scopes: raw.scopes.take().unwrap_or(usual.scopes),
        acr_values: std::mem::take(&mut raw.acr_values),
        userinfo: raw.userinfo.unwrap_or(usual.userinfo),
        display: raw.display_claims.take().unwrap_or(usual.display),
        role_claim: raw.role_claim.take().unwrap_or_else(|| groups.clone()),
        groups,
        roles: mapping.roles,
        clearances: mapping.clearances,
        required: required(std::mem::take(&mut raw.required), faults),
        grants: mapping.least,
        tenant,
        ..OidcSettings::new(&raw.issuer, &raw.client_id, &redirect)
    };
    Oidc {
        name: raw.name.unwrap_or_else(|| host(&settings.issuer).to_owned()),
        settings,
        base_url: raw.base_url,
        client_secret,
    }
}

/// Where the provider sends people to who signed out there: a page below the service's own address.
fn signed_out_page(raw: &RawOidc, faults: &mut Faults) -> Option<String> {
    let page = raw.signed_out_page.as_deref()?;
    if !page.starts_with('/') || page.starts_with("//") {
        faults.value("oidc.signed_out_page", page, "/");
    }
    Some(format!("{}{page}", raw.base_url.trim_end_matches('/')))
}

fn required(written: BTreeMap<String, Vec<String>>, faults: &mut Faults) -> Vec<(String, BTreeSet<String>)> {
    for (claim, _) in written.iter().filter(|(_, values)| values.is_empty()) {
        faults.missing(&format!("oidc.required.{claim}"));
    }
    let sets = written
        .into_iter()
        .map(|(claim, values)| (claim, values.into_iter().collect()));
    sets.collect()
}
