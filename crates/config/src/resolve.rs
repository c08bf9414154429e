//! From what is written to what the program needs: names checked, defaults filled in, all faults collected.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::tz::TimeZone;
use trousseau_catalogue::Catalogue;
use trousseau_core::error::Explain as _;
use trousseau_core::label::{Class, Label};
use trousseau_core::principal::Reader;
use trousseau_http::settings::PageSettings;
use trousseau_plan::settings::{Collection, Key, Limits, Settings};
use trousseau_policy::detect::{Detector, Detectors};
use trousseau_policy::rules::Rules;

use super::faults::{CLASSES, Faults};
use super::raw::{Raw, RawCollection, RawKey};
use super::route::routes;
use super::upstream::{Upstreams, upstreams};
use super::{Config, Extraction, Fault, egress, oidc, page, server, spending, state};

/// How long records are kept where the file does not say, in days.
const RETENTION_DAYS: u32 = 180;
/// The longest that a question may wait for a model that is being loaded.
const LONGEST_LOADING: Duration = Duration::from_secs(3600);

/// The memory a worker may take where the file does not say.
const WORKER_MEMORY: u64 = 1 << 30;

pub(super) fn resolve(raw: Raw, file: Option<&Path>) -> Result<Config, Vec<Fault>> {
    let mut faults = Faults::default();
    faults.names("catalogue", raw.catalogue.iter().map(|entry| entry.id.as_str()));
    let catalogue = Catalogue::with(raw.catalogue);
    let Upstreams {
        targets,
        kinds,
        limits: target_limits,
    } = upstreams(raw.upstream, &catalogue, file, &mut faults);
    let names: Vec<&str> = targets.iter().map(|target| target.name.as_str()).collect();
    let own = raw.policy.detector.iter().map(|detector| detector.name.as_str());
    let detected: Vec<&str> = Detector::ALL.iter().map(Detector::name).chain(own).collect();
    let routes = routes(raw.route, (&names, &detected), &mut faults);
    let collections = collections(raw.collection, &mut faults);
    let keys = keys(raw.key, &mut faults);
    let rules = Rules::resolve(&raw.policy, names.iter().copied()).unwrap_or_else(|found| {
        faults.extend(found.iter().map(|fault| Fault {
            code: fault.code(),
            fields: fault.fields(),
            english: fault.to_string(),
        }));
        Rules::default()
    });
    let time_zone = time_zone(raw.policy.time_zone.as_deref(), &mut faults);
    let spending = spending::resolve(raw.limit, &raw.spending, time_zone.clone(), &mut faults);
    let detectors = Detectors::resolve(&raw.policy.detector).unwrap_or_else(|found| {
        faults.extend(found.iter().map(|fault| Fault {
            code: fault.code(),
            fields: fault.fields(),
            english: fault.to_string(),
        }));
        Detectors::default()
    });
    let hold_back = faults.class("policy.hold_back", raw.policy.hold_back.as_deref());
    let state = raw.state.map(|raw| state::resolve(raw, file, &mut faults));
    if state.is_some() && raw.ledger.replica.is_none() {
        faults.missing("ledger.replica");
    }
    let replica = raw.ledger.replica.unwrap_or_else(|| "main".to_owned());
    if trousseau_core::principal::Tenant::new(replica.as_str()).is_err() {
        faults.value("ledger.replica", &replica, "a-z, 0-9, -");
    }
    let origin = raw.ledger.origin.unwrap_or_else(|| "trousseau.local".to_owned());
    if origin.is_empty() || origin.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+') {
        faults.value("ledger.origin", &origin, "example.org/trousseau");
    }
    let defaults = Limits::default();
    let limits = Limits {
        file_bytes: raw.ingest.max_file_bytes.unwrap_or(defaults.file_bytes),
        question_bytes: raw.ask.max_question_bytes.unwrap_or(defaults.question_bytes),
        extraction: raw
            .ingest
            .timeout_seconds
            .map_or(defaults.extraction, Duration::from_secs),
        loading: raw
            .ask
            .model_loading_seconds
            .map_or(defaults.loading, Duration::from_secs),
    };
    if limits.loading > LONGEST_LOADING {
        let found = limits.loading.as_secs().to_string();
        faults.value("ask.model_loading_seconds", &found, "0..3600");
    }
    let incognito = raw.records.incognito.unwrap_or(false);
    let workers = raw.ingest.workers.unwrap_or(1);
    if !(1..=64).contains(&workers) {
        faults.value("ingest.workers", &workers.to_string(), "1..64");
    }
    let mut server = server::resolve(raw.server, file, &mut faults);
    let egress = egress::resolve(raw.egress, file, &mut faults);
    let oidc = raw.oidc.map(|raw| oidc::resolve(raw, file, &mut faults));
    let retention_days = raw.records.retention_days.unwrap_or(RETENTION_DAYS);
    if retention_days > 36_500 {
        faults.value("records.retention_days", &retention_days.to_string(), "0..36500");
    }
    server.settings.page = PageSettings {
        provider: oidc.as_ref().map(|oidc| oidc.name.clone()),
        retention_days,
        incognito,
        ..page::resolve(raw.page, file, &mut faults)
    };
    faults.none()?;
    Ok(Config {
        file: file.map(Path::to_path_buf),
        data: raw.data.map(|data| beside(file, &data)),
        settings: Settings {
            replica,
            origin,
            collections,
            routes,
            keys,
            limits,
            target_limits,
            time_zone,
            spending,
            detectors,
            hold_back,
            forgets: retention_days == 0,
            incognito,
        },
        extraction: Extraction {
            workers,
            memory_bytes: raw.ingest.memory_bytes.unwrap_or(WORKER_MEMORY),
        },
        catalogue,
        targets,
        kinds,
        rules,
        policy: raw.policy,
        server,
        egress,
        retention_days,
        oidc,
        state,
    })
}

/// The time zone of this name, from the machine's own list of time zones.
fn time_zone(name: Option<&str>, faults: &mut Faults) -> TimeZone {
    let Some(name) = name else {
        return TimeZone::UTC;
    };
    TimeZone::get(name).unwrap_or_else(|_| {
        faults.value("policy.time_zone", name, "Europe/Paris, Europe/Berlin, UTC");
        TimeZone::UTC
    })
}

fn collections(raw: Vec<RawCollection>, faults: &mut Faults) -> BTreeMap<String, Collection> {
    faults.names(
        "collection",
        raw.iter().map(|collection| collection.name.as_str()),
    );
    let mut collections = BTreeMap::new();
    for collection in raw {
        let key = format!("collection.{}", collection.name);
        let default = Collection::default();
        let label = faults.label(&format!("{key}.label"), collection.label, default.label);
        let mut readers = default.readers;
        if let Some(written) = collection.readers {
            readers = Vec::with_capacity(written.len());
            for reader in written {
                match reader.parse::<Reader>() {
                    Ok(reader) => readers.push(reader),
                    Err(_) => faults.value(&format!("{key}.readers"), &reader, "*, user:NAME, group:NAME"),
                }
            }
        }
        collections.insert(collection.name, Collection { label, readers });
    }
    collections
}

fn keys(raw: Vec<RawKey>, faults: &mut Faults) -> Vec<Key> {
    faults.names("key", raw.iter().map(|key| key.name.as_str()));
    let mut keys = Vec::with_capacity(raw.len());
    for key in raw {
        let place = format!("key.{}", key.name);
        let clearance = match &key.clearance {
            None => Class::Internal,
            Some(word) => word.parse().unwrap_or_else(|_| {
                faults.value(&format!("{place}.clearance"), word, CLASSES);
                Class::Public
            }),
        };
        let label_floor = faults.label(&format!("{place}.label_floor"), key.label_floor, Label::default());
        keys.push(Key {
            name: key.name,
            groups: key.groups.into_iter().collect(),
            clearance,
            label_floor,
        });
    }
    keys
}

/// A path in the file is meant from the file's own folder.
pub(super) fn beside(file: Option<&Path>, path: &str) -> PathBuf {
    let folder = file.and_then(Path::parent).unwrap_or_else(|| Path::new("."));
    folder.join(path)
}
