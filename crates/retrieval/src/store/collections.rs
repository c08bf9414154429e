//! Collections as they are made, named, listed and dropped over HTTP.

use serde_json::{Map, Value};
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection as _, Row as _};
use trousseau_core::principal::{Principal, Reader, Tenant};

use super::Store;
use super::documents::{READABLE, by_reader};
use crate::columns::{json, to_json};
use crate::error::StoreError;

/// A collection with what its maker said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collection {
    /// Its id, which stays.
    pub id: String,
    /// Its name: what routes and commands call it.
    pub name: String,
    /// What it is shown as, where that is not its name.
    pub title: Option<String>,
    /// Who made it over HTTP.
    pub owner: Option<String>,
    /// Who may read its documents; the configuration says so where it is `None`.
    pub readers: Option<Vec<Reader>>,
    /// What its maker wrote beside it.
    pub metadata: Map<String, Value>,
    /// When it was made, in milliseconds since 1970.
    pub created: i64,
}

const SELECT: &str = "SELECT id, name, title, owner, readers, metadata, created FROM collections";

impl Store {
    /// Every collection of a tenant, oldest first.
    pub async fn all_collections(&self, tenant: &Tenant) -> Result<Vec<Collection>, StoreError> {
        let sql = format!("{SELECT} WHERE tenant = ? ORDER BY created, id");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(tenant.as_str())
            .fetch_all(self.database.readers())
            .await
            .map_err(|error| self.database.fault(error))?;
        let read: Result<_, sqlx::Error> = rows.iter().map(collection).collect();
        read.map_err(|error| self.database.fault(error))
    }

    /// One collection, by its id or, where `id` is none, by its name.
    pub async fn collection(
        &self,
        tenant: &Tenant,
        id: Option<&str>,
        name: Option<&str>,
    ) -> Result<Option<Collection>, StoreError> {
        let sql = format!("{SELECT} WHERE tenant = ?1 AND (id = ?2 OR (?2 IS NULL AND name = ?3))");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(tenant.as_str())
            .bind(id)
            .bind(name)
            .fetch_optional(self.database.readers())
            .await
            .map_err(|error| self.database.fault(error))?;
        let read = row.as_ref().map(collection).transpose();
        read.map_err(|error| self.database.fault(error))
    }

    /// Makes a collection. `false` when there is one of this name or id already.
    pub async fn make_collection(&self, tenant: &Tenant, new: &Collection) -> Result<bool, StoreError> {
        let readers = new.readers.as_ref().map(|readers| {
            let readers: Vec<String> = readers.iter().map(Reader::to_string).collect();
            to_json(&readers)
        });
        let fault = |error| self.database.fault(error);
        let mut writer = self.database.writer().await?;
        let made = sqlx::query(
            "INSERT OR IGNORE INTO collections (tenant, name, created, id, title, owner, readers, metadata)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(tenant.as_str())
        .bind(&new.name)
        .bind(new.created)
        .bind(&new.id)
        .bind(&new.title)
        .bind(&new.owner)
        .bind(readers.transpose().map_err(fault)?)
        .bind(to_json(&new.metadata).map_err(fault)?)
        .execute(&mut *writer)
        .await
        .map_err(fault)?;
        Ok(made.rows_affected() > 0)
    }

    /// Shows a collection under another title, with other metadata. `false` when it is gone.
    pub async fn rename_collection(
        &self,
        tenant: &Tenant,
        id: &str,
        title: Option<&str>,
        metadata: &Map<String, Value>,
    ) -> Result<bool, StoreError> {
        let fault = |error| self.database.fault(error);
        let mut writer = self.database.writer().await?;
        let done = sqlx::query("UPDATE collections SET title = ?, metadata = ? WHERE tenant = ? AND id = ?")
            .bind(title)
            .bind(to_json(metadata).map_err(fault)?)
            .bind(tenant.as_str())
            .bind(id)
            .execute(&mut *writer)
            .await
            .map_err(fault)?;
        Ok(done.rows_affected() > 0)
    }

    /// Drops a collection that holds no document and for which no task waits. `false` when that is not so.
    pub async fn drop_collection(&self, tenant: &Tenant, name: &str) -> Result<bool, StoreError> {
        let fault = |error| self.database.fault(error);
        let mut writer = self.database.writer().await?;
        let mut transaction = writer.begin().await.map_err(fault)?;
        let held: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM documents WHERE tenant = ?1 AND collection = ?2) OR EXISTS (SELECT 1 FROM tasks
                 WHERE tenant = ?1 AND state IN ('enqueued', 'processing') AND collection = ?2)",
        )
        .bind(tenant.as_str())
        .bind(name)
        .fetch_one(&mut *transaction)
        .await
        .map_err(fault)?;
        if held {
            return Ok(false);
        }
        sqlx::query("DELETE FROM collections WHERE tenant = ? AND name = ?")
            .bind(tenant.as_str())
            .bind(name)
            .execute(&mut *transaction)
            .await
            .map_err(fault)?;
        transaction.commit().await.map_err(fault)?;
        Ok(true)
    }

    /// The names of the collections that hold a document which `principal` may read.
    pub async fn collections_read_by(&self, principal: &Principal) -> Result<Vec<String>, StoreError> {
        let sql = format!(
            "SELECT c.name FROM collections c WHERE c.tenant = ?1
             AND EXISTS (SELECT 1 FROM documents d WHERE d.collection = c.name AND {READABLE})"
        );
        let rows = by_reader(principal, sql)
            .fetch_all(self.database.readers())
            .await
            .map_err(|error| self.database.fault(error))?;
        let names: Result<_, sqlx::Error> = rows.iter().map(|row| row.try_get("name")).collect();
        names.map_err(|error| self.database.fault(error))
    }
}

fn collection(row: &SqliteRow) -> Result<Collection, sqlx::Error> {
    let readers = match row.try_get::<Option<&str>, _>("readers")? {
        None => None,
        Some(_) => {
            let written: Vec<String> = json(row, "readers")?;
            let read: Result<Vec<Reader>, _> = written.iter().map(|reader| reader.parse()).collect();
            Some(read.map_err(|error| sqlx::Error::Decode(Box::new(error)))?)
        }
    };
    Ok(Collection {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        title: row.try_get("title")?,
        owner: row.try_get("owner")?,
        readers,
        metadata: json(row, "metadata")?,
        created: row.try_get("created")?,
    })
}
