//! `/Users`.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use trousseau_accounts::{ProvisionedGroup, ProvisionedUser, provisioned_id};
use trousseau_core::principal::Role;
use trousseau_gateway::account_changes::Operation;
use trousseau_scim::{Asked, Filter, Object, User, page, patch};

use crate::discovery::unknown;
use crate::{Answer, Call, Desk, ProvisioningError, Verb, check_version, meta, nothing, object, one};

/// What ids of users begin with.
const PREFIX: &str = "scim-user-";

/// The groups of each user, by the user's id.
type Groups = BTreeMap<String, Vec<ProvisionedGroup>>;

impl Desk<'_> {
    /// `GET /Users`.
    pub(super) async fn users(&self, asked: &Asked) -> Result<Answer, ProvisioningError> {
        let tenant = &self.settings.tenant;
        // What providers ask before each change is found without a look at everybody.
        let named = asked.filter.as_ref().and_then(Filter::asked);
        let users = match named {
            Some((attribute, name)) if attribute.eq_ignore_ascii_case("userName") => {
                let found = self.accounts.provisioned_user_called(tenant, name).await?;
                found.into_iter().collect()
            }
            _ => self.accounts.provisioned_users(tenant).await?,
        };
        let groups = self.groups_of_users().await?;
        let fits = |user: &ProvisionedUser| {
            let filter = asked.filter.as_ref();
            filter.is_none_or(|filter| filter.holds(&Value::Object(self.resource(user, &groups))))
        };
        let some: Vec<ProvisionedUser> = users.into_iter().filter(fits).collect();
        let listed = page(some, asked, |user| self.resource(&user, &groups));
        Ok(Answer {
            status: 200,
            body: Some(listed),
            location: None,
            etag: None,
        })
    }

    /// `POST /Users`.
    pub(super) async fn create_user(&self, body: Object, asked: &Asked) -> Result<Answer, ProvisioningError> {
        let user = User::read(&body)?;
        let fresh = ProvisionedUser {
            id: provisioned_id(PREFIX)?,
            user_name: user.user_name.to_lowercase(),
            external_id: user.external_id,
            active: user.active,
            resource: Value::Object(user.attributes).to_string(),
            account: None,
            created: self.now,
            changed: self.now,
            version: 1,
        };
        self.accounts
            .keep_provisioned_user(&self.settings.tenant, &fresh)
            .await?;
        self.enter(Operation::UserProvisioned, (&fresh.id, Role::User))
            .await?;
        let resource = self.resource(&fresh, &Groups::new());
        Ok(one(201, resource, (self.user_location(&fresh.id), 1), asked))
    }

    /// `GET`, `PUT`, `PATCH` and `DELETE` of one user.
    pub(super) async fn user(
        &self,
        (verb, id): (Verb, &str),
        call: &Call<'_>,
        asked: &Asked,
    ) -> Result<Answer, ProvisioningError> {
        let tenant = &self.settings.tenant;
        let found = self.accounts.provisioned_user(tenant, id).await?;
        let before = found.ok_or_else(|| unknown(id))?;
        let groups = self.groups_of_users().await?;
        if verb != Verb::Get {
            check_version(call.if_match, before.version)?;
        }
        let after = match verb {
            Verb::Get => before,
            Verb::Delete => {
                self.shut(&before).await?;
                self.accounts.remove_provisioned_user(tenant, id).await?;
                let account = self.called(&before).await?;
                self.enter(Operation::UserUnprovisioned, (&account, Role::User))
                    .await?;
                return Ok(nothing());
            }
            Verb::Put | Verb::Post => self.change(before, User::read(&object(call.body)?)?).await?,
            Verb::Patch => {
                let body = Value::Object(object(call.body)?);
                let changed = patch(&attributes(&before), &body, false)?;
                self.change(before, User::read(&changed)?).await?
            }
        };
        let place = (self.user_location(id), after.version);
        Ok(one(200, self.resource(&after, &groups), place, asked))
    }

    /// Keeps what a user is now. Whoever may not come in any more is out before it is kept, and whoever may again comes in after.
    async fn change(
        &self,
        before: ProvisionedUser,
        user: User,
    ) -> Result<ProvisionedUser, ProvisioningError> {
        let after = ProvisionedUser {
            user_name: user.user_name.to_lowercase(),
            external_id: user.external_id,
            active: user.active,
            resource: Value::Object(user.attributes).to_string(),
            ..before.clone()
        };
        if after == before {
            return Ok(before);
        }
        let after = ProvisionedUser {
            changed: self.now,
            version: before.version + 1,
            ..after
        };
        if before.active && !after.active {
            self.shut(&before).await?;
        }
        self.accounts
            .keep_provisioned_user(&self.settings.tenant, &after)
            .await?;
        if !before.active && after.active {
            self.open(&after).await?;
        }
        let account = self.called(&after).await?;
        self.enter(Operation::UserReprovisioned, (&account, Role::User))
            .await?;
        Ok(after)
    }

    /// The account of a user, by its name; without one the id that the provider has.
    async fn called(&self, user: &ProvisionedUser) -> Result<String, ProvisioningError> {
        let account = self.accounts.account_of_provisioned(user).await?;
        Ok(account.map_or_else(|| user.id.clone(), |account| account.name))
    }

    async fn groups_of_users(&self) -> Result<Groups, ProvisioningError> {
        let tenant = &self.settings.tenant;
        let members = self.accounts.provisioned_members(tenant).await?;
        let mut groups = Groups::new();
        for group in self.accounts.provisioned_groups(tenant).await? {
            for member in members.get(&group.id).into_iter().flatten() {
                groups.entry(member.clone()).or_default().push(group.clone());
            }
        }
        Ok(groups)
    }

    fn user_location(&self, id: &str) -> String {
        format!("{}/Users/{id}", self.base)
    }

    fn resource(&self, user: &ProvisionedUser, groups: &Groups) -> Object {
        let mut attributes = attributes(user);
        let schemas = User::schemas(&attributes);
        let groups = groups.get(&user.id).into_iter().flatten().map(|group| {
            json!({
                "value": group.id,
                "$ref": format!("{}/Groups/{}", self.base, group.id),
                "display": group.display_name,
                "type": "direct",
            })
        });
        let groups: Vec<Value> = groups.collect();
        let mut resource = Object::new();
        resource.insert("schemas".to_owned(), json!(schemas));
        resource.insert("id".to_owned(), user.id.clone().into());
        resource.append(&mut attributes);
        if !groups.is_empty() {
            resource.insert("groups".to_owned(), groups.into());
        }
        let location = self.user_location(&user.id);
        let meta = meta("User", &location, (user.created, user.changed), user.version);
        resource.insert("meta".to_owned(), meta);
        resource
    }
}

/// What the provider says of a user.
fn attributes(user: &ProvisionedUser) -> Object {
    // It was written by this service.
    serde_json::from_str(&user.resource).unwrap_or_default()
}
