//! From what is written to what the program needs: names checked, defaults filled in, all faults collected.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use trousseau_core::error::Explain as _;
use trousseau_core::label::{Class, Label};
use trousseau_core::principal::Reader;
use trousseau_gateway::settings::{Collection, Key, Limits, Route, Settings};
use trousseau_ledger::Durability;
use trousseau_policy::card::{Card, Premises};
use trousseau_policy::decide::Target;
use trousseau_policy::fact::Fact;
use trousseau_policy::rules::Rules;

use super::raw::{Raw, RawCollection, RawKey, RawRoute, RawUpstream};
use super::{Config, Extraction, Fault, Kind};

/// The name of the built-in answerer where the file names no upstream.
const LOCAL: &str = "local";

/// How many passages an answer may stand on where the route does not say.
const PASSAGES: usize = 10;

/// The memory a worker may take where the file does not say.
const WORKER_MEMORY: u64 = 1 << 30;

pub(super) fn resolve(raw: Raw, file: Option<&Path>) -> Result<Config, Vec<Fault>> {
    let mut faults = Faults::default();
    let (targets, kinds) = upstreams(raw.upstream, &mut faults);
    let names: Vec<&str> = targets.iter().map(|target| target.name.as_str()).collect();
    let routes = routes(raw.route, &names, &mut faults);
    let collections = collections(raw.collection, &mut faults);
    let keys = keys(raw.key, &mut faults);
    let rules = Rules::resolve(&raw.policy, names.iter().copied()).unwrap_or_else(|found| {
        faults.0.extend(found.iter().map(|fault| Fault {
            code: fault.code(),
            fields: fault.fields(),
            english: fault.to_string(),
        }));
        Rules::default()
    });
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
    };
    let workers = raw.ingest.workers.unwrap_or(1);
    if !(1..=64).contains(&workers) {
        faults.value("ingest.workers", &workers.to_string(), "1..64");
    }
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
        },
        extraction: Extraction {
            workers,
            memory_bytes: raw.ingest.memory_bytes.unwrap_or(WORKER_MEMORY),
        },
        targets,
        kinds,
        rules,
    })
}

/// The faults found so far.
#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn none(self) -> Result<(), Vec<Fault>> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0) }
    }

    fn value(&mut self, key: &str, found: &str, expected: &str) {
        self.0.push(Fault {
            code: "config-value",
            fields: vec![
                ("key", key.to_owned()),
                ("found", found.to_owned()),
                ("expected", expected.to_owned()),
            ],
            english: format!("{key}: {found:?} is not one of {expected}"),
        });
    }

    fn twice(&mut self, key: &str, name: &str) {
        self.0.push(Fault {
            code: "config-twice",
            fields: vec![("key", key.to_owned()), ("name", name.to_owned())],
            english: format!("{key}: the name {name:?} is taken twice"),
        });
    }

    fn unknown(&mut self, key: &str, name: &str, known: &[&str]) {
        self.0.push(Fault {
            code: "config-unknown-name",
            fields: vec![
                ("key", key.to_owned()),
                ("name", name.to_owned()),
                ("known", known.join(", ")),
            ],
            english: format!("{key}: there is no {name:?}; there are {}", known.join(", ")),
        });
    }

    fn missing(&mut self, key: &str) {
        self.0.push(Fault {
            code: "config-missing",
            fields: vec![("key", key.to_owned())],
            english: format!("{key} is missing"),
        });
    }

    /// A label where one is written, the default where none is.
    fn label(&mut self, key: &str, written: Option<String>, default: Label) -> Label {
        let Some(written) = written else {
            return default;
        };
        written.parse().unwrap_or_else(|_| {
            self.value(key, &written, CLASSES);
            default
        })
    }

    fn names<'a>(&mut self, key: &str, names: impl Iterator<Item = &'a str>) {
        let mut seen = BTreeSet::new();
        for name in names {
            if name.trim().is_empty() {
                self.missing(&format!("{key}.name"));
            }
            if !seen.insert(name) {
                self.twice(key, name);
            }
        }
    }
}

const CLASSES: &str = "public, internal, personal, sensitive, restricted";

fn upstreams(raw: Vec<RawUpstream>, faults: &mut Faults) -> (Vec<Target>, Vec<(String, Kind)>) {
    faults.names("upstream", raw.iter().map(|upstream| upstream.name.as_str()));
    if raw.is_empty() {
        let target = Target::new(LOCAL, own_premises(Card::default()));
        return (vec![target], vec![(LOCAL.to_owned(), Kind::Extractive)]);
    }
    let mut targets = Vec::with_capacity(raw.len());
    let mut kinds = Vec::with_capacity(raw.len());
    for upstream in raw {
        let key = format!("upstream.{}", upstream.name);
        let card = upstream.card.unwrap_or_default();
        let (kind, card) = match upstream.kind.as_str() {
            "extractive" => (Kind::Extractive, own_premises(card)),
            "openai" => (openai(&key, upstream.url, upstream.model, faults), card),
            other => {
                faults.value(&format!("{key}.kind"), other, "extractive, openai");
                continue;
            }
        };
        kinds.push((upstream.name.clone(), kind));
        targets.push(Target {
            name: upstream.name,
            card,
            attestations: upstream.attestation,
        });
    }
    (targets, kinds)
}

fn openai(key: &str, url: Option<String>, model: Option<String>, faults: &mut Faults) -> Kind {
    let mut needed = |field: &str, value: Option<String>| {
        value.unwrap_or_else(|| {
            faults.missing(&format!("{key}.{field}"));
            String::new()
        })
    };
    let (url, model) = (needed("url", url), needed("model", model));
    if !url.is_empty() && !url.starts_with("https://") && !url.starts_with("http://") {
        faults.value(&format!("{key}.url"), &url, "https://..., http://...");
    }
    Kind::OpenAi { url, model }
}

/// The built-in answerer runs in this process: its premises are known without being written.
fn own_premises(card: Card) -> Card {
    Card {
        premises: Fact::Known(Premises::Own),
        ..card
    }
}

fn routes(raw: Vec<RawRoute>, targets: &[&str], faults: &mut Faults) -> Vec<Route> {
    faults.names("route", raw.iter().map(|route| route.name.as_str()));
    if raw.is_empty() {
        let all = targets.iter().map(|name| (*name).to_owned()).collect();
        return vec![default_route(all)];
    }
    raw.into_iter()
        .map(|route| resolve_route(route, targets, faults))
        .collect()
}

fn default_route(targets: Vec<String>) -> Route {
    Route {
        name: "default".to_owned(),
        targets,
        grounded: true,
        collections: None,
        label_floor: Label::default(),
        passages: PASSAGES,
        durability: Durability::Request,
    }
}

fn resolve_route(raw: RawRoute, targets: &[&str], faults: &mut Faults) -> Route {
    let key = format!("route.{}", raw.name);
    if raw.targets.is_empty() {
        faults.missing(&format!("{key}.targets"));
    }
    for name in raw
        .targets
        .iter()
        .filter(|name| !targets.contains(&name.as_str()))
    {
        faults.unknown(&format!("{key}.targets"), name, targets);
    }
    let label_floor = faults.label(&format!("{key}.label_floor"), raw.label_floor, Label::default());
    let durability = match raw.durability.as_deref() {
        None | Some("request") => Durability::Request,
        // What is asked through a batch route may lose its last entries with the power; sensitive may not.
        Some("batch") if label_floor.class >= Class::Sensitive => {
            faults.value(&format!("{key}.durability"), "batch", "request");
            Durability::Request
        }
        Some("batch") => Durability::Batch,
        Some(other) => {
            faults.value(&format!("{key}.durability"), other, "request, batch");
            Durability::Request
        }
    };
    let passages = raw.passages.unwrap_or(PASSAGES);
    if !(1..=100).contains(&passages) {
        faults.value(&format!("{key}.passages"), &passages.to_string(), "1..100");
    }
    Route {
        grounded: raw.grounded.unwrap_or(true),
        collections: raw.collections,
        label_floor,
        passages,
        durability,
        name: raw.name,
        targets: raw.targets,
    }
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
fn beside(file: Option<&Path>, path: &str) -> PathBuf {
    let folder = file.and_then(Path::parent).unwrap_or_else(|| Path::new("."));
    folder.join(path)
}
