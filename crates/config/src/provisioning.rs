//! `[provisioning]`: what users and groups give that an identity provider hands out (SCIM 2.0).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use trousseau_accounts::ProvisioningSettings;

use super::faults::Faults;
use super::mapping::{self, RawMapping};

/// The claim of an identity provider with the name that it provisions under, where the file names none.
const CLAIM: &str = "preferred_username";

/// What is said of provisioning.
#[derive(Clone, Debug)]
pub struct Provisioning {
    /// The claim by which whoever signs in at the identity provider is found among those who were handed out.
    pub claim: String,
    /// What they may do.
    pub settings: ProvisioningSettings,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawProvisioning {
    claim: Option<String>,
    only: Option<bool>,
    #[serde(default)]
    roles: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    clearances: BTreeMap<String, Vec<String>>,
    clearance: Option<String>,
    label_floor: Option<String>,
    routes: Option<Vec<String>>,
    tenant: Option<String>,
}

pub(super) fn resolve(raw: RawProvisioning, faults: &mut Faults) -> Provisioning {
    let tenant = mapping::tenant("provisioning", raw.tenant, faults);
    let mapping = RawMapping {
        roles: raw.roles,
        clearances: raw.clearances,
        clearance: raw.clearance,
        label_floor: raw.label_floor,
        routes: raw.routes,
    };
    Provisioning {
        claim: raw.claim.unwrap_or_else(|| CLAIM.to_owned()),
        settings: ProvisioningSettings {
            mapping: mapping.resolve("provisioning", faults),
            only: raw.only.unwrap_or(true),
            tenant,
        },
    }
}

/// The table as it would be written with every default filled in.
pub(super) fn shown(provisioning: &Provisioning) -> Value {
    let ProvisioningSettings {
        mapping,
        only,
        tenant,
    } = &provisioning.settings;
    let (roles, clearances) = mapping::shown(&mapping.roles, &mapping.clearances);
    json!({
        "claim": provisioning.claim,
        "only": only,
        "roles": roles,
        "clearances": clearances,
        "clearance": mapping.least.clearance,
        "label_floor": mapping.least.label_floor.to_string(),
        "routes": mapping.least.routes,
        "tenant": tenant,
    })
}
