//! Puts what is in the journal into `records.sqlite`, many writes in one transaction.
//!
//! It is done within [`INTERVAL`], sooner when somebody reads, and the file of the journal is emptied when the
//! transaction is on the disk. What cannot be written stays in the journal and is tried again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::rows::{KeepRow, OpenRow};
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Connection as _, Sqlite, SqliteConnection};
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;
use tokio_util::task::TaskTracker;
use trousseau_core::principal::Tenant;
use trousseau_retrieval::database::Database;
use trousseau_retrieval::error::StoreError;

use crate::gathered::{Gathered, Whole};
use crate::journal::{Shared, Taken};
use crate::title::title_of;
use crate::write::{CloseRow, Write};
use trousseau_entries::entry::State;

/// After how long what was written is in the database.
const INTERVAL: Duration = Duration::from_millis(50);

/// How long is waited after the database refused.
const REFUSED: Duration = Duration::from_millis(500);

/// Somebody who waits until everything that was written before is in the database.
type Settling = oneshot::Sender<Result<(), StoreError>>;

/// The task.
#[derive(Debug)]
pub struct Applier {
    settling: mpsc::Sender<Settling>,
    task: TaskTracker,
}

impl Applier {
    pub fn start(database: Arc<Database>, shared: Arc<Shared>) -> Self {
        let (settling, asked) = mpsc::channel(64);
        let work = Work {
            database,
            shared,
            taken: None,
        };
        let task = TaskTracker::new();
        task.spawn(work.go_on(asked));
        task.close();
        Self { settling, task }
    }

    /// Returns once everything that was written before is in the database.
    pub async fn settle(&self) -> Result<(), StoreError> {
        let ended = || StoreError::Died("the applier of the records has ended".to_owned());
        let (done, heard) = oneshot::channel();
        self.settling.send(done).await.map_err(|_| ended())?;
        heard.await.map_err(|_| ended())?
    }

    /// Ends after the last write.
    pub async fn close(self) {
        drop(self.settling);
        self.task.wait().await;
    }
}

struct Work {
    database: Arc<Database>,
    shared: Arc<Shared>,
    /// What the database has refused so far.
    taken: Option<Taken>,
}

impl Work {
    async fn go_on(mut self, mut asked: mpsc::Receiver<Settling>) {
        loop {
            let settling = tokio::select! {
                settling = asked.recv() => match settling {
                    Some(settling) => Some(settling),
                    None => break,
                },
                () = self.shared.written.notified() => {
                    let pause = if self.taken.is_some() { REFUSED } else { INTERVAL };
                    tokio::select! {
                        settling = asked.recv() => match settling {
                            Some(settling) => Some(settling),
                            None => break,
                        },
                        () = sleep(pause) => None,
                    }
                }
            };
            let applied = self.apply().await;
            if let Err(error) = &applied {
                tracing::warn!(%error, "the records stay in their journal for now");
                self.shared.fail(error.to_string());
                self.shared.written.notify_one();
            }
            if let Some(settling) = settling {
                let _gone = settling.send(applied);
            }
        }
        if let Err(error) = self.apply().await {
            tracing::warn!(%error, "the records stay in their journal until the next start");
        }
    }

    /// Puts everything that is written into the database.
    async fn apply(&mut self) -> Result<(), StoreError> {
        // What was refused, then what has come meanwhile.
        while let Some(taken) = self.taken.take().or_else(|| self.shared.take()) {
            let applied = apply(&self.database, &taken.writes).await;
            let applied = applied.and_then(|()| self.shared.empty(taken.turn));
            if let Err(error) = applied {
                self.taken = Some(taken);
                return Err(error);
            }
            for write in &taken.writes {
                if let Write::Close(row) = write {
                    row.settle();
                }
            }
        }
        Ok(())
    }
}

/// Puts writes into the database in one transaction. What is there already stays as it is.
pub async fn apply(database: &Database, writes: &[Write]) -> Result<(), StoreError> {
    if writes.is_empty() {
        return Ok(());
    }
    let fault = |error| database.fault(error);
    let mut writer = database.writer().await?;
    let mut transaction = writer.begin().await.map_err(fault)?;
    execute_all(&mut transaction, writes).await.map_err(fault)?;
    transaction.commit().await.map_err(fault)
}

async fn execute_all(transaction: &mut SqliteConnection, writes: &[Write]) -> Result<(), sqlx::Error> {
    let gathered = Gathered::of(writes);
    for row in gathered.begun() {
        if let Some(conversation) = &row.conversation {
            go_on(transaction, row, conversation).await?;
        }
    }
    repeat(transaction, WHOLE, &gathered.whole, bind_whole).await?;
    repeat(transaction, INSERT, &gathered.opened, |row, query| {
        bind_open(row, query)
    })
    .await?;
    repeat(transaction, KEEP, &gathered.kept, |row, query| {
        bind_keep(row, query)
    })
    .await?;
    repeat(transaction, CLOSE, &gathered.closed, |row, query| {
        bind_close(row, query)
    })
    .await?;
    note_closed_below(transaction, &gathered.ended()).await
}

/// Notes that the conversation, where it is still there, went on; its first question gives it its title.
async fn go_on(
    transaction: &mut SqliteConnection,
    row: &OpenRow,
    conversation: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE conversations SET updated = max(updated, ?), title = CASE title WHEN '' THEN ? ELSE title END
         WHERE tenant = ? AND id = ? AND actor = ?",
    )
    .bind(row.created)
    .bind(title_of(&row.question))
    .bind(row.tenant.as_str())
    .bind(conversation)
    .bind(&row.actor)
    .execute(transaction)
    .await?;
    Ok(())
}

/// Notes below which entry of each ledger every decision has its outcome.
async fn note_closed_below(
    transaction: &mut SqliteConnection,
    closed: &[&CloseRow],
) -> Result<(), sqlx::Error> {
    let mut ledgers: BTreeMap<(&Tenant, &str), Vec<&CloseRow>> = BTreeMap::new();
    for row in closed {
        let ledger = (&row.tenant, row.closed.entry.replica.as_str());
        ledgers.entry(ledger).or_default().push(row);
    }
    for ((tenant, replica), rows) in ledgers {
        let Some(last) = rows.iter().max_by_key(|row| row.closed.outcome) else {
            continue;
        };
        let decisions: BTreeSet<u64> = rows.iter().map(|row| row.closed.entry.index).collect();
        let next = last.closed.outcome + 1;
        let below = last.owed.first_besides(&decisions).unwrap_or(next).min(next);
        sqlx::query(
            "UPDATE replicas SET closed_below = max(closed_below, ?) WHERE tenant = ? AND replica = ?",
        )
        .bind(below as i64)
        .bind(tenant.as_str())
        .bind(replica)
        .execute(&mut *transaction)
        .await?;
    }
    Ok(())
}

/// A statement with some arguments bound.
type Statement<'q> = Query<'q, Sqlite, SqliteArguments>;

/// How many rows one call of SQLite takes. Each size is a statement of its own, which stays prepared; each call costs
/// two changes of thread.
const SIZES: [usize; 4] = [64, 16, 4, 1];

/// Executes `sql`, which ends in a semicolon and has no numbered parameters, once for each row.
async fn repeat<'q, T>(
    transaction: &mut SqliteConnection,
    sql: &str,
    mut rows: &'q [T],
    bind: impl Fn(&'q T, Statement<'q>) -> Statement<'q>,
) -> Result<(), sqlx::Error> {
    while !rows.is_empty() {
        let size = SIZES.into_iter().find(|size| *size <= rows.len()).unwrap_or(1);
        let (now, later) = rows.split_at(size);
        let query = sqlx::query(sqlx::AssertSqlSafe(sql.repeat(size)));
        let query = now.iter().fold(query, |query, row| bind(row, query));
        query.execute(&mut *transaction).await?;
        rows = later;
    }
    Ok(())
}

/// A record that came into being between two turns is one row at once. Where it is there already, the same turn wrote it,
/// whole, and is made again because the journal's file could not be emptied.
const WHOLE: &str =
    "INSERT INTO records (tenant, replica, entry, state, created, actor, parent, conversation, route,
         label, secret, question, messages, passages, decision, target, model, attempts, answer, answer_digest,
         citations, usage, reasoning, seams, tool_calls, outcome, finished)
     VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT id FROM conversations WHERE tenant = ? AND id = ? AND actor = ?),
         ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;";

fn bind_whole<'q>(whole: &'q Whole<'q>, query: Statement<'q>) -> Statement<'q> {
    let Whole { open, keep, close } = whole;
    let state = close.closed.state.name();
    let query = bind_begun(open, (state, whole.label()), query);
    bind_made(keep, query)
        .bind(close.closed.outcome as i64)
        .bind(close.closed.finished.as_millisecond())
}

/// After a kill the journal may hold what the database has already.
const INSERT: &str =
    "INSERT INTO records (tenant, replica, entry, state, created, actor, parent, conversation, route,
         label, secret, question, messages, passages, decision, attempts, citations)
     VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT id FROM conversations WHERE tenant = ? AND id = ? AND actor = ?),
         ?, ?, ?, ?, ?, ?, ?, '[]', '[]') ON CONFLICT DO NOTHING;";

fn bind_open<'q>(row: &'q OpenRow, query: Statement<'q>) -> Statement<'q> {
    bind_begun(row, (State::Open.name(), &row.label), query)
}

/// What is known of a record from its beginning, in a state and under a label.
fn bind_begun<'q>(
    row: &'q OpenRow,
    (state, label): (&'static str, &'q str),
    query: Statement<'q>,
) -> Statement<'q> {
    query
        .bind(row.tenant.as_str())
        .bind(&row.entry.replica)
        .bind(row.entry.index as i64)
        .bind(state)
        .bind(row.created)
        .bind(&row.actor)
        .bind(&row.parent)
        .bind(row.tenant.as_str())
        .bind(&row.conversation)
        .bind(&row.actor)
        .bind(&row.route)
        .bind(label)
        .bind(row.secret.0.as_slice())
        .bind(&row.question)
        .bind(&row.messages)
        .bind(&row.passages)
        .bind(&row.decision)
}

const KEEP: &str = "UPDATE records SET target = ?, model = ?, attempts = ?, answer = ?, answer_digest = ?,
         citations = ?, usage = ?, reasoning = ?, seams = ?, tool_calls = ?, label = coalesce(nullif(?, ''), label)
     WHERE tenant = ? AND replica = ? AND entry = ?;";

fn bind_keep<'q>(row: &'q KeepRow, query: Statement<'q>) -> Statement<'q> {
    bind_made(row, query)
        .bind(&row.label)
        .bind(row.tenant.as_str())
        .bind(&row.entry.replica)
        .bind(row.entry.index as i64)
}

/// What the calls brought, all but the label.
fn bind_made<'q>(row: &'q KeepRow, query: Statement<'q>) -> Statement<'q> {
    query
        .bind(row.made_by.as_ref().map(|(target, _)| target))
        .bind(row.made_by.as_ref().map(|(_, model)| model))
        .bind(&row.attempts)
        .bind(row.answer.as_ref().map(|(text, _)| text))
        .bind(row.answer.as_ref().map(|(_, digest)| digest))
        .bind(&row.citations)
        .bind(&row.usage)
        .bind(&row.reasoning)
        .bind(&row.seams)
        .bind(&row.tool_calls)
}

const CLOSE: &str =
    "UPDATE records SET outcome = ?, state = ?, finished = ? WHERE tenant = ? AND replica = ? AND entry = ?;";

fn bind_close<'q>(row: &'q CloseRow, query: Statement<'q>) -> Statement<'q> {
    query
        .bind(row.closed.outcome as i64)
        .bind(row.closed.state.name())
        .bind(row.closed.finished.as_millisecond())
        .bind(row.tenant.as_str())
        .bind(&row.closed.entry.replica)
        .bind(row.closed.entry.index as i64)
}
