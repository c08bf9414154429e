//! A group as a provider tells of one. Its members are users; groups in groups are handed out by providers as their members.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::Object;
use crate::attributes::{GROUP, get};
use crate::error::ScimError;
use crate::user::{kept, text, wrong};

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// What it is called.
    pub display_name: String,
    /// What the provider knows it by.
    pub external_id: Option<String>,
    /// The ids of the users in it, as this service gave them out.
    pub members: BTreeSet<String>,
}

impl Group {
    /// Reads a resource. What is not known is left out.
    pub fn read(resource: &Object) -> Result<Self, ScimError> {
        let attributes = kept(resource, GROUP)?;
        let members = attributes.get("members").and_then(Value::as_array);
        let mut ids = BTreeSet::new();
        for member in members.into_iter().flatten() {
            let value = member.as_object().and_then(|member| get(member, "value"));
            let id = value.and_then(Value::as_str).ok_or_else(|| wrong("members"))?;
            ids.insert(id.to_owned());
        }
        Ok(Self {
            display_name: text(&attributes, "displayName")?.ok_or_else(|| wrong("displayName"))?,
            external_id: text(&attributes, "externalId")?,
            members: ids,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_group_has_a_name_and_members_with_ids() {
        let read = |value: Value| Group::read(value.as_object().unwrap());
        let group = read(
            json!({ "displayname": "RH", "members": [{ "value": "b" }, { "Value": "a", "display": "A" }, { "value": "b" }] }),
        );
        let group = group.unwrap();
        assert_eq!((group.display_name.as_str(), group.members.len()), ("RH", 2));
        for bad in [
            json!({}),
            json!({ "displayName": "RH", "members": [{}] }),
            json!({ "displayName": "RH", "members": [{ "value": 1 }] }),
            json!({ "displayName": "RH", "members": "a" }),
        ] {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
    }
}
