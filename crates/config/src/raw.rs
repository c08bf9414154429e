//! The configuration file as it is written. Every table refuses keys it does not know.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;
use trousseau_catalogue::Entry;
use trousseau_policy::rules::RawRules;

use super::egress::RawEgress;
use super::oidc::RawOidc;
use super::page::RawPage;
use super::route::RawRoute;
use super::server::RawServer;
use super::spending::{RawLimit, RawSpending};
use super::state::RawState;
use super::upstream::RawUpstream;

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Raw {
    pub(super) data: Option<String>,
    pub(super) server: RawServer,
    pub(super) page: RawPage,
    pub(super) egress: RawEgress,
    pub(super) oidc: Option<RawOidc>,
    pub(super) state: Option<RawState>,
    pub(super) records: RawRecords,
    pub(super) ledger: RawLedger,
    pub(super) ingest: RawIngest,
    pub(super) ask: RawAsk,
    pub(super) policy: RawRules,
    pub(super) catalogue: Vec<Entry>,
    pub(super) collection: Vec<RawCollection>,
    pub(super) upstream: Vec<RawUpstream>,
    pub(super) route: Vec<RawRoute>,
    pub(super) key: Vec<RawKey>,
    pub(super) limit: Vec<RawLimit>,
    pub(super) spending: RawSpending,
}

/// Notes what serde does not tell of a file that has been read: on which line each rule begins, for reasons to name it, and which
/// fields of its card each upstream states.
pub(super) fn note_places(raw: &mut Raw, text: &str) {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Places {
        policy: PolicyPlaces,
        upstream: Vec<UpstreamPlaces>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct UpstreamPlaces {
        card: BTreeMap<String, IgnoredAny>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct PolicyPlaces {
        rule: Vec<Spanned<IgnoredAny>>,
    }
    // The text has been read once already.
    let places: Places = toml::from_str(text).unwrap_or_default();
    for (rule, place) in raw.policy.rule.iter_mut().zip(places.policy.rule) {
        let before = text.get(..place.span().start).unwrap_or_default();
        rule.line = before.matches('\n').count() + 1;
    }
    for (upstream, places) in raw.upstream.iter_mut().zip(places.upstream) {
        upstream.stated = places.card.into_keys().collect();
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawLedger {
    pub(super) replica: Option<String>,
    pub(super) origin: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawIngest {
    pub(super) max_file_bytes: Option<u64>,
    pub(super) workers: Option<usize>,
    pub(super) timeout_seconds: Option<u64>,
    pub(super) memory_bytes: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawAsk {
    pub(super) max_question_bytes: Option<usize>,
    pub(super) model_loading_seconds: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCollection {
    pub(super) name: String,
    pub(super) label: Option<String>,
    pub(super) readers: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawRecords {
    pub(super) retention_days: Option<u32>,
    pub(super) incognito: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawKey {
    pub(super) name: String,
    #[serde(default)]
    pub(super) groups: Vec<String>,
    pub(super) clearance: Option<String>,
    pub(super) label_floor: Option<String>,
}
