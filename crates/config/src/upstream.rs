//! `[[upstream]]`: what may answer, where it is, how it is reached.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use trousseau_catalogue::Catalogue;
use trousseau_plan::settings::TargetLimits;
use trousseau_policy::attestation::Attestation;
use trousseau_policy::card::{Card, Premises};
use trousseau_policy::decide::Target;
use trousseau_policy::fact::Fact;
use trousseau_upstream::server::Timeouts;
use trousseau_upstream::{Continues, Dialect};

use super::egress::check_url;
use super::faults::Faults;
use super::limits::{self, RawBreaker, RawHealthCheck, RawLimits};
use super::resolve::beside;
use super::secret::{self, RawSecret, SecretPlace};

/// The name of the built-in answerer where the file names no upstream.
const LOCAL: &str = "local";

/// Headers that carry what is secret: a key has its own place.
const SECRET_HEADERS: [&str; 6] = [
    "authorization",
    "api-key",
    "cookie",
    "proxy-authorization",
    "x-api-key",
    "x-auth-token",
];

/// What answers behind an upstream's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The built-in answerer: verbatim sentences, no weights, no network.
    Extractive,
    /// A server that speaks OpenAI's API.
    OpenAi(Box<Remote>),
}

/// A server that speaks OpenAI's API, and one model on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// Where it is.
    pub url: String,
    /// The model's name there.
    pub model: String,
    /// The way of speaking that it wants.
    pub dialect: Dialect,
    /// How it is asked to go on with an answer that another began.
    pub continues: Continues,
    /// Where the key stands that it asks for.
    pub key: Option<SecretPlace>,
    /// The header that carries the key, in place of `Authorization: Bearer`.
    pub key_header: Option<HeaderName>,
    /// Further headers of each call.
    pub headers: HeaderMap,
    /// How long it may take.
    pub timeouts: Timeouts,
    /// How this program proves to it who it is: a certificate and its key.
    pub client_certificate: Option<(PathBuf, PathBuf)>,
    /// Whether it can send an answer as it is made.
    pub stream: bool,
    /// How often it is asked whether it is there; never where `None`.
    pub health_check: Option<Duration>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawUpstream {
    name: String,
    kind: String,
    url: Option<String>,
    model: Option<String>,
    dialect: Option<String>,
    continues: Option<String>,
    key: Option<RawSecret>,
    key_header: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    timeouts: RawTimeouts,
    client_certificate: Option<RawCertificate>,
    stream: Option<bool>,
    #[serde(default)]
    limits: RawLimits,
    #[serde(default)]
    breaker: RawBreaker,
    health_check: Option<RawHealthCheck>,
    /// The entry of the catalogue that its card is made from.
    catalogue: Option<String>,
    #[serde(default)]
    card: Option<Card>,
    /// The fields of the card that are written here.
    #[serde(skip)]
    pub(super) stated: Vec<String>,
    #[serde(default)]
    attestation: Vec<Attestation>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawTimeouts {
    connect_seconds: Option<u64>,
    first_byte_seconds: Option<u64>,
    idle_seconds: Option<u64>,
    total_seconds: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCertificate {
    certificate: String,
    key: String,
}

/// The upstreams.
pub(super) struct Upstreams {
    /// Each with its card.
    pub(super) targets: Vec<Target>,
    /// What answers behind each of them.
    pub(super) kinds: Vec<(String, Kind)>,
    /// What each is given at most.
    pub(super) limits: BTreeMap<String, TargetLimits>,
}

pub(super) fn upstreams(
    raw: Vec<RawUpstream>,
    catalogue: &Catalogue,
    file: Option<&Path>,
    faults: &mut Faults,
) -> Upstreams {
    faults.names("upstream", raw.iter().map(|upstream| upstream.name.as_str()));
    if raw.is_empty() {
        let target = Target::new(LOCAL, own_premises(Card::default()));
        return Upstreams {
            targets: vec![target],
            kinds: vec![(LOCAL.to_owned(), Kind::Extractive)],
            limits: BTreeMap::new(),
        };
    }
    let mut targets = Vec::with_capacity(raw.len());
    let mut kinds = Vec::with_capacity(raw.len());
    let mut limits = BTreeMap::new();
    for mut upstream in raw {
        let (name, attestations) = (upstream.name.clone(), std::mem::take(&mut upstream.attestation));
        let card = card(&mut upstream, catalogue, faults);
        let place = format!("upstream.{name}");
        let most = limits::limits(&place, (&upstream.limits, &upstream.breaker), faults);
        let (kind, card) = match upstream.kind.as_str() {
            "extractive" => {
                if upstream.health_check.is_some() {
                    faults.value(&format!("{place}.health_check"), "extractive", "openai");
                }
                (Kind::Extractive, own_premises(card))
            }
            "openai" => (Kind::OpenAi(Box::new(remote(upstream, file, faults))), card),
            other => {
                faults.value(&format!("{place}.kind"), other, "extractive, openai");
                continue;
            }
        };
        kinds.push((name.clone(), kind));
        limits.insert(name.clone(), most);
        targets.push(Target {
            name,
            card,
            attestations,
        });
    }
    Upstreams {
        targets,
        kinds,
        limits,
    }
}

/// The card as it is written, over that of the catalogue's entry where one is named; its address is taken too where
/// none is written.
fn card(upstream: &mut RawUpstream, catalogue: &Catalogue, faults: &mut Faults) -> Card {
    let written = upstream.card.take().unwrap_or_default();
    let Some(id) = &upstream.catalogue else {
        return written;
    };
    let Some(entry) = catalogue.entry(id) else {
        let key = format!("upstream.{}.catalogue", upstream.name);
        faults.unknown(&key, id, &catalogue.near(id));
        return written;
    };
    if upstream.url.is_none() {
        upstream.url.clone_from(&entry.url);
    }
    let model = upstream.model.as_deref().unwrap_or_default();
    entry.card(model).overlaid(written, &upstream.stated)
}

fn remote(raw: RawUpstream, file: Option<&Path>, faults: &mut Faults) -> Remote {
    let place = format!("upstream.{}", raw.name);
    let at = |field: &str| format!("{place}.{field}");
    let mut needed = |field: &str, value: Option<String>| {
        value.unwrap_or_else(|| {
            faults.missing(&at(field));
            String::new()
        })
    };
    let (url, model) = (needed("url", raw.url), needed("model", raw.model));
    if !url.is_empty() {
        check_url(&at("url"), &url, faults);
    }
    let client_certificate = raw.client_certificate.map(|raw| {
        let beside = |path: &str| beside(file, path);
        (beside(&raw.certificate), beside(&raw.key))
    });
    let key_header = raw
        .key_header
        .and_then(|name| header_name(&at("key_header"), &name, faults));
    if key_header.is_some() && raw.key.is_none() {
        faults.missing(&at("key"));
    }
    let dialect = dialect(&at("dialect"), raw.dialect.as_deref(), &url, faults);
    Remote {
        dialect,
        continues: continues(&at("continues"), raw.continues.as_deref(), dialect, faults),
        url,
        model,
        key: secret::resolve(raw.key, &at("key"), file, faults),
        key_header,
        headers: headers(&at("headers"), &raw.headers, faults),
        timeouts: timeouts(&at("timeouts"), &raw.timeouts, faults),
        client_certificate,
        stream: raw.stream.unwrap_or(true),
        health_check: raw
            .health_check
            .map(|raw| limits::health_check(&place, &raw, faults)),
    }
}

/// The dialect that is written; else the one that the host of `url` tells.
fn dialect(key: &str, written: Option<&str>, url: &str, faults: &mut Faults) -> Dialect {
    let guessed = Dialect::of_url(url);
    let Some(name) = written else {
        return guessed;
    };
    Dialect::named(name).unwrap_or_else(|| {
        faults.value(key, name, &Dialect::ALL.map(Dialect::name).join(", "));
        guessed
    })
}

/// The way that is written; else the one that all servers of the dialect know.
fn continues(key: &str, written: Option<&str>, dialect: Dialect, faults: &mut Faults) -> Continues {
    let usual = Continues::of(dialect);
    let Some(name) = written else {
        return usual;
    };
    Continues::named(name).unwrap_or_else(|| {
        faults.value(key, name, &Continues::ALL.map(Continues::name).join(", "));
        usual
    })
}

fn header_name(key: &str, name: &str, faults: &mut Faults) -> Option<HeaderName> {
    let parsed = HeaderName::try_from(name).ok();
    if parsed.is_none() {
        faults.value(key, name, "api-key, x-api-key");
    }
    parsed
}

fn headers(key: &str, written: &BTreeMap<String, String>, faults: &mut Faults) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(written.len());
    for (name, value) in written {
        let place = format!("{key}.{name}");
        if SECRET_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
            faults.add(
                "config-secret-header",
                &place,
                "carries a secret: use key and key_header",
            );
            continue;
        }
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(value)) => {
                headers.append(name, value);
            }
            _ => faults.value(&place, value, "name = \"value\""),
        }
    }
    headers
}

fn timeouts(key: &str, raw: &RawTimeouts, faults: &mut Faults) -> Timeouts {
    let usual = Timeouts::default();
    let mut seconds = |name: &str, written: Option<u64>, usual: Duration| {
        faults.seconds(&format!("{key}.{name}"), written, usual)
    };
    Timeouts {
        connect: seconds("connect_seconds", raw.connect_seconds, usual.connect),
        first_byte: seconds("first_byte_seconds", raw.first_byte_seconds, usual.first_byte),
        idle: seconds("idle_seconds", raw.idle_seconds, usual.idle),
        total: seconds("total_seconds", raw.total_seconds, usual.total),
    }
}

/// The built-in answerer runs in this process: its premises are known without being written.
fn own_premises(card: Card) -> Card {
    Card {
        premises: Fact::Known(Premises::Own),
        ..card
    }
}
