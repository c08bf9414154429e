//! Requests that are made together are written together, each with its own end, and a kill takes nothing that was
//! acknowledged.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use futures_util::future::join_all;
use trousseau_core::error::Explain as _;
use trousseau_core::principal::Tenant;
use trousseau_gateway::commitment::Secret;
use trousseau_gateway::entry::State;
use trousseau_gateway::records::{EntryId, Opened, Records};
use trousseau_ledger::Durability;
use trousseau_plan::policy_digest;
use trousseau_policy::rules::Rules;
use trousseau_retrieval::database::Access;
use trousseau_testing::long;

use crate::child;
use crate::conversations::{person, staged, tell};
use crate::stage::{self, REPLICA, Stage, own, question, unknown};
use crate::truth;

fn main(index: u64) -> EntryId {
    let replica = REPLICA.to_owned();
    EntryId { replica, index }
}

fn opened<'a>(entry: &'a EntryId, secret: &'a Secret, label: &'a trousseau_core::label::Label) -> Opened<'a> {
    Opened {
        entry,
        actor: "alice",
        conversation: None,
        parent: None,
        route: "documents",
        label,
        secret,
        question: "Oui ?",
        messages: &[],
        passages: &[],
        decision: "{}".to_owned(),
        created: 1,
    }
}

#[test]
fn what_is_there_already_stays_as_it_is() {
    let stage = Stage::new();
    stage::run(async {
        let records = Records::open(&stage.data(), Access::Write).await.unwrap();
        let (tenant, label) = (Tenant::default(), "internal".parse().unwrap());
        for durability in [Durability::Batch, Durability::Request] {
            // Every third one is written twice.
            let first = if durability == Durability::Batch { 0 } else { 1000 };
            let indexes: Vec<u64> = (0..90)
                .map(|number| first + number - u64::from(number % 3 == 2))
                .collect();
            let writes = indexes.iter().enumerate().map(|(number, index)| {
                let (records, tenant, label) = (&records, &tenant, &label);
                async move {
                    let (entry, secret) = (main(*index), Secret([7; 32]));
                    let mut opened = opened(&entry, &secret, label);
                    opened.created = number as i64;
                    records.open_record(tenant, opened, durability).await
                }
            });
            for written in join_all(writes).await {
                written.unwrap();
            }
            for (number, index) in indexes.iter().enumerate() {
                let record = records.record(&tenant, &main(*index)).await.unwrap().unwrap();
                let twice = number % 3 == 2;
                assert_eq!(record.created, number as i64 - i64::from(twice), "{index}");
            }
        }
        records.close().await;
    });
}

#[test]
fn a_write_whose_request_has_gone_is_made() {
    let stage = Stage::new();
    stage::run(async {
        let records = Records::open(&stage.data(), Access::Write).await.unwrap();
        let (tenant, label) = (Tenant::default(), "internal".parse().unwrap());
        let entry = main(0);
        let write = async {
            let opened = opened(&entry, &Secret([7; 32]), &label);
            records
                .open_record(&tenant, opened, Durability::Request)
                .await
                .unwrap();
        };
        assert!(!stage::poll_times(1, write).await);
        records.close().await;
        let records = Records::open(&stage.data(), Access::Read).await.unwrap();
        assert!(records.record(&tenant, &entry).await.unwrap().is_some());
        let entry = main(1);
        let secret = Secret([7; 32]);
        let refused = records.open_record(&tenant, opened(&entry, &secret, &label), Durability::Batch);
        assert_eq!(
            refused.await.unwrap_err().code(),
            "store-sql",
            "opened for reading only"
        );
        records.close().await;
    });
}

#[test]
fn many_at_once_have_each_their_record_and_outcome() {
    let stage = Stage::new();
    stage::run(async {
        for durability in [Durability::Batch, Durability::Request] {
            let gateway = staged(&stage, "Oui.").await;
            stage::change(&gateway, |plan| plan.settings.routes[0].durability = durability);
            let begun = gateway.begin_conversation(&person("alice")).await.unwrap();
            let asked = (0..64).map(|number| {
                let mut asked = question(&format!("Question {number} ?"));
                asked.conversation = (number % 2 == 0).then(|| begun.id.clone());
                let gateway = &gateway;
                async move { tell(gateway, &person("alice"), asked).await }
            });
            let entries = join_all(asked).await;
            for (number, entry) in entries.iter().enumerate() {
                let record = gateway.own_record(&person("alice"), entry).await.unwrap();
                assert_eq!(record.question, format!("Question {number} ?"));
                assert_eq!(
                    (record.state, record.answer.as_deref()),
                    (State::Answered, Some("Oui."))
                );
                assert_eq!(record.conversation.is_some(), number % 2 == 0);
            }
            gateway.close().await.unwrap();
        }
    });
    truth::check_ledger(&stage.data(), &Tenant::default());
    let closed: u64 = stage::run(async {
        let mut database = truth::database(&stage.data(), "records.sqlite").await;
        let below: i64 = sqlx::query_scalar("SELECT closed_below FROM replicas")
            .fetch_one(&mut database)
            .await
            .unwrap();
        below.unsigned_abs()
    });
    let decisions = stage.entries(&Tenant::default());
    assert!(closed as usize <= decisions.len() && closed > 128, "{closed}");
}

#[test]
fn whoever_is_killed_while_many_ask_has_kept_what_was_acknowledged() {
    let stage = Stage::new();
    let rounds = if long() { 60 } else { 8 };
    let mut acknowledged = 0;
    for round in 0..rounds {
        let task = if round % 2 == 0 {
            "ask-request"
        } else {
            "ask-batch"
        };
        let mut child = child::start(task, stage.root(), &[]);
        let answered = stage.root().join("answered");
        while fs_err::metadata(&answered).map_or(0, |file| file.len()) < 100 {
            assert!(child.try_wait().unwrap().is_none());
            std::thread::sleep(Duration::from_millis(2));
        }
        std::thread::sleep(Duration::from_millis(20 + round * 13 % 90));
        child.kill().unwrap();
        child.wait().unwrap();
        let answered = fs_err::read_to_string(stage.root().join("answered")).unwrap();
        fs_err::remove_file(stage.root().join("answered")).unwrap();
        stage::run(async {
            let gateway = stage.open().await;
            let tenant = Tenant::default();
            gateway
                .logs
                .log(&tenant, &gateway.records, (gateway.now)())
                .await
                .unwrap();
            // The last line may be cut.
            let lines = answered.split_inclusive('\n').filter(|line| line.ends_with('\n'));
            for line in lines {
                let (index, text) = line.trim_end().split_once(' ').unwrap();
                let entry = main(index.parse().unwrap());
                let record = gateway.records.record(&tenant, &entry).await.unwrap().unwrap();
                assert_eq!((record.question.as_str(), record.state), (text, State::Answered));
                assert_eq!(record.answer.as_deref(), Some("Oui."));
                acknowledged += 1;
            }
            let open = gateway.records.open_entries(&tenant, REPLICA, 0).await.unwrap();
            assert_eq!(open, [] as [u64; 0]);
            gateway.close().await.unwrap();
        });
        truth::check_ledger(&stage.data(), &Tenant::default());
    }
    assert!(acknowledged > 20, "{acknowledged}");
}

/// What the child does: asks eight at a time until it is killed, and writes down what was acknowledged.
pub(crate) async fn work(task: &str, root: &Path) {
    let gateway = stage::open(&root.join("data")).await.unwrap();
    let script = [crate::scripted::Step::Say("Oui."), crate::scripted::Step::End];
    let model = crate::scripted::Scripted::new("local", root.join("data"), &script);
    stage::cast(&gateway, "local", &model);
    if task == "ask-batch" {
        stage::change(&gateway, |plan| {
            plan.settings.routes[0].durability = Durability::Batch;
        });
    }
    let file = fs_err::File::create(root.join("answered")).unwrap();
    let asking = (0..8).map(|connection| {
        let (gateway, mut file) = (&gateway, &file);
        async move {
            for number in 0.. {
                let text = format!("Question {connection} {number} ?");
                let entry = tell(gateway, &person("alice"), question(&text)).await;
                let line = format!("{} {text}\n", entry.index);
                file.write_all(line.as_bytes()).unwrap();
            }
        }
    });
    join_all(asking).await;
}

#[test]
fn records_of_entries_that_a_power_loss_took_are_set_apart() {
    let stage = Stage::new();
    stage::run(async {
        let gateway = staged(&stage, "Oui.").await;
        for number in 0..3 {
            tell(
                &gateway,
                &person("alice"),
                question(&format!("Question {number} ?")),
            )
            .await;
        }
        gateway.close().await.unwrap();
    });
    let folder = trousseau_gateway::logs::folder(&stage.data(), &Tenant::default(), REPLICA);
    // All of it.
    fs_err::remove_dir_all(&folder).unwrap();
    stage::run(async {
        let gateway = staged(&stage, "Non.").await;
        let entry = tell(&gateway, &person("alice"), question("Après ?")).await;
        assert_eq!(entry, main(0), "the ledger begins anew");
        let record = gateway.own_record(&person("alice"), &entry).await.unwrap();
        assert_eq!(record.answer.as_deref(), Some("Non."));
        let listing = trousseau_gateway::records::own::Listing {
            limit: 9,
            ..Default::default()
        };
        let page = gateway.records_of(&person("alice"), &listing).await.unwrap();
        assert_eq!(page.items.len(), 4);
        let apart: Vec<_> = page
            .items
            .iter()
            .filter(|found| found.replica != REPLICA)
            .collect();
        assert_eq!(apart.len(), 3);
        assert!(
            apart
                .iter()
                .all(|found| found.replica.starts_with("main~") && found.state == State::Answered)
        );
        gateway.close().await.unwrap();
    });
    truth::check_ledger(&stage.data(), &Tenant::default());
}

#[test]
fn the_digest_of_a_policy_tells_policies_apart() {
    let rules = Rules::default();
    let digest = |targets: &[_]| policy_digest(&rules, targets).unwrap();
    let known = digest(&[own("a"), unknown("b")]);
    assert_eq!(known, digest(&[own("a"), unknown("b")]));
    for other in [
        vec![own("a")],
        vec![own("a"), own("b")],
        vec![unknown("b"), own("a")],
        vec![],
    ] {
        assert_ne!(known, digest(&other));
    }
}
