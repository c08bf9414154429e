//! What an account may do: the part that keys and users share.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use trousseau_core::label::{Class, Label};
use trousseau_core::principal::{Principal, Reach, Role, Tenant};
use trousseau_retrieval::columns::{self, parsed, to_json};
use trousseau_state::Row;

/// What an account may do. The default is the least: a user who reads what is public.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Grants {
    /// What it may do besides asking.
    pub role: Role,
    /// The groups it reads as a member of.
    pub groups: BTreeSet<String>,
    /// The highest class of documents it may read.
    pub clearance: Class,
    /// Everything it asks has at least this label.
    pub label_floor: Label,
    /// The only routes it may ask through; all when `None`.
    pub routes: Option<BTreeSet<String>>,
}

impl Grants {
    /// The account `user` with these grants, as it asks.
    pub fn principal(&self, tenant: &Tenant, user: &str) -> Principal {
        Principal {
            tenant: tenant.clone(),
            user: user.to_owned(),
            groups: self.groups.clone(),
            reach: Reach::Granted,
            clearance: self.clearance,
            label_floor: self.label_floor.clone(),
            role: self.role,
            routes: self.routes.clone(),
        }
    }

    pub(super) fn read(row: &Row) -> Result<Self, sqlx::Error> {
        let routes = match row.try_get::<Option<&str>>("routes")? {
            Some(_) => Some(columns::json(row, "routes")?),
            None => None,
        };
        Ok(Self {
            role: parsed(row, "role")?,
            groups: columns::json(row, "groups")?,
            clearance: parsed(row, "clearance")?,
            label_floor: parsed(row, "label_floor")?,
            routes,
        })
    }

    /// The values of the columns `role`, `groups`, `clearance`, `label_floor` and `routes`.
    pub(super) fn columns(&self) -> Result<[Option<String>; 5], sqlx::Error> {
        Ok([
            Some(self.role.name().to_owned()),
            Some(to_json(&self.groups)?),
            Some(self.clearance.name().to_owned()),
            Some(self.label_floor.to_string()),
            self.routes.as_ref().map(to_json).transpose()?,
        ])
    }
}

/// A moment in a row, in milliseconds since 1970.
pub(super) fn moment(row: &Row, column: &str) -> Result<Option<Timestamp>, sqlx::Error> {
    let moment = row.try_get::<Option<i64>>(column)?;
    let moment = moment.map(Timestamp::from_millisecond).transpose();
    moment.map_err(|error| sqlx::Error::Decode(format!("{column}: {error}").into()))
}

/// A moment as the file keeps it: whole milliseconds.
pub(super) fn kept(moment: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(moment.as_millisecond()).unwrap_or(moment)
}

/// What another replica wrote, where this program can read it.
pub(super) fn readable<T>(kind: &str, read: Result<T, sqlx::Error>) -> Option<T> {
    read.inspect_err(|error| tracing::warn!(kind, %error, "what another replica wrote cannot be read"))
        .ok()
}
