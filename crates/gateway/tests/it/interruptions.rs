//! A request that is cut between its decision and its end is closed at the next start, whatever it was cut in.

use serde_json::Value;
use tokio::sync::mpsc;
use trousseau_core::digest::Digest;
use trousseau_core::principal::Tenant;
use trousseau_gateway::entry::State;
use trousseau_gateway::records::{EntryId, Records};
use trousseau_retrieval::database::Access;

use crate::scripted::{Scripted, Step};
use crate::stage::{self, REPLICA, Stage, ask, cast, operator, question};
use crate::truth;

async fn state(stage: &Stage, index: u64) -> State {
    let records = Records::open(&stage.data(), Access::Read).await.unwrap();
    let replica = REPLICA.to_owned();
    let record = records
        .record(&Tenant::default(), &EntryId { replica, index })
        .await;
    records.close().await;
    record.unwrap().unwrap().state
}

/// Asks, and is gone while the model still thinks.
async fn ask_and_go(stage: &Stage, times: usize) {
    let gateway = stage.open().await;
    let model = Scripted::new("local", stage.data(), &[Step::Say("Je"), Step::Hang]);
    cast(&gateway, "local", &model);
    for _ in 0..times {
        let (events, mut heard) = mpsc::channel(64);
        let operator = operator();
        let asking = gateway.answer(&operator, question("Une question ?"), &events);
        let started = async {
            while !matches!(
                heard.recv().await,
                Some(trousseau_gateway::answer::AnswerEvent::Part(_))
            ) {}
        };
        tokio::select! {
            _ = asking => panic!("the model hangs"),
            () = started => {}
        }
    }
}

/// Starts, as a service does that nobody asks anything, which settles what was left.
async fn settle(stage: &Stage) -> Vec<Value> {
    let gateway = stage.open().await;
    gateway.settle_ledgers().await.unwrap();
    gateway.close().await.unwrap();
    truth::check_ledger(&stage.data(), &Tenant::default());
    stage.entries(&Tenant::default())
}

#[test]
fn every_request_that_was_cut_is_closed_at_the_next_start() {
    let stage = Stage::new();
    stage::run(ask_and_go(&stage, 3));
    let entries = stage::run(settle(&stage));
    let kinds: Vec<&str> = entries
        .iter()
        .map(|entry| entry["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "decision", "decision", "decision", "outcome", "outcome", "outcome"
        ]
    );
    for (index, outcome) in entries[3..].iter().enumerate() {
        assert_eq!(
            (&outcome["decision"], &outcome["state"]),
            (&index.into(), &"interrupted".into())
        );
        assert_eq!(stage::run(state(&stage, index as u64)), State::Interrupted);
    }
    // Once.
    assert_eq!(stage::run(settle(&stage)).len(), 6);
}

#[test]
fn closing_that_is_cut_too_is_taken_up_again() {
    let stage = Stage::new();
    stage::run(ask_and_go(&stage, 4));
    // Each start gets a little further.
    for times in 1..200 {
        let ended = stage::run(stage::poll_times(times, open_again(&stage)));
        if ended {
            break;
        }
    }
    stage::run(open_again(&stage));
    truth::check_ledger(&stage.data(), &Tenant::default());
    for index in 0..4 {
        assert_eq!(stage::run(state(&stage, index)), State::Interrupted);
    }
}

async fn open_again(stage: &Stage) {
    let gateway = stage.open().await;
    let now = (gateway.now)();
    gateway
        .logs
        .log(&Tenant::default(), &gateway.records, now)
        .await
        .unwrap();
}

#[test]
fn a_request_that_ends_at_any_await_has_one_outcome_and_a_record_that_agrees() {
    let stage = Stage::new();
    stage.write("a.txt", "Le guichet ouvre à neuf heures.\n");
    for times in 1..500 {
        let ended = stage::run(async {
            let gateway = stage.open().await;
            let script = [Step::Say("À neuf heures."), Step::Cite, Step::End];
            let model = Scripted::new("local", stage.data(), &script);
            cast(&gateway, "local", &model);
            if times == 1 {
                let tenant = Tenant::default();
                stage::ingest(&gateway, &tenant, stage::all_of(stage.files()))
                    .await
                    .unwrap();
            }
            let operator = operator();
            let first = async {
                let first = ask(&gateway, &operator, question("Quand ouvre le guichet ?"));
                first.await.0.unwrap();
            };
            let ended = Box::pin(stage::poll_times(times, first)).await;
            // Another one ends well before the program does.
            let second = ask(&gateway, &operator, question("À quelle heure ouvre le guichet ?"));
            second.await.0.unwrap();
            ended
        });
        let entries = stage::run(settle(&stage));
        for (index, entry) in entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| entry["type"] == "decision")
        {
            let outcome = entries
                .iter()
                .find(|outcome| outcome["decision"] == index)
                .unwrap();
            stage::run(agree(&stage, index as u64, entry, outcome));
        }
        if ended {
            assert!(times > 8);
            return;
        }
    }
    panic!("the request never ended");
}

/// Checks a record, where there is one, against its entries.
async fn agree(stage: &Stage, index: u64, decision: &Value, outcome: &Value) {
    let records = Records::open(&stage.data(), Access::Read).await.unwrap();
    let replica = REPLICA.to_owned();
    let record = records
        .record(&Tenant::default(), &EntryId { replica, index })
        .await
        .unwrap();
    records.close().await;
    let Some(record) = record else {
        // Cut before it could be kept, and so before anything was sent.
        assert_eq!(outcome["state"], "interrupted");
        return;
    };
    assert_eq!(record.state.name(), outcome["state"]);
    assert!(record.outcome.is_some());
    let secret = trousseau_gateway::commitment::Secret(record.secret.parse::<Digest>().unwrap().0);
    let commit =
        |field, content: &str| serde_json::to_value(secret.commit(field, content.as_bytes())).unwrap();
    assert_eq!(decision["question"], commit("question", &record.question));
    if record.state == State::Answered {
        assert_eq!(outcome["answer"], commit("answer", &record.answer.unwrap()));
    }
}
