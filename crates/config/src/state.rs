//! `[state]`: the database that several replicas share.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::faults::Faults;
use super::resolve::beside;
use super::secret::{self, RawSecret, SecretPlace};

/// How many connections a replica has where the file does not say, beside the one that listens.
const CONNECTIONS: u32 = 8;

/// How long an answer may take where the file does not say.
const PATIENCE: Duration = Duration::from_secs(5);

/// What an address looks like.
const ADDRESS: &str = "postgres://user@host:5432/database";

/// A PostgreSQL database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// `postgres://user@host:port/database`.
    pub url: String,
    /// Where the user's password stands; none where the server asks for none.
    pub password: Option<SecretPlace>,
    /// Whether it is reached over TLS, with a certificate that names the host.
    pub tls: bool,
    /// A file with the certificates of the authorities that may have signed it, in the place of the system's.
    pub authorities: Option<PathBuf>,
    /// The most connections.
    pub connections: u32,
    /// How long a connection, and an answer, may take.
    pub patience: Duration,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawState {
    url: String,
    password: Option<RawSecret>,
    tls: Option<bool>,
    ca_file: Option<String>,
    connections: Option<u32>,
    timeout_seconds: Option<u64>,
}

pub(super) fn resolve(raw: RawState, file: Option<&Path>, faults: &mut Faults) -> State {
    let password = secret::resolve(raw.password, "state.password", file, faults);
    let host = host(&raw.url, faults);
    let connections = raw.connections.unwrap_or(CONNECTIONS);
    if !(2..=256).contains(&connections) {
        faults.value("state.connections", &connections.to_string(), "2..256");
    }
    let patience = raw.timeout_seconds.map_or(PATIENCE, Duration::from_secs);
    if !(1..=60).contains(&patience.as_secs()) {
        faults.value("state.timeout_seconds", &patience.as_secs().to_string(), "1..60");
    }
    State {
        tls: raw.tls.unwrap_or(!host.is_some_and(is_here)),
        url: raw.url,
        password,
        authorities: raw.ca_file.map(|path| beside(file, &path)),
        connections,
        patience,
    }
}

/// As it would be written.
pub(super) fn shown(state: &State) -> Value {
    json!({
        "url": state.url,
        "password": state.password,
        "tls": state.tls,
        "ca_file": state.authorities,
        "connections": state.connections,
        "timeout_seconds": state.patience.as_secs(),
    })
}

/// The host of an address: a user, no password, a database, and nothing that other keys say.
fn host<'a>(url: &'a str, faults: &mut Faults) -> Option<&'a str> {
    let rest = url
        .strip_prefix("postgres://")
        .or_else(|| url.strip_prefix("postgresql://"));
    let parts = rest.and_then(|rest| rest.rsplit_once('@'));
    let (user, place) = parts.unwrap_or_default();
    if user.contains(':') {
        faults.add(
            "config-literal-secret",
            "state.url",
            "is written out: say where it stands instead",
        );
        return None;
    }
    let (address, database) = place.split_once('/').unwrap_or_default();
    let host = match address.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => host,
        Some((_, port)) if !port.ends_with(']') => "",
        Some(_) | None => address,
    };
    let is_plain = |text: &str| !text.is_empty() && !text.contains(['/', '?', '#', '@', '%', ' ']);
    if [user, host, database].into_iter().all(is_plain) {
        return Some(host);
    }
    faults.value("state.url", place, ADDRESS);
    None
}

/// Whether a host is this machine.
fn is_here(host: &str) -> bool {
    let plain = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || plain
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use crate::Config;

    fn parsed(table: &str) -> Result<Config, Vec<String>> {
        let text = format!("[ledger]\nreplica = \"a\"\n[state]\n{table}");
        Config::parse(&text, None).map_err(|error| match error {
            crate::ConfigError::Faults { faults, .. } => faults.iter().map(ToString::to_string).collect(),
            other => vec![other.to_string()],
        })
    }

    #[test]
    fn tls_is_left_out_on_this_machine_alone() {
        for (host, tls) in [
            ("db.example.org", true),
            ("db.example.org:5433", true),
            ("localhost", false),
            ("127.0.0.1:5432", false),
            ("[::1]:5432", false),
            ("[2001:db8::1]", true),
            ("10.0.0.1", true),
        ] {
            let config = parsed(&format!("url = \"postgres://house@{host}/house\"")).unwrap();
            assert_eq!(config.state.unwrap().tls, tls, "{host}");
        }
        let asked = parsed("url = \"postgres://house@127.0.0.1/house\"\ntls = true").unwrap();
        assert!(asked.state.unwrap().tls);
    }

    #[test]
    fn an_address_has_a_user_a_host_a_database_and_no_password() {
        for bad in [
            "",
            "postgres://",
            "mysql://a@b/c",
            "postgres://b/c",
            "postgres://a@b",
            "postgres://a@b/",
            "postgres://a@/c",
            "postgres://a@b:port/c",
            "postgres://a@b/c?sslmode=disable",
            "postgres://a@b/c/d",
        ] {
            let faults = parsed(&format!("url = \"{bad}\"")).unwrap_err();
            assert!(faults[0].starts_with("state.url"), "{bad}: {faults:?}");
        }
        let faults = parsed("url = \"postgres://a:hush@b/c\"").unwrap_err();
        assert!(
            faults[0].starts_with("state.url") && !faults[0].contains("hush"),
            "{faults:?}"
        );
        let faults = parsed("url = \"postgres://a@b/c\"\npassword = \"hush\"").unwrap_err();
        assert!(
            faults[0].starts_with("state.password") && !faults[0].contains("hush"),
            "{faults:?}"
        );
    }

    #[test]
    fn replicas_that_share_a_database_have_names() {
        let text = "[state]\nurl = \"postgres://a@b/c\"";
        let error = Config::parse(text, None).unwrap_err();
        assert!(
            matches!(error, crate::ConfigError::Faults { faults, .. } if faults[0].to_string().contains("ledger.replica"))
        );
    }
}
