//! `/Groups`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use trousseau_accounts::{ProvisionedGroup, provisioned_id};
use trousseau_core::principal::Role;
use trousseau_gateway::account_changes::Operation;
use trousseau_scim::{Asked, Group, Object, page, patch, schema};

use crate::discovery::unknown;
use crate::{Answer, Call, Desk, ProvisioningError, Verb, check_version, meta, nothing, object, one};

/// What ids of groups begin with.
const PREFIX: &str = "scim-group-";

/// The members of each group, by the ids of both.
type Members = BTreeMap<String, BTreeSet<String>>;

impl Desk<'_> {
    /// `GET /Groups`.
    pub(super) async fn groups(&self, asked: &Asked) -> Result<Answer, ProvisioningError> {
        let tenant = &self.settings.tenant;
        let members = self.accounts.provisioned_members(tenant).await?;
        let fits = |group: &ProvisionedGroup| {
            let filter = asked.filter.as_ref();
            filter.is_none_or(|filter| filter.holds(&Value::Object(self.shown_group(group, &members))))
        };
        let groups = self.accounts.provisioned_groups(tenant).await?;
        let some: Vec<ProvisionedGroup> = groups.into_iter().filter(fits).collect();
        let listed = page(some, asked, |group| self.shown_group(&group, &members));
        Ok(Answer {
            status: 200,
            body: Some(listed),
            location: None,
            etag: None,
        })
    }

    /// `POST /Groups`.
    pub(super) async fn create_group(
        &self,
        body: Object,
        asked: &Asked,
    ) -> Result<Answer, ProvisioningError> {
        let group = Group::read(&body)?;
        let fresh = ProvisionedGroup {
            id: provisioned_id(PREFIX)?,
            display_name: group.display_name,
            external_id: group.external_id,
            created: self.now,
            changed: self.now,
            version: 1,
        };
        self.accounts
            .keep_provisioned_group(&self.settings.tenant, &fresh, &group.members)
            .await?;
        self.enter(Operation::GroupProvisioned, (&fresh.id, Role::User))
            .await?;
        self.settle(&group.members).await?;
        let members = Members::from([(fresh.id.clone(), group.members)]);
        let resource = self.shown_group(&fresh, &members);
        Ok(one(201, resource, (self.group_location(&fresh.id), 1), asked))
    }

    /// `GET`, `PUT`, `PATCH` and `DELETE` of one group.
    pub(super) async fn group(
        &self,
        (verb, id): (Verb, &str),
        call: &Call<'_>,
        asked: &Asked,
    ) -> Result<Answer, ProvisioningError> {
        let tenant = &self.settings.tenant;
        let found = self.accounts.provisioned_group(tenant, id).await?;
        let before = found.ok_or_else(|| unknown(id))?;
        let mut members = self.accounts.provisioned_members(tenant).await?;
        if verb != Verb::Get {
            check_version(call.if_match, before.version)?;
        }
        let wanted = match verb {
            Verb::Get => {
                let place = (self.group_location(id), before.version);
                return Ok(one(200, self.shown_group(&before, &members), place, asked));
            }
            Verb::Delete => {
                self.accounts.remove_provisioned_group(tenant, id).await?;
                self.enter(Operation::GroupUnprovisioned, (id, Role::User))
                    .await?;
                self.settle(&members.remove(id).unwrap_or_default()).await?;
                return Ok(nothing());
            }
            Verb::Put | Verb::Post => object(call.body)?,
            Verb::Patch => {
                let body = Value::Object(object(call.body)?);
                patch(&self.shown_group(&before, &members), &body, true)?
            }
        };
        let group = Group::read(&wanted)?;
        let former = members
            .insert(id.to_owned(), group.members.clone())
            .unwrap_or_default();
        let after = ProvisionedGroup {
            display_name: group.display_name,
            external_id: group.external_id,
            changed: self.now,
            version: before.version + 1,
            ..before.clone()
        };
        self.accounts
            .keep_provisioned_group(tenant, &after, &group.members)
            .await?;
        self.enter(Operation::GroupChanged, (id, Role::User)).await?;
        // A new name may give its members something else as well.
        let renamed = after.display_name != before.display_name || after.external_id != before.external_id;
        let touched = former
            .union(&group.members)
            .filter(|id| renamed || former.contains(*id) != group.members.contains(*id));
        let touched: BTreeSet<String> = touched.cloned().collect();
        self.settle(&touched).await?;
        let place = (self.group_location(id), after.version);
        Ok(one(200, self.shown_group(&after, &members), place, asked))
    }

    fn group_location(&self, id: &str) -> String {
        format!("{}/Groups/{id}", self.base)
    }

    fn shown_group(&self, group: &ProvisionedGroup, members: &Members) -> Object {
        let members =
            members.get(&group.id).into_iter().flatten().map(
                |id| json!({ "value": id, "$ref": format!("{}/Users/{id}", self.base), "type": "User" }),
            );
        let members: Vec<Value> = members.collect();
        let location = self.group_location(&group.id);
        let mut resource = Object::new();
        resource.insert("schemas".to_owned(), json!([schema::GROUP_SCHEMA]));
        resource.insert("id".to_owned(), group.id.clone().into());
        resource.insert("displayName".to_owned(), group.display_name.clone().into());
        if let Some(mark) = &group.external_id {
            resource.insert("externalId".to_owned(), mark.clone().into());
        }
        resource.insert("members".to_owned(), members.into());
        let meta = meta("Group", &location, (group.created, group.changed), group.version);
        resource.insert("meta".to_owned(), meta);
        resource
    }
}
