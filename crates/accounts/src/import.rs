//! The accounts of a data folder that was alone, brought into the database of the replicas.

use std::path::Path;

use trousseau_retrieval::database::Access;
use trousseau_retrieval::error::StoreError;
use trousseau_state::{Sql, Tables};

use crate::error::AccountError;
use crate::{Accounts, schema};

/// A table: how its rows are read out of the file as JSON, and put into the database. What has the same id there already stays as it
/// is there: it may have been revoked since.
struct Moved {
    read: &'static str,
    put: &'static str,
}

const USERS: Moved = Moved {
    read: "SELECT name, json_object('id', id, 'tenant', tenant, 'name', name, 'display', display, 'issuer', issuer,
         'subject', subject, 'password', password, 'role', role, 'groups', groups, 'clearance', clearance,
         'label_floor', label_floor, 'routes', routes, 'created', created, 'created_by', created_by,
         'disabled', disabled, 'used', used) AS body FROM users ORDER BY created",
    put: "INSERT INTO users SELECT * FROM json_populate_record(CAST(NULL AS users), CAST(?1 AS json)) ON CONFLICT (id) DO NOTHING",
};

const KEYS: Moved = Moved {
    read: "SELECT name, json_object('id', id, 'tenant', tenant, 'name', name, 'digest', '\\x' || hex(digest), 'role', role,
         'groups', groups, 'clearance', clearance, 'label_floor', label_floor, 'routes', routes, 'created', created,
         'created_by', created_by, 'expires', expires, 'revoked', revoked, 'used', used, 'limits', limits) AS body
         FROM keys ORDER BY created",
    put: "INSERT INTO keys SELECT * FROM json_populate_record(CAST(NULL AS keys), CAST(?1 AS json)) ON CONFLICT (id) DO NOTHING",
};

/// What stands beside users: how they signed in, and what a provider handed out.
const BESIDE: [Moved; 4] = [
    Moved {
        read: "SELECT login AS name, json_object('tenant', tenant, 'login', login, 'account', account) AS body
             FROM directory_logins",
        put: "INSERT INTO directory_logins SELECT * FROM
             json_populate_record(CAST(NULL AS directory_logins), CAST(?1 AS json)) ON CONFLICT (tenant, login) DO NOTHING",
    },
    Moved {
        read: "SELECT user_name AS name, json_object('id', id, 'tenant', tenant, 'user_name', user_name,
             'external_id', external_id, 'active', active, 'resource', resource, 'account', account, 'created', created,
             'changed', changed, 'version', version) AS body FROM provisioned_users",
        put: "INSERT INTO provisioned_users SELECT * FROM
             json_populate_record(CAST(NULL AS provisioned_users), CAST(?1 AS json)) ON CONFLICT (id) DO NOTHING",
    },
    Moved {
        read: "SELECT display_name AS name, json_object('id', id, 'tenant', tenant, 'display_name', display_name,
             'folded', folded, 'external_id', external_id, 'created', created, 'changed', changed, 'version', version)
             AS body FROM provisioned_groups",
        put: "INSERT INTO provisioned_groups SELECT * FROM
             json_populate_record(CAST(NULL AS provisioned_groups), CAST(?1 AS json)) ON CONFLICT (id) DO NOTHING",
    },
    Moved {
        read: "SELECT member AS name, json_object('holder', holder, 'member', member) AS body FROM provisioned_members",
        put: "INSERT INTO provisioned_members SELECT * FROM
             json_populate_record(CAST(NULL AS provisioned_members), CAST(?1 AS json)) ON CONFLICT (holder, member) DO NOTHING",
    },
];

/// What was brought and was not there before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Keys, revoked ones among them.
    pub keys: u64,
    /// Users.
    pub users: u64,
}

impl Accounts {
    /// Brings the keys and users of `accounts.sqlite` in the folder `data` into the database of the replicas, with what stands beside
    /// users: all or nothing. Sessions and one-time links stay behind.
    ///
    /// # Errors
    ///
    /// [`AccountError::Taken`] where the name of one is another's in the database.
    pub async fn import(&self, data: &Path) -> Result<Imported, AccountError> {
        let path = data.join("accounts.sqlite");
        if self.tables.postgres().is_none() || !path.is_file() {
            return Ok(Imported::default());
        }
        let file = Tables::file(&path, &schema::SCHEMA, Access::Write).await?;
        let imported = self.import_from(&file).await;
        file.close().await;
        imported
    }

    async fn import_from(&self, file: &Tables) -> Result<Imported, AccountError> {
        let mut transaction = self.tables.begin().await?;
        let mut counts = [0; 2];
        let tables = [&USERS, &KEYS].into_iter().chain(&BESIDE);
        for (at, moved) in tables.enumerate() {
            for row in file.all(Sql::new(moved.read)).await? {
                let read = |column| row.try_get::<String>(column).map_err(|error| file.fault(error));
                let (name, body) = (read("name")?, read("body")?);
                let put = transaction.run(Sql::new(moved.put).bind(body)).await;
                let put = put.map_err(|error| taken(error, name))?;
                if let Some(count) = counts.get_mut(at) {
                    *count += put;
                }
            }
        }
        transaction.commit().await?;
        let [users, keys] = counts;
        Ok(Imported { keys, users })
    }
}

fn taken(error: StoreError, name: String) -> AccountError {
    match &error {
        StoreError::Sql { source, .. }
            if source
                .as_database_error()
                .is_some_and(sqlx::error::DatabaseError::is_unique_violation) =>
        {
            AccountError::Taken { name }
        }
        _ => error.into(),
    }
}
