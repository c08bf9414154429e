//! What the configuration says of the identity provider, and what its users may do here.

use std::collections::BTreeSet;

use trousseau_core::label::Class;
use trousseau_core::principal::{Role, Tenant};
use trousseau_upstream::secret::Secret;

use crate::Grants;

/// An OpenID Connect provider. A claim may lie inside others: `realm_access.roles`.
#[derive(Clone, Debug)]
pub struct OidcSettings {
    /// Its name, the address below which its description is published. `https`, but for this machine itself.
    pub issuer: String,
    /// How it knows this service.
    pub client_id: String,
    /// What proves that; none for a public client, which PKCE alone protects.
    pub client_secret: Option<Secret>,
    /// Where it sends people back to: the public address of `/api/auth/oidc/callback`.
    pub redirect_uri: String,
    /// Where it sends people to who signed out there: an address that is registered with it. At its own page they stay
    /// where there is none.
    pub post_logout_redirect_uri: Option<String>,
    /// What is asked for besides `openid`.
    pub scopes: Vec<String>,
    /// How people must have shown who they are, one of these (`eidas1`); anyhow when empty.
    pub acr_values: Vec<String>,
    /// Whether claims are fetched from its `userinfo` as well.
    pub userinfo: bool,
    /// The claims that make up how a user is called on the page, joined by a space.
    pub display: Vec<String>,
    /// The claim with the user's groups.
    pub groups: String,
    /// The claim whose values give a role.
    pub role_claim: String,
    /// A value of that claim, and its role. The first that fits counts.
    pub roles: Vec<(String, Role)>,
    /// A group, and how far its members may read. The highest that fits counts.
    pub clearances: Vec<(String, Class)>,
    /// Who may come in: each claim must have one of its values. Everyone with an account there when empty.
    pub required: Vec<(String, BTreeSet<String>)>,
    /// The claim with the name by which users may have been provisioned, where some are.
    pub handle: Option<String>,
    /// What every one of its users may do at least.
    pub grants: Grants,
    /// The tenant that its users belong to.
    pub tenant: Tenant,
}

impl OidcSettings {
    /// The usual claims, and nothing granted.
    pub fn new(issuer: &str, client_id: &str, redirect_uri: &str) -> Self {
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        Self {
            issuer: issuer.to_owned(),
            client_id: client_id.to_owned(),
            client_secret: None,
            redirect_uri: redirect_uri.to_owned(),
            post_logout_redirect_uri: None,
            scopes: words(&["profile", "email"]),
            acr_values: Vec::new(),
            userinfo: false,
            display: words(&["name"]),
            groups: "groups".to_owned(),
            role_claim: "groups".to_owned(),
            roles: Vec::new(),
            clearances: Vec::new(),
            required: Vec::new(),
            handle: None,
            grants: Grants::default(),
            tenant: Tenant::default(),
        }
    }
}
