//! Everything that is kept of one person, in an open format (GDPR art. 15 and 20): JSON lines, UTF-8.
//!
//! Each line is an object with a `type`: one `export` first, then every `conversation`, every `record` with its
//! feedback, every `access` of an officer, and one `end` that counts them, so that a cut file is seen to be cut. The
//! `secret` of a record opens the commitments of its entries; the pseudonyms are those of the ledgers.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sqlx::Row as _;
use tokio::sync::mpsc;
use trousseau_core::principal::Tenant;
use trousseau_retrieval::columns::bytes32;
use trousseau_retrieval::error::StoreError;

use super::conversations::{COLUMNS, Conversation, conversation};
use super::record;
use super::{EntryId, Record, Records};
use crate::commitment::{Commitment, Secret};
use crate::error::GatewayError;
use crate::service::Gateway;

/// The version of the format.
pub const FORMAT: u32 = 1;

/// How many records are read at a time.
const BATCH: i64 = 50;

impl Gateway {
    /// Writes out everything that is kept of `user`, a line at a time without its end, to `lines`; returns how many
    /// records there were. `account` is what the accounts hold of the user. The ledger says that it was done. A
    /// receiver that is dropped ends it with [`GatewayError::Unheard`].
    pub async fn export_subject(
        &self,
        tenant: &Tenant,
        user: &str,
        account: Value,
        lines: &mpsc::Sender<String>,
    ) -> Result<u64, GatewayError> {
        let now = (self.now)();
        let log = self.logs.log(tenant, &self.records, now).await?;
        let head = json!({
            "type": "export",
            "format": FORMAT,
            "created": now,
            "tenant": tenant,
            "user": user,
            "account": account,
            "pseudonyms": self.records.pseudonyms(tenant, user).await?,
            "program": env!("CARGO_PKG_VERSION"),
        });
        tell(lines, &head).await?;
        let conversations = self.records.all_conversations(tenant, user).await?;
        for conversation in &conversations {
            tell(lines, &typed("conversation", conversation)?).await?;
        }
        let (mut records, mut after) = (0, None);
        loop {
            let batch = self.records.batch_of(tenant, user, after.as_ref()).await?;
            let Some(last) = batch.last() else { break };
            let (replica, index) = (last.replica.clone(), last.entry);
            after = Some((last.created, EntryId { replica, index }));
            for record in &batch {
                tell(lines, &typed("record", record)?).await?;
                records += 1;
            }
        }
        let accesses = self.records.accesses(tenant, user).await?;
        for access in &accesses {
            tell(lines, &typed("access", access)?).await?;
        }
        log.enter_export(tenant, &self.records, (now, user, records))
            .await?;
        let end = json!({
            "type": "end",
            "conversations": conversations.len(),
            "records": records,
            "accesses": accesses.len(),
        });
        tell(lines, &end).await?;
        Ok(records)
    }
}

fn typed(kind: &str, value: &impl serde::Serialize) -> Result<Value, GatewayError> {
    let mut value = serde_json::to_value(value)?;
    value["type"] = kind.into();
    Ok(value)
}

async fn tell(lines: &mpsc::Sender<String>, value: &Value) -> Result<(), GatewayError> {
    let sent = lines.send(value.to_string()).await;
    sent.map_err(|_| GatewayError::Unheard)
}

impl Records {
    /// The pseudonym of a user in each ledger.
    async fn pseudonyms(
        &self,
        tenant: &Tenant,
        user: &str,
    ) -> Result<BTreeMap<String, Commitment>, StoreError> {
        let rows = sqlx::query("SELECT replica, secret FROM subjects WHERE tenant = ? AND actor = ?")
            .bind(tenant.as_str())
            .bind(user)
            .fetch_all(self.readers().await?)
            .await
            .map_err(|error| self.fault(error))?;
        let read = rows.iter().map(|row| {
            let secret = Secret(bytes32(row, "secret")?);
            Ok((row.try_get("replica")?, secret.commit("actor", user.as_bytes())))
        });
        read.collect::<Result<_, _>>().map_err(|error| self.fault(error))
    }

    async fn all_conversations(&self, tenant: &Tenant, user: &str) -> Result<Vec<Conversation>, StoreError> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM conversations WHERE tenant = ? AND actor = ? ORDER BY created, id",
        )))
        .bind(tenant.as_str())
        .bind(user)
        .fetch_all(self.readers().await?)
        .await
        .map_err(|error| self.fault(error))?;
        let read = rows.iter().map(conversation).collect::<Result<_, _>>();
        read.map_err(|error| self.fault(error))
    }

    /// The next records of a user, oldest first.
    async fn batch_of(
        &self,
        tenant: &Tenant,
        user: &str,
        after: Option<&(i64, EntryId)>,
    ) -> Result<Vec<Record>, StoreError> {
        let sql = format!(
            "SELECT {} FROM {} WHERE r.tenant = ?1 AND r.actor = ?2
             AND (?3 IS NULL OR (r.created, r.replica, r.entry) > (?3, ?4, ?5))
             ORDER BY r.created, r.replica, r.entry LIMIT ?6",
            record::COLUMNS,
            record::TABLES
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(tenant.as_str())
            .bind(user)
            .bind(after.map(|(created, _)| created))
            .bind(after.map(|(_, entry)| &entry.replica))
            .bind(after.map(|(_, entry)| entry.index as i64))
            .bind(BATCH)
            .fetch_all(self.readers().await?)
            .await
            .map_err(|error| self.fault(error))?;
        let read = rows.iter().map(record::record).collect::<Result<_, _>>();
        read.map_err(|error| self.fault(error))
    }
}
