//! What became another here goes to the database.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use serde::Serialize;
use trousseau_core::principal::Tenant;
use trousseau_retrieval::columns::to_json;
use trousseau_retrieval::error::StoreError;
use trousseau_state::Sql;

use crate::Exchange;
use crate::kind::{Kind, parts};

/// How many changes go together at most, and how many bytes, roughly.
const BATCH: i64 = 200;
const BYTES: usize = 4 << 20;

/// Takes away. What was never there need not be taken away.
const GONE: &str = "UPDATE kept SET body = NULL, origin = ?2, number = nextval('trousseau.kept_number')
     FROM json_to_recordset(CAST(?1 AS json)) AS r(kind TEXT, tenant TEXT, id TEXT)
     WHERE kept.kind = r.kind AND kept.tenant = r.tenant AND kept.id = r.id AND kept.body IS NOT NULL";

/// Puts in. A record or a conversation that was taken away does not come back; whoever brings it hears of that when it takes.
const LIVES: &str = "INSERT INTO kept (kind, tenant, id, place, body, origin)
     SELECT kind, tenant, id, place, body, ?2
     FROM json_to_recordset(CAST(?1 AS json)) AS r(kind TEXT, tenant TEXT, id TEXT, place TEXT, body TEXT)
     ON CONFLICT (kind, tenant, id) DO UPDATE
     SET body = excluded.body, origin = excluded.origin, number = nextval('trousseau.kept_number')
     WHERE kept.body IS NOT NULL OR kept.kind NOT IN ('record', 'conversation')";

/// Something on its way.
#[derive(Debug, Serialize)]
struct Thing {
    kind: &'static str,
    tenant: String,
    id: String,
    place: String,
    /// None where it is gone.
    body: Option<String>,
}

impl Exchange {
    /// Brings everything that waits; returns how many things that were.
    pub(crate) async fn bring(&self) -> Result<u64, StoreError> {
        let _alone = self.bringing.lock().await;
        let mut brought = 0;
        loop {
            let (last, things) = self.next().await?;
            let Some(last) = last else { break };
            if !things.is_empty() {
                self.put(&things).await?;
            }
            brought += things.len() as u64;
            let mut writer = self.file.writer().await?;
            sqlx::query("DELETE FROM outbox WHERE seq <= ?")
                .bind(last)
                .execute(&mut *writer)
                .await
                .map_err(|error| self.file.fault(error))?;
        }
        Ok(brought)
    }

    /// Counts what waits.
    pub(crate) async fn count(&self) -> Result<i64, StoreError> {
        let waiting: i64 = sqlx::query_scalar("SELECT count(*) FROM outbox")
            .fetch_one(self.file.readers())
            .await
            .map_err(|error| self.file.fault(error))?;
        self.waiting.store(waiting.unsigned_abs(), Ordering::Relaxed);
        Ok(waiting)
    }

    /// The next things, each once, as they are now, and the number of the last change that they cover.
    async fn next(&self) -> Result<(Option<i64>, Vec<Thing>), StoreError> {
        let fault = |error| self.file.fault(error);
        if self.count().await? == 0 {
            return Ok((None, Vec::new()));
        }
        let rows: Vec<(i64, String, String, String)> =
            sqlx::query_as("SELECT seq, kind, tenant, id FROM outbox ORDER BY seq LIMIT ?")
                .bind(BATCH)
                .fetch_all(self.file.readers())
                .await
                .map_err(fault)?;
        let (mut last, mut bytes, mut things, mut named) = (None, 0, Vec::new(), BTreeSet::new());
        for (seq, name, tenant, id) in rows {
            if bytes > BYTES {
                break;
            }
            last = Some(seq);
            let Some(kind) = Kind::named(&name) else { continue };
            if !named.insert((name, tenant.clone(), id.clone())) {
                continue;
            }
            let body = self.body(kind, &tenant, &id).await?;
            bytes += body.as_ref().map_or(0, String::len);
            things.push(Thing {
                kind: kind.name(),
                place: kind.place(&kind.shared_id(&id)).to_owned(),
                id: kind.shared_id(&id),
                tenant,
                body,
            });
        }
        Ok((last, things))
    }

    /// What something is here.
    async fn body(&self, kind: Kind, tenant: &str, id: &str) -> Result<Option<String>, StoreError> {
        let sql = sqlx::AssertSqlSafe(kind.reading());
        let mut query = sqlx::query_scalar(sql).bind(tenant);
        query = match kind {
            Kind::Record | Kind::Feedback => {
                let Some((replica, entry, created)) = parts(id) else {
                    return Ok(None);
                };
                let query = query.bind(replica.to_owned()).bind(entry);
                match created {
                    Some(created) => query.bind(created),
                    None => query,
                }
            }
            Kind::Subject => {
                let Some((replica, actor)) = id.split_once('/') else {
                    return Ok(None);
                };
                query.bind(replica.to_owned()).bind(actor.to_owned())
            }
            Kind::Conversation | Kind::Title | Kind::Access => query.bind(id.to_owned()),
        };
        let found = query.fetch_optional(self.file.readers()).await;
        found.map_err(|error| self.file.fault(error))
    }

    /// Puts things into the database. Those that are gone go first: a record may have another name since.
    async fn put(&self, things: &[Thing]) -> Result<(), StoreError> {
        let (lives, gone): (Vec<&Thing>, Vec<&Thing>) = things.iter().partition(|thing| thing.body.is_some());
        let mut transaction = self.tables.begin().await?;
        self.check_identity(&mut transaction).await?;
        for (sql, things) in [(GONE, gone), (LIVES, lives)] {
            if things.is_empty() {
                continue;
            }
            let listed = to_json(&things).map_err(|error| self.file.fault(error))?;
            let sql = Sql::new(sql).bind(listed).bind(&self.replica);
            transaction.run(sql).await.map_err(|error| self.clash(error))?;
        }
        transaction.commit().await
    }

    /// Fails where another database is at the address now.
    async fn check_identity(
        &self,
        transaction: &mut trousseau_state::Transaction<'_>,
    ) -> Result<(), StoreError> {
        let sql = Sql::new("SELECT id = ?1 AS found FROM identity");
        if transaction.is_so(sql.bind(self.postgres.identity())).await? {
            return Ok(());
        }
        Err(self.another())
    }

    pub(crate) fn another(&self) -> StoreError {
        StoreError::Rejected {
            database: self.postgres.place().to_owned(),
            reason: "another database is in its place".to_owned(),
        }
    }

    /// Two living records with one name are told as that.
    fn clash(&self, error: StoreError) -> StoreError {
        match &error {
            StoreError::Sql { source, .. }
                if source
                    .as_database_error()
                    .is_some_and(sqlx::error::DatabaseError::is_unique_violation) =>
            {
                StoreError::Clash {
                    database: self.postgres.place().to_owned(),
                    record: source.to_string(),
                }
            }
            _ => error,
        }
    }
}

/// The tenant of this name; none where it is no name of one.
pub(crate) fn tenant(name: &str) -> Option<Tenant> {
    Tenant::new(name.to_owned()).ok()
}
