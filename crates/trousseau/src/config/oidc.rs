//! `[oidc]`: the identity provider that people sign in at.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use trousseau_core::principal::Role;

use super::egress::check_url;
use super::faults::Faults;
use super::secret::{self, RawSecret, SecretPlace};

/// The identity provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Oidc {
    /// Its name in tokens: the address that its configuration is read below.
    pub issuer: String,
    /// What this program is called there.
    pub client_id: String,
    /// What it proves that with; public clients have none.
    pub client_secret: Option<SecretPlace>,
    /// The address that people's browsers know this service by, without a slash at its end.
    pub base_url: String,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// The claim that holds a person's groups.
    pub groups_claim: Option<String>,
    /// The groups that have a role.
    pub roles: BTreeMap<String, Role>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOidc {
    issuer: String,
    client_id: String,
    client_secret: Option<RawSecret>,
    base_url: String,
    scopes: Option<Vec<String>>,
    groups_claim: Option<String>,
    #[serde(default)]
    roles: BTreeMap<String, Vec<String>>,
}

pub(super) fn resolve(raw: RawOidc, file: Option<&Path>, faults: &mut Faults) -> Oidc {
    check_url("oidc.issuer", &raw.issuer, faults);
    check_url("oidc.base_url", &raw.base_url, faults);
    let mut roles = BTreeMap::new();
    for (name, groups) in raw.roles {
        let Ok(role) = name.parse::<Role>() else {
            let known = Role::ALL.map(Role::name).join(", ");
            faults.value("oidc.roles", &name, &known);
            continue;
        };
        roles.extend(groups.into_iter().map(|group| (group, role)));
    }
    if !roles.is_empty() && raw.groups_claim.is_none() {
        faults.missing("oidc.groups_claim");
    }
    let scopes = || ["profile", "email"].map(str::to_owned).to_vec();
    Oidc {
        client_secret: secret::resolve(raw.client_secret, "oidc.client_secret", file, faults),
        issuer: raw.issuer,
        client_id: raw.client_id,
        base_url: raw.base_url.trim_end_matches('/').to_owned(),
        scopes: raw.scopes.unwrap_or_else(scopes),
        groups_claim: raw.groups_claim,
        roles,
    }
}
