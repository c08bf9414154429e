//! `[egress]`: how the service reaches other machines.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::faults::Faults;
use super::resolve::beside;
use super::secret::{self, RawSecret, SecretPlace};

/// The way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Egress {
    /// The proxy that everything goes through, but for the exceptions.
    pub proxy: Option<Proxy>,
    /// What is reached directly.
    pub no_proxy: Vec<String>,
    /// Files with the certificates of authorities that are trusted.
    pub ca_files: Vec<PathBuf>,
    /// Whether the authorities that the system trusts are trusted as well.
    pub system_authorities: bool,
}

/// An HTTP proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Its address.
    pub url: String,
    /// The user and the password it asks for.
    pub credentials: Option<(String, SecretPlace)>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawEgress {
    proxy: Option<String>,
    proxy_user: Option<String>,
    proxy_password: Option<RawSecret>,
    no_proxy: Vec<String>,
    ca_files: Vec<String>,
    system_authorities: Option<bool>,
}

pub(super) fn resolve(raw: RawEgress, file: Option<&Path>, faults: &mut Faults) -> Egress {
    let password = secret::resolve(raw.proxy_password, "egress.proxy_password", file, faults);
    let credentials = match (raw.proxy_user, password) {
        (Some(user), Some(password)) => Some((user, password)),
        (Some(_), None) => {
            faults.missing("egress.proxy_password");
            None
        }
        (None, Some(_)) => {
            faults.missing("egress.proxy_user");
            None
        }
        (None, None) => None,
    };
    if raw.proxy.is_none() && credentials.is_some() {
        faults.missing("egress.proxy");
    }
    let proxy = raw.proxy.map(|url| {
        check_url("egress.proxy", &url, faults);
        Proxy { url, credentials }
    });
    Egress {
        proxy,
        no_proxy: raw.no_proxy,
        ca_files: raw.ca_files.iter().map(|path| beside(file, path)).collect(),
        system_authorities: raw.system_authorities.unwrap_or(true),
    }
}

/// Whether an address begins as one should and holds no password. What else is wrong with it is found when the way
/// out is opened.
pub(super) fn check_url(key: &str, url: &str, faults: &mut Faults) {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    match rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default()) {
        None | Some("") => faults.value(key, &without_user(url), "https://..., http://..."),
        Some(authority) if authority.contains('@') => {
            faults.add(
                "config-literal-secret",
                key,
                "is written out: say where it stands instead",
            );
        }
        Some(_) => {}
    }
}

/// A text that may be an address, without what stands before its host.
fn without_user(url: &str) -> String {
    url.rsplit_once('@').map_or(url, |(_, rest)| rest).to_owned()
}
