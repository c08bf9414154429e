//! What a model wrote before its answer is kept with it: shown to its owner, found by no search, erased with the record.

use serde_json::{Value, json};
use tokio::sync::mpsc;
use trousseau_core::principal::Principal;
use trousseau_gateway::records::own::Listing;
use trousseau_gateway::records::{EntryId, Reasoning, Thought};
use trousseau_gateway::service::Gateway;

use crate::conversations::{person, tell};
use crate::erasure::holds;
use crate::live::{begin, listen};
use crate::scripted::{Scripted, Step};
use crate::stage::{self, Stage, ask, cast, question};
use crate::truth;
use crate::wired::scripted;

/// A word that stands in no other place.
const THOUGHT: &str = "Zorglubons d’abord. ";

async fn thinking(stage: &Stage, script: &[Step]) -> Gateway {
    let gateway = stage.open().await;
    let model = Scripted::new("local", stage.data(), script);
    cast(&gateway, "local", &model);
    gateway
}

async fn kept(gateway: &Gateway, who: &Principal, entry: &EntryId) -> Option<Reasoning> {
    gateway.own_record(who, entry).await.unwrap().reasoning
}

fn listing(text: Option<&str>) -> Listing {
    Listing {
        limit: 10,
        text: text.map(str::to_owned),
        ..Listing::default()
    }
}

#[test]
fn reasoning_is_kept_with_its_answer_and_goes_with_it() {
    let stage = Stage::new();
    let script = [
        Step::Think(THOUGHT),
        Step::Wait,
        Step::Think("Puis répondons."),
        Step::Say("Oui."),
        Step::End,
    ];
    stage::run(async {
        let gateway = thinking(&stage, &script).await;
        let alice = person("alice");
        let (answered, _) = ask(&gateway, &alice, question("Est-ce ouvert ?")).await;
        let answered = answered.unwrap();
        let thought = answered.thought.unwrap();
        assert!(
            thought.milliseconds.unwrap() >= 500 && !thought.cut,
            "{thought:?}"
        );

        let text = format!("{THOUGHT}Puis répondons.");
        let expected = Reasoning { text, thought };
        assert_eq!(kept(&gateway, &alice, &answered.entry).await, Some(expected));
        let listed = gateway.records_of(&alice, &listing(None)).await.unwrap();
        assert_eq!(listed.items[0].reasoning, Some(thought));
        let shown = serde_json::to_string(&listed).unwrap();
        assert!(!shown.contains("Zorglub"), "{shown}");
        for (typed, found) in [("zorglubons", 0), ("oui", 1)] {
            let page = gateway.records_of(&alice, &listing(Some(typed))).await.unwrap();
            assert_eq!(page.items.len(), found, "{typed}");
        }

        let (lines, mut heard) = mpsc::channel(100);
        let account = Value::Null;
        let exported = gateway.export_subject(&alice.tenant, "alice", account, &lines);
        exported.await.unwrap();
        drop(lines);
        let mut export = String::new();
        while let Some(line) = heard.recv().await {
            export.push_str(&line);
        }
        assert!(export.contains("Zorglubons"), "{export}");

        assert!(holds(&stage.data(), b"Zorglubons"));
        gateway.delete_record(&alice, &answered.entry).await.unwrap();
        gateway.close().await.unwrap();
        assert!(!holds(&stage.data(), b"Zorglubons"));
    });
    stage::run(truth::check(&stage.data()));
}

#[test]
fn reasoning_that_nothing_follows_is_kept_as_cut() {
    for script in [
        &[Step::Think(THOUGHT), Step::End][..],
        &[Step::Say("Oui."), Step::Think(THOUGHT), Step::Fail],
    ] {
        let stage = Stage::new();
        stage::run(async {
            let gateway = thinking(&stage, script).await;
            let alice = person("alice");
            let _ended = ask(&gateway, &alice, question("Est-ce ouvert ?")).await;
            let listed = gateway.records_of(&alice, &listing(None)).await.unwrap();
            assert!(listed.items[0].reasoning.unwrap().cut, "{listed:?}");
            gateway.close().await.unwrap();
        });
    }
}

#[test]
fn records_of_before_are_read_without_a_reasoning() {
    let stage = Stage::new();
    let script = [Step::Think(THOUGHT), Step::Say("Oui."), Step::End];
    stage::run(async {
        let gateway = thinking(&stage, &script).await;
        let alice = person("alice");
        let entry = tell(&gateway, &alice, question("Est-ce ouvert ?")).await;
        gateway.close().await.unwrap();
        let mut database = truth::database(&stage.data(), "records.sqlite").await;
        let before = "DROP TABLE outbox; DROP TABLE exchange; DROP INDEX accesses_by_uid; ALTER TABLE accesses DROP COLUMN uid;
            ALTER TABLE records DROP COLUMN seams; ALTER TABLE records DROP COLUMN reasoning; ALTER TABLE records DROP COLUMN tool_calls; PRAGMA user_version = 4";
        sqlx::raw_sql(before).execute(&mut database).await.unwrap();
        sqlx::Connection::close(database).await.unwrap();

        let gateway = thinking(&stage, &script).await;
        let record = gateway.own_record(&alice, &entry).await.unwrap();
        assert_eq!((record.answer.as_deref(), record.reasoning), (Some("Oui."), None));
        let entry = tell(&gateway, &alice, question("Et le samedi ?")).await;
        let Thought { cut, .. } = kept(&gateway, &alice, &entry).await.unwrap().thought;
        assert!(!cut);
        gateway.close().await.unwrap();
    });
}

#[tokio::test]
async fn its_events_end_with_how_it_was_reasoned() {
    let stage = Stage::new();
    let script = [
        Step::Think(THOUGHT),
        Step::Say("Le guichet ouvre à neuf heures."),
        Step::End,
    ];
    let wired = scripted(&stage, &script).await;
    let id = begin(&wired, Value::Null).await;
    let heard = listen(&wired, &id, &[]).await;
    let events = heard.named_events();
    assert!(
        events.contains(&("reasoning", json!({ "text": THOUGHT }))),
        "{events:?}"
    );
    let (_, end) = events.last().unwrap();
    assert_eq!(
        (&end["reasoning"]["cut"], &end["language"]),
        (&json!(false), &json!("fr"))
    );
}
