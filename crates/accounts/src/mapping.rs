//! What groups give: the words of the configuration for an identity provider, a directory and provisioning alike.

use std::collections::BTreeSet;

use trousseau_core::label::Class;
use trousseau_core::principal::Role;

use crate::Grants;

/// What people may do by the groups they are in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// A group, and the role of its members. The first that fits counts.
    pub roles: Vec<(String, Role)>,
    /// A group, and how far its members may read. The highest that fits counts.
    pub clearances: Vec<(String, Class)>,
    /// What everyone may do at least.
    pub least: Grants,
}

impl Mapping {
    /// What somebody may do who is in `groups`; `known` are the words by which the configuration may mean them.
    pub fn grants(&self, groups: BTreeSet<String>, known: &BTreeSet<String>) -> Grants {
        let role = self.roles.iter().find(|(group, _)| known.contains(group));
        let clearances = self.clearances.iter().filter(|(group, _)| known.contains(group));
        let clearance = clearances.map(|(_, class)| *class).max();
        Grants {
            role: role.map_or(self.least.role, |(_, role)| *role),
            clearance: clearance.max(Some(self.least.clearance)).unwrap_or_default(),
            groups: groups.union(&self.least.groups).cloned().collect(),
            ..self.least.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_role_and_the_highest_clearance_count() {
        let word = str::to_owned;
        let mapping = Mapping {
            roles: vec![
                (word("admins"), Role::Administrator),
                (word("audit"), Role::Auditor),
            ],
            clearances: vec![(word("agents"), Class::Internal), (word("rh"), Class::Personal)],
            least: Grants::default(),
        };
        let of = |groups: &[&str]| {
            let groups: BTreeSet<String> = groups.iter().map(|&group| word(group)).collect();
            let grants = mapping.grants(groups.clone(), &groups);
            assert_eq!(grants.groups, groups);
            (grants.role, grants.clearance)
        };
        assert_eq!(of(&[]), (Role::User, Class::Public));
        assert_eq!(of(&["audit", "admins"]), (Role::Administrator, Class::Public));
        assert_eq!(of(&["agents", "rh", "other"]), (Role::User, Class::Personal));
    }
}
