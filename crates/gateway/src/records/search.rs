//! The words of people's own records, kept so that a search need not read every record.
//!
//! A record that has ended is put into the index `searched` some time later: once a minute, and before its owner
//! searches, so that no answer waits for it. The index holds folded words beside a digest of the owner, so that a search
//! never walks through what is others'. Its row goes in the same statement as the record's (a trigger), and FTS5 is told
//! to take the words out of its pages at once (`secure-delete`): what is erased is in no index.
//!
//! The number of an index row begins with the record's moment, so that the index is in the order of the list.

use std::collections::BTreeSet;

use sqlx::sqlite::SqliteRow;
use sqlx::{Connection as _, Row as _, SqliteConnection};
use trousseau_core::digest::Digest;
use trousseau_core::principal::{Principal, Tenant};
use trousseau_retrieval::columns;
use trousseau_retrieval::error::StoreError;
use trousseau_text::prefixes::{self, Prefixes};

use super::Records;
use super::own::{COLUMNS, Listing, Page, Summary};
use crate::error::GatewayError;
use crate::service::Gateway;

/// How many records are put into the index in one transaction, so that requests are not kept waiting.
const BATCH: i64 = 200;

/// How many bits of the number of an index row tell apart the records of one millisecond.
const APART: u32 = 20;

/// Whose records are put into the index.
type Whose = (Tenant, String);

impl Gateway {
    /// Puts some of the records that have ended since into the index of searches; whether there may be more.
    pub async fn index_records(&self) -> Result<bool, GatewayError> {
        match self.records.next_to_index().await? {
            Some(whose) => Ok(self.records.index_batch(&whose).await? > 0),
            None => Ok(false),
        }
    }
}

/// What FTS5 is asked for, among one person's records. Folded words hold nothing that it would take for more than a word.
fn expression(query: &Prefixes, owner: &Principal) -> String {
    let mut expression = format!("owner : \"{}\"", owner_word(&owner.tenant, &owner.user));
    for word in query.iter() {
        expression.push_str(&format!(" AND words : \"{word}\" *"));
    }
    expression
}

/// One word for a person of a tenant.
fn owner_word(tenant: &Tenant, user: &str) -> String {
    let digest = Digest::of_fields([tenant.as_str().as_bytes(), user.as_bytes()]).to_string();
    digest.chars().take(32).collect()
}

impl Records {
    /// The records of `owner` that a search finds, in the order of the list.
    pub(super) async fn search(
        &self,
        owner: &Principal,
        listing: &Listing,
        query: &Prefixes,
    ) -> Result<Page<Summary>, StoreError> {
        self.index_all_of(owner).await?;
        let (order, beyond) = listing.order();
        let sql = format!(
            "SELECT {COLUMNS} FROM searched s CROSS JOIN records r ON r.searchable = s.rowid LEFT JOIN feedback f
                 ON f.tenant = r.tenant AND f.replica = r.replica AND f.entry = r.entry
             WHERE s.searched MATCH ?7 AND r.tenant = ?1 AND r.actor = ?2 AND (?3 IS NULL OR r.conversation = ?3)
             AND (?4 IS NULL OR s.rowid {beyond} (SELECT searchable FROM records
                 WHERE tenant = ?1 AND actor = ?2 AND replica = ?4 AND entry = ?5))
             ORDER BY s.rowid {order} LIMIT ?6"
        );
        let searched = expression(query, owner);
        self.page(owner, listing, (sql, Some(searched))).await
    }

    /// The conversations of `owner` with a record that a search finds.
    pub(super) async fn conversations_with(
        &self,
        owner: &Principal,
        query: &Prefixes,
    ) -> Result<BTreeSet<String>, StoreError> {
        self.index_all_of(owner).await?;
        let found: Vec<String> = sqlx::query_scalar(
            "SELECT DISTINCT r.conversation FROM searched s CROSS JOIN records r ON r.searchable = s.rowid
             WHERE s.searched MATCH ? AND r.tenant = ? AND r.actor = ? AND r.conversation IS NOT NULL",
        )
        .bind(expression(query, owner))
        .bind(owner.tenant.as_str())
        .bind(&owner.user)
        .fetch_all(self.readers().await?)
        .await
        .map_err(|error| self.fault(error))?;
        Ok(found.into_iter().collect())
    }

    /// Puts everything of a person into the index that has ended.
    async fn index_all_of(&self, owner: &Principal) -> Result<(), StoreError> {
        let whose = (owner.tenant.clone(), owner.user.clone());
        loop {
            let waits: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM records
                 WHERE tenant = ? AND actor = ? AND searchable IS NULL AND state <> 'open')",
            )
            .bind(owner.tenant.as_str())
            .bind(&owner.user)
            .fetch_one(self.readers().await?)
            .await
            .map_err(|error| self.fault(error))?;
            if !waits {
                return Ok(());
            }
            self.index_batch(&whose).await?;
        }
    }

    /// Somebody with a record that has ended and is not in the index.
    async fn next_to_index(&self) -> Result<Option<Whose>, StoreError> {
        let found = sqlx::query(
            "SELECT tenant, actor FROM records WHERE searchable IS NULL AND state <> 'open' LIMIT 1",
        )
        .fetch_optional(self.local().await)
        .await
        .map_err(|error| self.fault(error))?;
        let read = |row: SqliteRow| Ok((columns::word(&row, "tenant")?, row.try_get("actor")?));
        found.map(read).transpose().map_err(|error| self.fault(error))
    }

    /// Puts the oldest of a person's records that are not in the index there; how many that were.
    async fn index_batch(&self, (tenant, user): &Whose) -> Result<usize, StoreError> {
        let fault = |error| self.fault(error);
        let mut writer = self.writer().await?;
        let mut transaction = writer.begin().await.map_err(fault)?;
        let rows = sqlx::query(
            "SELECT rowid, created, question, answer FROM records
             WHERE tenant = ? AND actor = ? AND searchable IS NULL AND state <> 'open'
             ORDER BY created, replica, entry LIMIT ?",
        )
        .bind(tenant.as_str())
        .bind(user)
        .bind(BATCH)
        .fetch_all(&mut *transaction)
        .await
        .map_err(fault)?;
        let owner = owner_word(tenant, user);
        for row in &rows {
            index(&mut transaction, &owner, row).await.map_err(fault)?;
        }
        transaction.commit().await.map_err(fault)?;
        Ok(rows.len())
    }
}

/// Puts one record into the index.
async fn index(transaction: &mut SqliteConnection, owner: &str, row: &SqliteRow) -> Result<(), sqlx::Error> {
    let created: i64 = row.try_get("created")?;
    let first = created.clamp(0, i64::MAX >> APART) << APART;
    let number: i64 = sqlx::query_scalar(
        "SELECT coalesce(max(searchable) + 1, ?1) FROM records WHERE searchable BETWEEN ?1 AND ?2",
    )
    .bind(first)
    .bind(first + ((1 << APART) - 2))
    .fetch_one(&mut *transaction)
    .await?;
    let answer: Option<&str> = row.try_get("answer")?;
    sqlx::query("INSERT INTO searched (rowid, owner, words) VALUES (?, ?, ?)")
        .bind(number)
        .bind(owner)
        .bind(prefixes::indexed([
            row.try_get("question")?,
            answer.unwrap_or_default(),
        ]))
        .execute(&mut *transaction)
        .await?;
    sqlx::query("UPDATE records SET searchable = ? WHERE rowid = ?")
        .bind(number)
        .bind(row.try_get::<i64, _>("rowid")?)
        .execute(transaction)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_typed_is_words_for_the_index() {
        let query = Prefixes::of("\"accueil\" OR NEAR( l'été* owner:x -- ;");
        let owner = Principal::operator(Tenant::default());
        let expression = expression(&query, &owner);
        let words = expression.split(" AND ").skip(1);
        let expected =
            ["accueil", "lete", "near", "or", "ownerx"].map(|word| format!("words : \"{word}\" *"));
        assert_eq!(words.collect::<Vec<_>>(), expected);
    }
}
