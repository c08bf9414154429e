//! The records of one file that has an older form, and of several that share them over a real PostgreSQL.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use trousseau_core::error::Explain as _;
use trousseau_core::principal::Tenant;
use trousseau_gateway::commitment::Secret;
use trousseau_gateway::records::{EntryId, FILE, Opened, Records};
use trousseau_ledger::Durability;
use trousseau_record::schema::STEP_1;
use trousseau_retrieval::database::{Access, Database, Schema};
use trousseau_state::{Place, Postgres};
use trousseau_testing::postgres;

#[tokio::test]
async fn records_of_the_first_format_are_read_and_keep_their_pseudonyms() {
    const FIRST: Schema = Schema { steps: &[STEP_1] };
    let folder = tempfile::tempdir().unwrap();
    let old = Database::open(&folder.path().join(FILE), &FIRST, Access::Write)
        .await
        .unwrap();
    let fill = "INSERT INTO replicas VALUES ('default', 'main', zeroblob(32), 2);
        INSERT INTO records (tenant, replica, entry, state, created, actor, route, label, secret, question,
            messages, passages, decision, attempts, citations)
        VALUES ('default', 'main', 0, 'answered', 1, 'alice', 'r', 'public', zeroblob(32), 'Oui ?',
            '[]', '[]', '{}', '[]', '[]')";
    sqlx::raw_sql(fill)
        .execute(&mut *old.writer().await.unwrap())
        .await
        .unwrap();
    old.close().await;

    let records = Records::open(folder.path(), Access::Write).await.unwrap();
    let tenant = Tenant::default();
    let record = records
        .record(&tenant, &"main/0".parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((record.question.as_str(), record.conversation), ("Oui ?", None));
    assert_eq!(records.closed_below(&tenant, "main").await.unwrap(), 2);
    for (user, expected) in [("alice", Secret([0; 32])), ("bob", Secret([9; 32]))] {
        let secret = records
            .subject(&tenant, "main", user, Secret([9; 32]))
            .await
            .unwrap();
        assert!(secret == expected, "{user}");
    }
    records.close().await;
}

async fn database(url: &str) -> Arc<Postgres> {
    let place = Place {
        url: url.to_owned(),
        password: None,
        tls: false,
        authorities: None,
        connections: 4,
        patience: Duration::from_secs(5),
    };
    Arc::new(Postgres::open(place, Access::Write).await.unwrap())
}

async fn joined(folder: &Path, postgres: &Arc<Postgres>, replica: &str) -> Records {
    let records = Records::open(folder, Access::Write).await.unwrap();
    records.share(Some((postgres, replica))).await.unwrap()
}

async fn decide(records: &Records, replica: &str, index: u64, created: i64, question: &str) {
    let entry = EntryId {
        replica: replica.to_owned(),
        index,
    };
    let opened = Opened {
        entry: &entry,
        actor: "alice",
        conversation: None,
        parent: None,
        route: "r",
        label: &trousseau_core::label::Label::default(),
        secret: &Secret([u8::try_from(created % 251).unwrap(); 32]),
        question,
        messages: &[],
        passages: &[],
        decision: "{}".to_owned(),
        created,
    };
    records
        .open_record(&Tenant::default(), opened, Durability::Batch)
        .await
        .unwrap();
}

/// The names of the records there with their questions, as their officer sees them.
async fn names(records: &Records, entries: &[&str]) -> Vec<Option<String>> {
    let mut found = Vec::new();
    for entry in entries {
        let record = records.record(&Tenant::default(), &entry.parse().unwrap()).await;
        found.push(record.unwrap().map(|record| record.question));
    }
    found
}

fn some(questions: &[&str]) -> Vec<Option<String>> {
    questions
        .iter()
        .map(|question| Some((*question).to_owned()))
        .collect()
}

/// Copies the files of a data folder that nobody uses.
fn copy(from: &Path, to: &Path) {
    for entry in fs_err::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs_err::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[tokio::test]
async fn an_older_copy_of_a_folder_and_of_the_database_get_back_what_they_lack_and_nothing_twice() {
    let Some(server) = postgres::database("records-older") else {
        return;
    };
    let postgres = database(&server.url).await;
    let (one, two, older) = (
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    let first = joined(one.path(), &postgres, "one").await;
    decide(&first, "one", 0, 10, "Zéro ?").await;
    first.close().await;
    copy(one.path(), older.path());
    let first = joined(one.path(), &postgres, "one").await;
    decide(&first, "one", 2, 20, "Deux \u{0} « ' \\ ?").await;
    first.close().await;
    let kept = "SELECT count(*) FROM trousseau.kept WHERE kind = 'record' AND body IS NOT NULL";
    assert_eq!(server.number(kept), 2);

    // Its copy of before is the same folder, and has everything again.
    let first = joined(older.path(), &postgres, "one").await;
    let all = some(&["Zéro ?", "Deux \u{0} « ' \\ ?"]);
    assert_eq!(names(&first, &["one/0", "one/2"]).await, all);
    let second = joined(two.path(), &postgres, "two").await;
    assert_eq!(names(&second, &["one/0", "one/2"]).await, all);
    assert_eq!(server.number(kept), 2);

    // The database of before has what it lacked as soon as somebody who has it looks; those who had heard more hear it again.
    server.run(
        "DELETE FROM trousseau.kept WHERE number > 1; ALTER SEQUENCE trousseau.kept_number RESTART WITH 2",
    );
    assert_eq!(server.number(kept), 1);
    assert_eq!(names(&second, &["one/2"]).await, all[1..]);
    assert_eq!(names(&first, &["one/2"]).await, all[1..]);
    second.close().await;
    first.close().await;
    assert_eq!(server.number(kept), 2);
    postgres.close().await;
}

#[tokio::test]
async fn what_a_ledger_lost_is_set_apart_on_every_replica_and_its_number_is_given_again() {
    let Some(server) = postgres::database("records-apart") else {
        return;
    };
    let postgres = database(&server.url).await;
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = joined(one.path(), &postgres, "one").await;
    let second = joined(two.path(), &postgres, "two").await;
    decide(&first, "one", 0, 10, "Zéro ?").await;
    decide(&first, "one", 4, 20, "Perdue ?").await;
    first.close().await;
    assert_eq!(
        names(&second, &["one/0", "one/4"]).await,
        some(&["Zéro ?", "Perdue ?"])
    );
    let first = joined(one.path(), &postgres, "one").await;
    let tenant = Tenant::default();
    assert_eq!(first.set_apart(&tenant, "one", 4, "one-apart").await.unwrap(), 1);
    decide(&first, "one", 4, 30, "Nouvelle ?").await;
    first.close().await;
    let expected = some(&["Zéro ?", "Nouvelle ?", "Perdue ?"]);
    assert_eq!(names(&second, &["one/0", "one/4", "one-apart/4"]).await, expected);
    second.close().await;
    postgres.close().await;
}

#[tokio::test]
async fn a_folder_that_shares_no_more_and_then_again_brings_what_came_meanwhile() {
    let Some(server) = postgres::database("records-alone") else {
        return;
    };
    let postgres = database(&server.url).await;
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = joined(one.path(), &postgres, "one").await;
    decide(&first, "one", 0, 10, "Avant ?").await;
    first.close().await;
    let alone = Records::open(one.path(), Access::Write)
        .await
        .unwrap()
        .share(None)
        .await
        .unwrap();
    decide(&alone, "one", 2, 20, "Seul ?").await;
    alone.close().await;
    let first = joined(one.path(), &postgres, "one").await;
    let second = joined(two.path(), &postgres, "two").await;
    assert_eq!(
        names(&second, &["one/0", "one/2"]).await,
        some(&["Avant ?", "Seul ?"])
    );

    // While one process has a name, no other gets it: not even the same folder's.
    let twin = tempfile::tempdir().unwrap();
    let records = Records::open(twin.path(), Access::Write).await.unwrap();
    let refused = records.share(Some((&postgres, "one"))).await.unwrap_err();
    assert_eq!(refused.code(), "store-replica-twice");
    first.close().await;
    second.close().await;
    postgres.close().await;
}
