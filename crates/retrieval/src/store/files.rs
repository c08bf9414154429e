//! Uploads: one row per file that somebody keeps here; its bytes lie in the folder of uploads.

use std::path::PathBuf;

use sqlx::sqlite::SqliteRow;
use sqlx::{Connection as _, Row as _};
use trousseau_core::digest::Digest;
use trousseau_core::label::Label;
use trousseau_core::principal::{Principal, Tenant};

use super::Store;
use super::documents::{READABLE, by_reader};
use super::paging::{Page, Paging};
use crate::columns::parsed;
use crate::error::StoreError;
use crate::source;

/// An upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub owner: String,
    /// Its name: one part of a path, without control characters.
    pub name: String,
    /// What it was given for.
    pub purpose: String,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its size, in bytes.
    pub size: u64,
    /// The label that its owner stated; documents made from it have at least this one.
    pub label: Label,
    /// When it was given, in milliseconds since 1970.
    pub created: i64,
}

/// A document that is, or is to be, made from an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeOf {
    /// Its collection.
    pub collection: String,
    /// Where the upload's bytes were when it was made.
    pub source: PathBuf,
    /// Its id.
    pub document: String,
}

const COLUMNS: &str = "f.id, f.owner, f.name, f.purpose, f.digest, f.size, f.label, f.created";

impl Store {
    /// Keeps an upload's row. `false` when its owner has `limit` of them already.
    pub async fn keep_file(&self, tenant: &Tenant, file: &FileRow, limit: u64) -> Result<bool, StoreError> {
        let mut writer = self.database.writer().await?;
        let kept = sqlx::query(
            "INSERT INTO files (tenant, id, owner, name, purpose, digest, size, label, created)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
             WHERE (SELECT count(*) FROM files WHERE tenant = ?1 AND owner = ?3) < ?10",
        )
        .bind(tenant.as_str())
        .bind(&file.id)
        .bind(&file.owner)
        .bind(&file.name)
        .bind(&file.purpose)
        .bind(file.digest.to_string())
        .bind(file.size as i64)
        .bind(file.label.to_string())
        .bind(file.created)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .execute(&mut *writer)
        .await
        .map_err(|error| self.database.fault(error))?;
        Ok(kept.rows_affected() > 0)
    }

    /// How many uploads somebody keeps.
    pub async fn count_files(&self, tenant: &Tenant, owner: &str) -> Result<u64, StoreError> {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM files WHERE tenant = ? AND owner = ?")
            .bind(tenant.as_str())
            .bind(owner)
            .fetch_one(self.database.readers())
            .await
            .map_err(|error| self.database.fault(error))?;
        Ok(count.unsigned_abs())
    }

    /// One upload.
    pub async fn file(&self, tenant: &Tenant, id: &str) -> Result<Option<FileRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM files f WHERE f.tenant = ? AND f.id = ?");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(tenant.as_str())
            .bind(id)
            .fetch_optional(self.database.readers())
            .await
            .map_err(|error| self.database.fault(error))?;
        let read = row.as_ref().map(file_row).transpose();
        read.map_err(|error| self.database.fault(error))
    }

    /// A page of somebody's uploads, those for one purpose or all.
    pub async fn files_of(
        &self,
        tenant: &Tenant,
        owner: &str,
        purpose: Option<&str>,
        paging: &Paging,
    ) -> Result<Page<FileRow>, StoreError> {
        let sql = format!(
            "WITH listed AS (SELECT {COLUMNS} FROM files f
                 WHERE f.tenant = ?1 AND f.owner = ?2 AND (?3 IS NULL OR f.purpose = ?3))
             SELECT * FROM listed WHERE {}",
            paging.clause(4)
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(tenant.as_str())
            .bind(owner)
            .bind(purpose)
            .bind(paging.cursor())
            .fetch_all(self.database.readers())
            .await
            .map_err(|error| self.database.fault(error))?;
        let read: Result<Vec<FileRow>, sqlx::Error> = rows.iter().map(file_row).collect();
        let read = read.map_err(|error| self.database.fault(error))?;
        Ok(paging.cut(read))
    }

    /// The ids of every upload of a tenant.
    pub async fn file_ids(&self, tenant: &Tenant) -> Result<Vec<String>, StoreError> {
        sqlx::query_scalar("SELECT id FROM files WHERE tenant = ?")
            .bind(tenant.as_str())
            .fetch_all(self.database.readers())
            .await
            .map_err(|error| self.database.fault(error))
    }

    /// What is, or is to be, made from an upload.
    pub async fn made_of(&self, tenant: &Tenant, file: &str) -> Result<Vec<MadeOf>, StoreError> {
        let rows =
            sqlx::query("SELECT collection, source, document FROM attachments WHERE tenant = ? AND file = ?")
                .bind(tenant.as_str())
                .bind(file)
                .fetch_all(self.database.readers())
                .await
                .map_err(|error| self.database.fault(error))?;
        let made = rows.iter().map(|row| {
            Ok(MadeOf {
                collection: row.try_get("collection")?,
                source: source::from_bytes(row.try_get("source")?),
                document: row.try_get("document")?,
            })
        });
        made.collect::<Result<_, sqlx::Error>>()
            .map_err(|error| self.database.fault(error))
    }

    /// Whether `principal` may read a document that was made from an upload.
    pub async fn reads_file(&self, principal: &Principal, file: &str) -> Result<bool, StoreError> {
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM attachments a JOIN documents d ON d.tenant = a.tenant AND d.id = a.document
             WHERE a.tenant = ?1 AND a.file = ?5 AND {READABLE}) AS reads"
        );
        let row = by_reader(principal, sql)
            .bind(file.to_owned())
            .fetch_one(self.database.readers())
            .await
            .map_err(|error| self.database.fault(error))?;
        row.try_get("reads").map_err(|error| self.database.fault(error))
    }

    /// Drops an upload's row and its attachments, where no document stands on it and no task waits for it. `false` when
    /// that is not so.
    pub async fn drop_file(&self, tenant: &Tenant, id: &str) -> Result<bool, StoreError> {
        let fault = |error| self.database.fault(error);
        let mut writer = self.database.writer().await?;
        let mut transaction = writer.begin().await.map_err(fault)?;
        let held: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM attachments a WHERE a.tenant = ?1 AND a.file = ?2 AND (
                 EXISTS (SELECT 1 FROM documents d WHERE d.tenant = a.tenant AND d.id = a.document)
                 OR EXISTS (SELECT 1 FROM tasks t WHERE t.tenant = a.tenant AND t.state IN ('enqueued', 'processing')
                     AND t.collection = a.collection AND t.source = a.source)))",
        )
        .bind(tenant.as_str())
        .bind(id)
        .fetch_one(&mut *transaction)
        .await
        .map_err(fault)?;
        if held {
            return Ok(false);
        }
        sqlx::query("DELETE FROM files WHERE tenant = ? AND id = ?")
            .bind(tenant.as_str())
            .bind(id)
            .execute(&mut *transaction)
            .await
            .map_err(fault)?;
        transaction.commit().await.map_err(fault)?;
        Ok(true)
    }
}

fn file_row(row: &SqliteRow) -> Result<FileRow, sqlx::Error> {
    Ok(FileRow {
        id: row.try_get("id")?,
        owner: row.try_get("owner")?,
        name: row.try_get("name")?,
        purpose: row.try_get("purpose")?,
        digest: parsed(row, "digest")?,
        size: row.try_get::<i64, _>("size")?.unsigned_abs(),
        label: parsed(row, "label")?,
        created: row.try_get("created")?,
    })
}
