//! What groups give, in the same words for every way in: `roles`, `clearances`, and what everyone has at least.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use trousseau_accounts::{Grants, Mapping};
use trousseau_core::label::{Class, Label};
use trousseau_core::principal::{Role, Tenant};

use super::faults::{CLASSES, Faults};

/// What is written of it.
#[derive(Debug, Default)]
pub(super) struct RawMapping {
    pub(super) roles: BTreeMap<String, Vec<String>>,
    pub(super) clearances: BTreeMap<String, Vec<String>>,
    pub(super) clearance: Option<String>,
    pub(super) label_floor: Option<String>,
    pub(super) routes: Option<Vec<String>>,
}

/// Which role counts where a person has several: the one that may do the most first.
const ORDER: [Role; 4] = [
    Role::Administrator,
    Role::DataProtectionOfficer,
    Role::Auditor,
    Role::User,
];

/// The roles that people can have, as messages list them.
const NAMED: [Role; 4] = [
    Role::User,
    Role::Administrator,
    Role::Auditor,
    Role::DataProtectionOfficer,
];

impl RawMapping {
    /// What the table `table` says.
    pub(super) fn resolve(self, table: &str, faults: &mut Faults) -> Mapping {
        Mapping {
            roles: roles(table, &self.roles, faults),
            clearances: clearances(table, &self.clearances, faults),
            least: self.least(table, faults),
        }
    }

    /// What everyone who comes in may do at least.
    fn least(self, table: &str, faults: &mut Faults) -> Grants {
        let clearance = match &self.clearance {
            None => Class::Public,
            Some(word) => word.parse().unwrap_or_else(|_| {
                faults.value(&format!("{table}.clearance"), word, CLASSES);
                Class::Public
            }),
        };
        Grants {
            clearance,
            label_floor: faults.label(
                &format!("{table}.label_floor"),
                self.label_floor,
                Label::default(),
            ),
            routes: self.routes.map(|routes| routes.into_iter().collect()),
            ..Grants::default()
        }
    }
}

/// The tenant that the people of the table `table` belong to.
pub(super) fn tenant(table: &str, written: Option<String>, faults: &mut Faults) -> Tenant {
    let written = written.unwrap_or_else(|| Tenant::default().to_string());
    Tenant::new(written).unwrap_or_else(|invalid| {
        faults.value(&format!("{table}.tenant"), &invalid.0, "a-z, 0-9, -");
        Tenant::default()
    })
}

fn roles(table: &str, written: &BTreeMap<String, Vec<String>>, faults: &mut Faults) -> Vec<(String, Role)> {
    let names = NAMED.map(Role::name);
    for name in written.keys().filter(|name| !names.contains(&name.as_str())) {
        faults.value(&format!("{table}.roles"), name, &names.join(", "));
    }
    let of = |role: Role| {
        let values = written.get(role.name()).into_iter().flatten();
        values.map(move |value| (value.clone(), role))
    };
    ORDER.into_iter().flat_map(of).collect()
}

fn clearances(
    table: &str,
    written: &BTreeMap<String, Vec<String>>,
    faults: &mut Faults,
) -> Vec<(String, Class)> {
    let mut clearances = Vec::new();
    for (word, groups) in written {
        match word.parse::<Class>() {
            Ok(class) => clearances.extend(groups.iter().map(|group| (group.clone(), class))),
            Err(_) => faults.value(&format!("{table}.clearances"), word, CLASSES),
        }
    }
    clearances
}

/// `roles` and `clearances` as they are written in the file.
pub(super) fn shown(roles: &[(String, Role)], clearances: &[(String, Class)]) -> (Value, Value) {
    let mut by_role = Map::new();
    for (value, role) in roles {
        push(&mut by_role, role.name(), value);
    }
    let mut by_class = Map::new();
    for (group, class) in clearances {
        push(&mut by_class, class.name(), group);
    }
    (by_role.into(), by_class.into())
}

fn push(lists: &mut Map<String, Value>, name: &str, value: &str) {
    if let Some(list) = lists.entry(name).or_insert_with(|| json!([])).as_array_mut() {
        list.push(value.into());
    }
}
