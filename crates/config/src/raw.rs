//! The configuration file as it is written. Every table refuses keys it does not know.

use serde::Deserialize;
use trousseau_policy::rules::RawRules;

use super::egress::RawEgress;
use super::oidc::RawOidc;
use super::page::RawPage;
use super::server::RawServer;
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
    pub(super) records: RawRecords,
    pub(super) ledger: RawLedger,
    pub(super) ingest: RawIngest,
    pub(super) ask: RawAsk,
    pub(super) policy: RawRules,
    pub(super) collection: Vec<RawCollection>,
    pub(super) upstream: Vec<RawUpstream>,
    pub(super) route: Vec<RawRoute>,
    pub(super) key: Vec<RawKey>,
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
pub(super) struct RawRoute {
    pub(super) name: String,
    pub(super) targets: Vec<String>,
    pub(super) grounded: Option<bool>,
    pub(super) collections: Option<Vec<String>>,
    pub(super) label_floor: Option<String>,
    pub(super) passages: Option<usize>,
    pub(super) durability: Option<String>,
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
