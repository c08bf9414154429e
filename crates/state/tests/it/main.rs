//! The database of the replicas, on a real server: how it is reached and refused, made, migrated by two at once, and heard.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use trousseau_core::error::{ErrorKind, Explain as _};
use trousseau_retrieval::database::{Access, Schema};
use trousseau_retrieval::error::StoreError;
use trousseau_state::{Bell, Place, Postgres, Sql, Steps, Tables};
use trousseau_testing::postgres;

mod reached;

const FILE: Schema = Schema {
    steps: &["CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT, bytes BLOB NOT NULL) STRICT"],
};

const SHARED: Steps = Steps {
    store: "notes",
    steps: &["
CREATE TABLE trousseau.notes (id BIGINT PRIMARY KEY, text TEXT, bytes BYTEA NOT NULL);
CREATE FUNCTION trousseau.note_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM trousseau.tell('note', NEW.id::text);
    RETURN NULL;
END
$$;
CREATE TRIGGER told AFTER INSERT OR UPDATE ON trousseau.notes
    FOR EACH ROW EXECUTE FUNCTION trousseau.note_changed();
"],
};

/// How a database of the shared server is reached.
fn place(url: &str) -> Place {
    Place {
        url: url.to_owned(),
        password: None,
        tls: false,
        authorities: None,
        connections: 4,
        patience: Duration::from_secs(5),
    }
}

async fn open(url: &str) -> Arc<Postgres> {
    Arc::new(Postgres::open(place(url), Access::Write).await.unwrap())
}

async fn add(tables: &Tables, id: i64, text: Option<&str>) {
    let mut transaction = tables.begin().await.unwrap();
    let sql = Sql::new("INSERT INTO notes (id, text, bytes) VALUES (?1, ?2, ?3)");
    let added = transaction.run(sql.bind(id).bind(text).bind(vec![0, 255])).await;
    assert_eq!(added.unwrap(), 1);
    transaction.commit().await.unwrap();
}

/// What both databases say of the same statements.
async fn both_say(tables: &Tables) {
    add(tables, 7, Some("été ' \"?\"")).await;
    add(tables, i64::MIN, None).await;
    let rows = tables
        .all(Sql::new("SELECT * FROM notes ORDER BY id"))
        .await
        .unwrap();
    let read = |at: usize| {
        let row = &rows[at];
        (
            row.try_get::<i64>("id").unwrap(),
            row.try_get::<Option<String>>("text").unwrap(),
            row.try_get::<Vec<u8>>("bytes").unwrap(),
        )
    };
    assert_eq!(read(0), (i64::MIN, None, vec![0, 255]));
    assert_eq!(read(1), (7, Some("été ' \"?\"".to_owned()), vec![0, 255]));
    let none = Sql::new("SELECT 1 AS found FROM notes WHERE text IS NOT DISTINCT FROM ? AND id = ?");
    assert!(
        tables
            .optional(none.clone().bind(None::<&str>).bind(i64::MIN))
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        tables
            .optional(none.bind(Some("x")).bind(7))
            .await
            .unwrap()
            .is_none()
    );
    let exists = Sql::new("SELECT EXISTS (SELECT 1 FROM notes WHERE id = ?) AS found");
    assert!(tables.is_so(exists.clone().bind(7)).await.unwrap());
    assert!(!tables.is_so(exists.bind(8)).await.unwrap());
    // What is not committed was never there.
    let mut dropped = tables.begin().await.unwrap();
    let sql = Sql::new("UPDATE notes SET text = ? RETURNING *").bind("gone");
    assert_eq!(dropped.all(sql).await.unwrap().len(), 2);
    drop(dropped);
    let gone = Sql::new("SELECT EXISTS (SELECT 1 FROM notes WHERE text = 'gone') AS found");
    let mut transaction = tables.begin().await.unwrap();
    assert!(!transaction.is_so(gone.clone()).await.unwrap());
    transaction.commit().await.unwrap();
    assert!(!tables.is_so(gone).await.unwrap());
}

#[tokio::test]
async fn a_file_and_a_server_say_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let file = Tables::file(&folder.path().join("notes.sqlite"), &FILE, Access::Write)
        .await
        .unwrap();
    both_say(&file).await;
    file.close().await;
    let Some(database) = postgres::database("state-same") else {
        return;
    };
    let postgres = open(&database.url).await;
    let shared = Tables::shared(&postgres, &SHARED, Access::Write).await.unwrap();
    both_say(&shared).await;
    postgres.close().await;
}

#[tokio::test]
async fn replicas_that_start_together_make_the_tables_once() {
    let Some(database) = postgres::database("state-together") else {
        return;
    };
    let mut starting = JoinSet::new();
    for _ in 0..8 {
        let url = database.url.clone();
        starting.spawn(async move {
            let postgres = open(&url).await;
            let tables = Tables::shared(&postgres, &SHARED, Access::Write).await;
            tables.unwrap();
            postgres.close().await;
        });
    }
    starting.join_all().await;
    assert_eq!(database.number("SELECT count(*) FROM trousseau.versions"), 2);
    assert_eq!(
        database.number("SELECT sum(number)::bigint FROM trousseau.versions"),
        2
    );
}

#[tokio::test]
async fn tables_of_a_newer_program_are_refused_and_a_reader_makes_none() {
    let Some(database) = postgres::database("state-newer") else {
        return;
    };
    let reader = Postgres::open(place(&database.url), Access::Read)
        .await
        .unwrap_err();
    assert!(
        matches!(
            reader,
            StoreError::Older {
                found: 0,
                known: 1,
                ..
            }
        ),
        "{reader}"
    );
    let postgres = open(&database.url).await;
    Tables::shared(&postgres, &SHARED, Access::Write).await.unwrap();
    database.run("UPDATE trousseau.versions SET number = 2 WHERE store = 'notes'");
    for access in [Access::Read, Access::Write] {
        let refused = Tables::shared(&postgres, &SHARED, access).await.unwrap_err();
        assert!(
            matches!(
                refused,
                StoreError::Newer {
                    found: 2,
                    known: 1,
                    ..
                }
            ),
            "{refused}"
        );
        assert_eq!(refused.code(), "store-newer");
    }
    database.run("UPDATE trousseau.versions SET number = 9 WHERE store = 'changes'");
    let refused = Postgres::open(place(&database.url), Access::Write)
        .await
        .unwrap_err();
    assert!(matches!(refused, StoreError::Newer { found: 9, .. }), "{refused}");
}

#[tokio::test]
async fn a_change_is_heard_by_bell_and_told_once_and_in_order() {
    let Some(database) = postgres::database("state-bell") else {
        return;
    };
    let (here, there) = (open(&database.url).await, open(&database.url).await);
    let tables = Tables::shared(&here, &SHARED, Access::Write).await.unwrap();
    let mut bell = Bell::new(Arc::clone(&there));
    // Waited for once, it listens.
    bell.wait().await;
    assert!(there.news().await.unwrap().is_empty());
    let mut rung = false;
    for id in 0..20 {
        let begun = Instant::now();
        let (_, ()) = tokio::join!(bell.wait(), add(&tables, id, None));
        rung |= begun.elapsed() < Duration::from_millis(250);
    }
    assert!(rung, "not once was it sooner than by looking");
    let news = there.news().await.unwrap();
    let mut told: Vec<i64> = news.of("note").map(|id| id.parse().unwrap()).collect();
    told.sort_unstable();
    assert_eq!(told, (0..20).collect::<Vec<_>>());
    assert!(!news.is_all() && news.concerns("note") && !news.concerns("key"));
    // Not heard, it is told again.
    assert_eq!(there.news().await.unwrap(), news);
    there.heard(&news);
    assert!(there.news().await.unwrap().is_empty());
}

#[tokio::test]
async fn no_change_is_passed_over_however_many_write_at_once() {
    let Some(database) = postgres::database("state-order") else {
        return;
    };
    let reader = open(&database.url).await;
    let mut writers = JoinSet::new();
    for writer in 0..4_i64 {
        let url = database.url.clone();
        writers.spawn(async move {
            let postgres = open(&url).await;
            let tables = Tables::shared(&postgres, &SHARED, Access::Write).await;
            let tables = tables.unwrap();
            for number in 0..25 {
                add(&tables, writer * 100 + number, None).await;
            }
            postgres.close().await;
        });
    }
    let mut heard = std::collections::BTreeSet::new();
    let begun = Instant::now();
    while heard.len() < 100 {
        let news = reader.news().await.unwrap();
        heard.extend(news.of("note").map(str::to_owned));
        reader.heard(&news);
        assert!(begun.elapsed() < Duration::from_secs(60), "{} heard", heard.len());
    }
    writers.join_all().await;
}
