//! The resolved configuration as it would be written: every default filled in, every secret only by its place.

use std::path::Path;
use std::time::Duration;

use http::{HeaderMap, HeaderName};
use serde_json::{Map, Value, json};
use trousseau_core::principal::Reader;
use trousseau_http::Language;
use trousseau_http::settings::PageSettings;
use trousseau_ledger::Durability;
use trousseau_plan::settings::{Bounds, Hedge, Kinds, Mask, Route, TargetLimits, Way};
use trousseau_policy::decide::Target;
use trousseau_upstream::embedding::EmbedderOptions;

use super::{Config, Egress, Kind, Oidc, Remote, Server, spending, state};

impl Config {
    /// All of it, with `data` as its data folder. What is not set is left out.
    pub fn shown(&self, data: &Path) -> Value {
        let (settings, limits) = (&self.settings, &self.settings.limits);
        let collections = settings.collections.iter().map(|(name, collection)| {
            let readers: Vec<String> = collection.readers.iter().map(Reader::to_string).collect();
            json!({ "name": name, "label": collection.label.to_string(), "readers": readers })
        });
        let keys = settings.keys.iter().map(|key| {
            json!({
                "name": key.name,
                "groups": key.groups,
                "clearance": key.clearance,
                "label_floor": key.label_floor.to_string(),
            })
        });
        let upstreams = self.targets.iter().zip(&self.kinds);
        let mut shown = json!({
            "data": data,
            "server": server(&self.server),
            "page": page(&self.server.settings.page),
            "egress": egress(&self.egress),
            "records": { "retention_days": self.retention_days, "incognito": settings.incognito },
            "ledger": { "replica": settings.replica, "origin": settings.origin },
            "ingest": {
                "max_file_bytes": limits.file_bytes,
                "workers": self.extraction.workers,
                "memory_bytes": self.extraction.memory_bytes,
                "timeout_seconds": limits.extraction.as_secs(),
            },
            "ask": {
                "max_question_bytes": limits.question_bytes,
                "model_loading_seconds": limits.loading.as_secs(),
            },
            "oidc": self.oidc.as_ref().map(oidc),
            "state": self.state.as_ref().map(state::shown),
            "policy": self.policy,
            "collection": collections.collect::<Vec<_>>(),
            "key": keys.collect::<Vec<_>>(),
            "limit": settings.spending.limits.iter().map(|limit| spending::shown(limit)).collect::<Vec<_>>(),
            "spending": spending::shown_spending(&settings.spending),
            "upstream": upstreams.map(|(target, (_, kind))| upstream(target, kind, &settings.limits_of(&target.name))).collect::<Vec<_>>(),
            "route": settings.routes.iter().map(route).collect::<Vec<_>>(),
        });
        drop_nulls(&mut shown);
        shown
    }
}

fn server(server: &Server) -> Value {
    let (settings, limits) = (&server.settings, &server.settings.limits);
    let networks = settings.trusted_proxies.iter().map(ToString::to_string);
    json!({
        "listen": server.listen,
        "tls_certificate": server.tls.as_ref().map(|files| &files.certificate),
        "tls_key": server.tls.as_ref().map(|files| &files.key),
        "insecure": server.insecure,
        "base_path": settings.base_path,
        "trusted_proxies": networks.collect::<Vec<_>>(),
        "allowed_origins": settings.allowed_origins,
        "language": match settings.language {
            Language::French => "fr",
            Language::English => "en",
        },
        "limits": {
            "body_bytes": limits.body_bytes,
            "requests": limits.requests,
            "connections": limits.connections,
            "files": limits.files,
            "head_seconds": limits.head.as_secs(),
            "body_seconds": limits.body.as_secs(),
            "write_seconds": limits.write.as_secs(),
            "idle_seconds": limits.idle.as_secs(),
            "quiet_seconds": limits.quiet.as_secs(),
            "drain_seconds": limits.drain.as_secs(),
        },
        "sessions": {
            "idle_minutes": server.sessions.idle.as_mins(),
            "total_hours": server.sessions.absolute.as_hours(),
        },
    })
}

fn page(page: &PageSettings) -> Value {
    json!({
        "name": page.name,
        "logo": page.logo,
        "accent": page.accent,
        "accent_dark": page.accent_dark,
        "accessibility": page.accessibility,
        "accessibility_contact": page.accessibility_contact,
    })
}

fn egress(egress: &Egress) -> Value {
    let proxy = egress.proxy.as_ref();
    let credentials = proxy.and_then(|proxy| proxy.credentials.as_ref());
    json!({
        "proxy": proxy.map(|proxy| &proxy.url),
        "proxy_user": credentials.map(|(user, _)| user),
        "proxy_password": credentials.map(|(_, place)| place),
        "no_proxy": egress.no_proxy,
        "ca_files": egress.ca_files,
        "system_authorities": egress.system_authorities,
    })
}

fn oidc(oidc: &Oidc) -> Value {
    let settings = &oidc.settings;
    let signed_out = settings.post_logout_redirect_uri.as_deref();
    let own = oidc.base_url.trim_end_matches('/');
    let mut roles = Map::new();
    for (value, role) in &settings.roles {
        push(&mut roles, role.name(), value);
    }
    let mut clearances = Map::new();
    for (group, class) in &settings.clearances {
        push(&mut clearances, class.name(), group);
    }
    json!({
        "name": oidc.name,
        "issuer": settings.issuer,
        "client_id": settings.client_id,
        "client_secret": oidc.client_secret,
        "base_url": oidc.base_url,
        "signed_out_page": signed_out.and_then(|page| page.strip_prefix(own)),
        "scopes": settings.scopes,
        "acr_values": settings.acr_values,
        "userinfo": settings.userinfo,
        "display_claims": settings.display,
        "groups_claim": settings.groups,
        "role_claim": settings.role_claim,
        "roles": roles,
        "clearances": clearances,
        "required": settings.required.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
        "clearance": settings.grants.clearance,
        "label_floor": settings.grants.label_floor.to_string(),
        "routes": settings.grants.routes,
        "tenant": settings.tenant,
    })
}

fn push(lists: &mut Map<String, Value>, name: &str, value: &str) {
    if let Some(list) = lists.entry(name).or_insert_with(|| json!([])).as_array_mut() {
        list.push(value.into());
    }
}

fn upstream(target: &Target, kind: &Kind, limits: &TargetLimits) -> Value {
    let mut shown = match kind {
        Kind::Extractive => json!({ "name": target.name, "kind": "extractive" }),
        Kind::OpenAi(remote) => self::remote(target, remote),
    };
    shown["limits"] = json!({
        "concurrency": limits.concurrency,
        "queue": limits.queue,
        "wait_seconds": limits.wait.as_secs(),
    });
    shown["breaker"] = json!({
        "failures": limits.breaker.failures,
        "window_seconds": limits.breaker.window.as_secs(),
        "open_seconds": limits.breaker.open_for.as_secs(),
        "longest_seconds": limits.breaker.longest.as_secs(),
    });
    let serves = target.serves.iter().map(|purpose| purpose.name());
    shown["serves"] = serves.collect();
    shown["card"] = serde_json::to_value(&target.card).unwrap_or_default();
    shown["attestation"] = serde_json::to_value(&target.attestations).unwrap_or_default();
    shown
}

fn remote(target: &Target, remote: &Remote) -> Value {
    let embeds = remote.embedding != EmbedderOptions::default();
    let certificate = remote.client_certificate.as_ref();
    let timeouts = &remote.timeouts;
    json!({
        "name": target.name,
        "kind": "openai",
        "url": remote.url,
        "model": remote.model,
        "dialect": remote.dialect.name(),
        "continues": remote.continues.name(),
        "key": remote.key,
        "key_header": remote.key_header.as_ref().map(HeaderName::as_str),
        "stream": remote.stream,
        "health_check": remote.health_check.map(|every| json!({ "every_seconds": every.as_secs() })),
        "headers": headers(&remote.headers),
        "timeouts": {
            "connect_seconds": timeouts.connect.as_secs(),
            "first_byte_seconds": timeouts.first_byte.as_secs(),
            "idle_seconds": timeouts.idle.as_secs(),
            "total_seconds": timeouts.total.as_secs(),
        },
        "embedding": embeds.then(|| {
            let EmbedderOptions { batch, dimensions, before_question, before_passage } = &remote.embedding;
            json!({
                "batch": batch,
                "dimensions": dimensions,
                "before_question": before_question,
                "before_passage": before_passage,
            })
        }),
        "client_certificate": certificate.map(|(certificate, key)| {
            json!({ "certificate": certificate, "key": key })
        }),
    })
}

fn headers(headers: &HeaderMap) -> Value {
    let shown = headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.to_string(), Value::from(value))
    });
    Value::Object(shown.collect())
}

fn route(route: &Route) -> Value {
    json!({
        "name": route.name,
        "targets": is_plain(&route.way).then_some(&route.targets),
        "groups": (!is_plain(&route.way)).then(|| groups(&route.way)),
        "sticky": route.way.sticky,
        "continue": route.continues,
        "hold_back": route.hold_back,
        "mask": route.mask.as_ref().map(mask),
        "retries": {
            "most": route.way.retries.most,
            "base_ms": millis(route.way.retries.base),
            "cap_seconds": route.way.retries.cap.as_secs(),
            "share": route.way.retries.share,
        },
        "hedge": route.way.hedge.map(|hedge| match hedge {
            Hedge::After(time) => json!({ "after_ms": millis(time) }),
            Hedge::Percentile => json!({ "percentile": true }),
        }),
        "cache": route.cache.map(|Bounds { bytes, age }| {
            json!({ "seconds": age.as_secs(), "megabytes": bytes >> 20 })
        }),
        "grounded": route.grounded,
        "collections": route.collections,
        "label_floor": route.label_floor.to_string(),
        "passages": route.passages,
        "durability": match route.durability {
            Durability::Request => "request",
            Durability::Batch => "batch",
        },
    })
}

fn mask(mask: &Mask) -> Value {
    json!({
        "kinds": match &mask.kinds {
            Kinds::All => vec!["all"],
            Kinds::These(names) => names.iter().map(String::as_str).collect(),
        },
        "upstreams": mask.upstreams,
        "label_floor": mask.label_floor.to_string(),
    })
}

/// Whether every target is a group of its own, which is written as a list of names.
fn is_plain(way: &Way) -> bool {
    let alone = |group: &Vec<(String, u32)>| matches!(group.as_slice(), [(_, 1)]);
    way.groups.iter().all(alone)
}

fn groups(way: &Way) -> Vec<Vec<Value>> {
    let member = |(name, weight): &(String, u32)| match weight {
        1 => json!(name),
        _ => json!({ "target": name, "weight": weight }),
    };
    let groups = way.groups.iter();
    groups.map(|group| group.iter().map(member).collect()).collect()
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// TOML has no word for what is not there.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(values) => values.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}
