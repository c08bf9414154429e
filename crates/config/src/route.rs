//! `[[route]]`: which targets, in which groups, and how they are come to.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Deserializer};
use trousseau_core::label::{Class, Label};
use trousseau_ledger::Durability;
use trousseau_plan::settings::{Bounds, Hedge, Kinds, Mask, Retries, Route, Way};

use super::faults::Faults;

/// What masks everything that detectors find.
const ALL: &str = "all";

/// How many passages an answer may stand on where the route does not say.
const PASSAGES: usize = 10;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRoute {
    name: String,
    targets: Option<Vec<String>>,
    groups: Option<Vec<Vec<RawMember>>>,
    sticky: Option<bool>,
    /// Whether answers that break off are continued.
    #[serde(rename = "continue")]
    continues: Option<bool>,
    #[serde(default)]
    retries: RawRetries,
    hedge: Option<RawHedge>,
    cache: Option<RawCache>,
    grounded: Option<bool>,
    collections: Option<Vec<String>>,
    label_floor: Option<String>,
    hold_back: Option<String>,
    mask: Option<RawMask>,
    passages: Option<usize>,
    durability: Option<String>,
}

/// A target of a group: its name, or a table of its name and its weight.
#[derive(Debug)]
struct RawMember {
    target: String,
    weight: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWeighted {
    target: String,
    weight: Option<usize>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawRetries {
    most: Option<usize>,
    base_ms: Option<usize>,
    cap_seconds: Option<usize>,
    share: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHedge {
    after_ms: Option<usize>,
    percentile: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCache {
    seconds: usize,
    megabytes: usize,
}

/// `[route.mask]`: what is replaced by pseudonyms for targets that may not see a request as it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMask {
    kinds: Vec<String>,
    upstreams: Option<Vec<String>>,
    label_floor: Option<String>,
}

impl RawRoute {
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl<'de> Deserialize<'de> for RawMember {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor)
    }
}

struct Visitor;

impl<'de> serde::de::Visitor<'de> for Visitor {
    type Value = RawMember;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, target: &str) -> Result<RawMember, E> {
        Ok(RawMember {
            target: target.to_owned(),
            weight: 1,
        })
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<RawMember, A::Error> {
        let map = serde::de::value::MapAccessDeserializer::new(map);
        let RawWeighted { target, weight } = RawWeighted::deserialize(map)?;
        let weight = weight.unwrap_or(1);
        Ok(RawMember { target, weight })
    }
}

pub(super) fn routes(
    raw: Vec<RawRoute>,
    (targets, kinds): (&[&str], &[&str]),
    faults: &mut Faults,
) -> Vec<Route> {
    faults.names("route", raw.iter().map(RawRoute::name));
    if raw.is_empty() {
        return vec![default_route(targets)];
    }
    raw.into_iter()
        .map(|route| resolve(route, (targets, kinds), faults))
        .collect()
}

fn default_route(targets: &[&str]) -> Route {
    let name = "documents".to_owned();
    Route {
        way: Way::in_order(name.as_str(), targets.iter().copied()),
        targets: targets.iter().map(|name| (*name).to_owned()).collect(),
        continues: true,
        hold_back: None,
        mask: None,
        grounded: true,
        collections: None,
        label_floor: Label::default(),
        passages: PASSAGES,
        durability: Durability::Request,
        cache: None,
        name,
    }
}

fn resolve(raw: RawRoute, (known, kinds): (&[&str], &[&str]), faults: &mut Faults) -> Route {
    let key = format!("route.{}", raw.name);
    let groups = groups(&key, (raw.targets, raw.groups), known, faults);
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
    let hold_back = faults.class(&format!("{key}.hold_back"), raw.hold_back.as_deref());
    let passages = faults.number(&format!("{key}.passages"), raw.passages, 1..=100, PASSAGES);
    let way = Way {
        name: raw.name.clone(),
        groups,
        sticky: raw.sticky.unwrap_or(false),
        retries: retries(&format!("{key}.retries"), &raw.retries, faults),
        hedge: raw
            .hedge
            .and_then(|raw| hedge(&format!("{key}.hedge"), &raw, faults)),
    };
    let targets: Vec<String> = way.targets().map(str::to_owned).collect();
    let mask = raw
        .mask
        .map(|raw| mask(&format!("{key}.mask"), raw, (&targets, kinds), faults));
    Route {
        targets,
        mask,
        way,
        continues: raw.continues.unwrap_or(true),
        hold_back,
        grounded: raw.grounded.unwrap_or(true),
        collections: raw.collections,
        label_floor,
        passages,
        durability,
        cache: raw.cache.map(|raw| cache(&format!("{key}.cache"), &raw, faults)),
        name: raw.name,
    }
}

/// The groups as they are written, or each of the targets a group of its own.
fn groups(
    key: &str,
    written: (Option<Vec<String>>, Option<Vec<Vec<RawMember>>>),
    known: &[&str],
    faults: &mut Faults,
) -> Vec<Vec<(String, u32)>> {
    let alone = |target| {
        let weight = 1;
        vec![RawMember { target, weight }]
    };
    let (key, groups) = match written {
        (Some(_), Some(_)) => {
            faults.add(
                "config-targets-and-groups",
                key,
                "has targets or groups, not both",
            );
            return Vec::new();
        }
        (None, Some(groups)) => (format!("{key}.groups"), groups),
        (targets, None) => {
            let targets = targets.unwrap_or_default();
            (format!("{key}.targets"), targets.into_iter().map(alone).collect())
        }
    };
    if groups.is_empty() || groups.iter().any(Vec::is_empty) {
        faults.missing(&key);
    }
    let mut seen = BTreeSet::new();
    for RawMember { target, weight } in groups.iter().flatten() {
        if !known.contains(&target.as_str()) {
            faults.unknown(&key, target, known);
        }
        if !seen.insert(target.as_str()) {
            faults.twice(&key, target);
        }
        faults.number(&format!("{key}.weight"), Some(*weight), 0..=1000, 1);
    }
    let weightless = |group: &&Vec<RawMember>| group.iter().all(|member| member.weight == 0);
    if groups
        .iter()
        .filter(|group| !group.is_empty())
        .any(|group| weightless(&group))
    {
        faults.value(&format!("{key}.weight"), "0", "1..1000");
    }
    let weighed = |member: RawMember| (member.target, u32::try_from(member.weight).unwrap_or(1));
    let groups = groups.into_iter();
    groups
        .map(|group| group.into_iter().map(weighed).collect())
        .collect()
}

fn retries(key: &str, raw: &RawRetries, faults: &mut Faults) -> Retries {
    let usual = Retries::default();
    let mut number = |name: &str, written, bounds, usual| {
        let number = faults.number(&format!("{key}.{name}"), written, bounds, usual);
        u32::try_from(number).unwrap_or(u32::MAX)
    };
    let millis = |time: Duration| usize::try_from(time.as_millis()).unwrap_or(usize::MAX);
    let usual_of = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    let base = number("base_ms", raw.base_ms, 1..=60_000, millis(usual.base));
    let cap = number("cap_seconds", raw.cap_seconds, 1..=300, millis(usual.cap) / 1000);
    Retries {
        most: number("most", raw.most, 0..=10, usual_of(usual.most)),
        base: Duration::from_millis(u64::from(base)),
        cap: Duration::from_secs(u64::from(cap)),
        share: number("share", raw.share, 0..=100, usual_of(usual.share)),
    }
}

fn hedge(key: &str, raw: &RawHedge, faults: &mut Faults) -> Option<Hedge> {
    match (raw.after_ms, raw.percentile) {
        (Some(after), None) => {
            let after = faults.number(&format!("{key}.after_ms"), Some(after), 1..=600_000, 1);
            Some(Hedge::After(Duration::from_millis(after as u64)))
        }
        (None, Some(true)) => Some(Hedge::Percentile),
        // Said in so many words, and so it is.
        (None, Some(false)) => None,
        (Some(_), Some(_)) | (None, None) => {
            faults.add("config-hedge", key, "says one of after_ms and percentile = true");
            None
        }
    }
}

/// The kinds are names of detectors, or `all`; the upstreams are some of the route's.
fn mask(key: &str, raw: RawMask, (targets, kinds): (&[String], &[&str]), faults: &mut Faults) -> Mask {
    let (kinds_key, upstreams_key) = (format!("{key}.kinds"), format!("{key}.upstreams"));
    if raw.kinds.is_empty() {
        faults.missing(&kinds_key);
    }
    let all = raw.kinds.iter().any(|kind| kind == ALL);
    for kind in raw.kinds.iter().filter(|kind| *kind != ALL) {
        if !kinds.contains(&kind.as_str()) {
            faults.unknown(&kinds_key, kind, kinds);
        }
    }
    let known: Vec<&str> = targets.iter().map(String::as_str).collect();
    for upstream in raw.upstreams.iter().flatten() {
        if !known.contains(&upstream.as_str()) {
            faults.unknown(&upstreams_key, upstream, &known);
        }
    }
    let usual = Label::of(Class::Internal);
    Mask {
        kinds: match all {
            true => Kinds::All,
            false => Kinds::These(raw.kinds.into_iter().collect()),
        },
        upstreams: raw.upstreams.map(|upstreams| upstreams.into_iter().collect()),
        label_floor: faults.label(&format!("{key}.label_floor"), raw.label_floor, usual),
    }
}

fn cache(key: &str, raw: &RawCache, faults: &mut Faults) -> Bounds {
    let mut number =
        |name: &str, written, bounds| faults.number(&format!("{key}.{name}"), Some(written), bounds, 1);
    Bounds {
        age: Duration::from_secs(number("seconds", raw.seconds, 1..=604_800) as u64),
        bytes: number("megabytes", raw.megabytes, 1..=65_536) << 20,
    }
}

#[cfg(test)]
mod tests;
