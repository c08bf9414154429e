//! `[server]`: where the service listens, and what its clients may cost.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use serde::Deserialize;
use trousseau_accounts::SessionLimits;
use trousseau_http::Language;
use trousseau_http::network::Network;
use trousseau_http::settings::{Limits, Settings};

use super::faults::Faults;
use super::resolve::beside;

/// Where the service listens when nothing says otherwise: this machine only.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8642);

/// Where and how the service listens.
#[derive(Clone, Debug)]
pub struct Server {
    /// The address and the port.
    pub listen: SocketAddr,
    /// The certificate and its key, in PEM.
    pub tls: Option<TlsFiles>,
    /// Whether it may listen to other machines without TLS, because a proxy that does TLS stands before it.
    pub insecure: bool,
    /// How long people stay signed in.
    pub sessions: SessionLimits,
    /// Everything else.
    pub settings: Settings,
}

/// A certificate and its key, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, and behind it those up to its authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawServer {
    listen: Option<String>,
    tls_certificate: Option<String>,
    tls_key: Option<String>,
    insecure: Option<bool>,
    base_path: Option<String>,
    trusted_proxies: Vec<String>,
    allowed_origins: Vec<String>,
    language: Option<String>,
    limits: RawLimits,
    sessions: RawSessions,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawSessions {
    idle_minutes: Option<usize>,
    total_hours: Option<usize>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawLimits {
    body_bytes: Option<usize>,
    requests: Option<usize>,
    connections: Option<usize>,
    files: Option<usize>,
    head_seconds: Option<u64>,
    body_seconds: Option<u64>,
    write_seconds: Option<u64>,
    idle_seconds: Option<u64>,
    quiet_seconds: Option<u64>,
    drain_seconds: Option<u64>,
}

/// The address in a text such as `127.0.0.1:8642` or `[::1]:0`.
pub fn address(text: &str) -> Option<SocketAddr> {
    let text = match text.strip_prefix("localhost:") {
        Some(port) => &format!("{}:{port}", Ipv4Addr::LOCALHOST),
        None => text,
    };
    text.parse().ok()
}

pub(super) fn resolve(raw: RawServer, file: Option<&Path>, faults: &mut Faults) -> Server {
    let listen = match &raw.listen {
        None => LISTEN,
        Some(text) => address(text).unwrap_or_else(|| {
            faults.value("server.listen", text, "127.0.0.1:8642, [::1]:8642, 0.0.0.0:443");
            LISTEN
        }),
    };
    let tls = match (raw.tls_certificate, raw.tls_key) {
        (Some(certificate), Some(key)) => Some(TlsFiles {
            certificate: beside(file, &certificate),
            key: beside(file, &key),
        }),
        (None, None) => None,
        (Some(_), None) => {
            faults.missing("server.tls_key");
            None
        }
        (None, Some(_)) => {
            faults.missing("server.tls_certificate");
            None
        }
    };
    let language = match raw.language.as_deref() {
        None | Some("fr") => Language::French,
        Some("en") => Language::English,
        Some(other) => {
            faults.value("server.language", other, "fr, en");
            Language::French
        }
    };
    let trusted_proxies = networks(&raw.trusted_proxies, faults);
    for origin in raw.allowed_origins.iter().filter(|origin| !is_origin(origin)) {
        faults.value("server.allowed_origins", origin, "https://intranet.example");
    }
    Server {
        listen,
        tls,
        insecure: raw.insecure.unwrap_or(false),
        sessions: sessions(&raw.sessions, faults),
        settings: Settings {
            limits: limits(&raw.limits, faults),
            base_path: base_path(raw.base_path, faults),
            trusted_proxies,
            allowed_origins: raw.allowed_origins,
            language,
            ..Settings::default()
        },
    }
}

fn networks(written: &[String], faults: &mut Faults) -> Vec<Network> {
    let mut networks = Vec::with_capacity(written.len());
    for text in written {
        match text.parse() {
            Ok(network) => networks.push(network),
            Err(_) => faults.value("server.trusted_proxies", text, "10.0.0.5, 10.0.0.0/8, fd00::/8"),
        }
    }
    networks
}

/// Whether a text is what browsers send as `Origin` (RFC 6454): a scheme, a host and perhaps a port.
fn is_origin(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ', '*']))
}

fn base_path(written: Option<String>, faults: &mut Faults) -> String {
    let path = written.unwrap_or_default();
    let path = path.trim_end_matches('/');
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/-_.~".contains(c);
    let sound =
        path.is_empty() || (path.starts_with('/') && path.chars().all(allowed) && !path.contains("//"));
    if !sound || path.split('/').any(|part| part == "..") {
        faults.value("server.base_path", path, "/trousseau");
        return String::new();
    }
    path.to_owned()
}

fn sessions(raw: &RawSessions, faults: &mut Faults) -> SessionLimits {
    let usual = SessionLimits::default();
    let minutes = |limit: SignedDuration| usize::try_from(limit.as_mins()).unwrap_or(usize::MAX);
    let place = |name: &str| format!("server.sessions.{name}");
    let idle = faults.number(
        &place("idle_minutes"),
        raw.idle_minutes,
        1..=60 * 24 * 365,
        minutes(usual.idle),
    );
    let total = faults.number(
        &place("total_hours"),
        raw.total_hours,
        1..=24 * 365,
        minutes(usual.absolute) / 60,
    );
    SessionLimits {
        idle: SignedDuration::from_mins(idle as i64),
        absolute: SignedDuration::from_hours(total as i64),
    }
}

fn limits(raw: &RawLimits, faults: &mut Faults) -> Limits {
    let usual = Limits::default();
    let place = |name: &str| format!("server.limits.{name}");
    Limits {
        body_bytes: faults.number(
            &place("body_bytes"),
            raw.body_bytes,
            1 << 10..=1 << 30,
            usual.body_bytes,
        ),
        requests: faults.number(&place("requests"), raw.requests, 1..=100_000, usual.requests),
        connections: faults.number(
            &place("connections"),
            raw.connections,
            1..=1_000_000,
            usual.connections,
        ),
        head: faults.seconds(&place("head_seconds"), raw.head_seconds, usual.head),
        body: faults.seconds(&place("body_seconds"), raw.body_seconds, usual.body),
        files: faults.number(&place("files"), raw.files, 1..=1_000_000, usual.files as usize) as u64,
        write: faults.seconds(&place("write_seconds"), raw.write_seconds, usual.write),
        pace: usual.pace,
        idle: faults.seconds(&place("idle_seconds"), raw.idle_seconds, usual.idle),
        quiet: faults.seconds(&place("quiet_seconds"), raw.quiet_seconds, usual.quiet),
        drain: faults.seconds(&place("drain_seconds"), raw.drain_seconds, usual.drain),
    }
}
