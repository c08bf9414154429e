//! Another access list for a collection: for it, for the documents that have its list, and for those on their way into it,
//! all in one transaction. A document that was given a list of its own keeps it.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{Connection as _, SqliteConnection};
use trousseau_core::principal::{Reader, Tenant};

use super::Store;
use crate::columns::to_json;
use crate::error::StoreError;

/// The words of an access list.
type Words = BTreeSet<String>;

impl Store {
    /// Gives the collection with this id and name another access list, and names the documents that have it now in the
    /// outbox. How many they are; `None` when the collection is gone.
    pub async fn set_readers(
        &self,
        tenant: &Tenant,
        (id, name): (&str, &str),
        (former, new): (&[Reader], &[Reader]),
    ) -> Result<Option<u64>, StoreError> {
        let fault = |error| self.database.fault(error);
        let (former, new) = (words(former), words(new));
        let written = to_json(&new).map_err(fault)?;
        let mut writer = self.database.writer().await?;
        let mut transaction = writer.begin().await.map_err(fault)?;
        let done = sqlx::query("UPDATE collections SET readers = ? WHERE tenant = ? AND id = ?")
            .bind(&written)
            .bind(tenant.as_str())
            .bind(id)
            .execute(&mut *transaction)
            .await
            .map_err(fault)?;
        if done.rows_affected() == 0 {
            return Ok(None);
        }
        let lists = lists(&mut transaction, tenant, name).await.map_err(fault)?;
        let mut changed = 0;
        for (document, _) in lists.iter().filter(|(_, list)| **list == former) {
            replace(&mut transaction, tenant, document, &new)
                .await
                .map_err(fault)?;
            changed += 1;
        }
        change_tasks(&mut transaction, tenant, name, (&former, &written))
            .await
            .map_err(fault)?;
        transaction.commit().await.map_err(fault)?;
        Ok(Some(changed))
    }
}

fn words(readers: &[Reader]) -> Words {
    readers.iter().map(Reader::to_string).collect()
}

/// The access list of each document of a collection.
async fn lists(
    transaction: &mut SqliteConnection,
    tenant: &Tenant,
    collection: &str,
) -> Result<BTreeMap<String, Words>, sqlx::Error> {
    let rows: Vec<(String, Option<String>)> = sqlx::query_as(
        "SELECT d.id, r.reader FROM documents d LEFT JOIN readers r ON r.tenant = d.tenant AND r.document = d.id
         WHERE d.tenant = ? AND d.collection = ?",
    )
    .bind(tenant.as_str())
    .bind(collection)
    .fetch_all(transaction)
    .await?;
    let mut lists = BTreeMap::<String, Words>::new();
    for (document, reader) in rows {
        lists.entry(document).or_default().extend(reader);
    }
    Ok(lists)
}

async fn replace(
    transaction: &mut SqliteConnection,
    tenant: &Tenant,
    document: &str,
    readers: &Words,
) -> Result<(), sqlx::Error> {
    for sql in [
        "DELETE FROM readers WHERE tenant = ? AND document = ?",
        "INSERT INTO outbox (tenant, document) VALUES (?, ?)",
    ] {
        let statement = sqlx::query(sql).bind(tenant.as_str()).bind(document);
        statement.execute(&mut *transaction).await?;
    }
    for reader in readers {
        sqlx::query("INSERT INTO readers (tenant, document, reader) VALUES (?, ?, ?)")
            .bind(tenant.as_str())
            .bind(document)
            .bind(reader)
            .execute(&mut *transaction)
            .await?;
    }
    Ok(())
}

/// Changes the list of tasks that have not committed yet, also of those at work: a document takes its list from its task's
/// row when it is kept.
async fn change_tasks(
    transaction: &mut SqliteConnection,
    tenant: &Tenant,
    collection: &str,
    (former, written): (&Words, &str),
) -> Result<(), sqlx::Error> {
    let waiting: Vec<(i64, String)> = sqlx::query_as(
        "SELECT id, readers FROM tasks WHERE tenant = ? AND collection = ? AND state IN ('enqueued', 'processing')",
    )
    .bind(tenant.as_str())
    .bind(collection)
    .fetch_all(&mut *transaction)
    .await?;
    for (task, readers) in waiting {
        let list: Words =
            serde_json::from_str(&readers).map_err(|error| sqlx::Error::Decode(error.into()))?;
        if list == *former {
            sqlx::query("UPDATE tasks SET readers = ? WHERE id = ?")
                .bind(written)
                .bind(task)
                .execute(&mut *transaction)
                .await?;
        }
    }
    Ok(())
}
