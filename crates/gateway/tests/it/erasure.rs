//! What is erased is nowhere any more, and every proof still holds.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::sync::mpsc;
use trousseau_core::digest::Digest;
use trousseau_core::error::Explain as _;
use trousseau_core::principal::{Principal, Role, Tenant};
use trousseau_gateway::commitment::Secret;
use trousseau_gateway::records::own::Listing;
use trousseau_gateway::records::{Feedback, Rating};
use trousseau_gateway::service::Gateway;
use trousseau_ledger::Proof;

use crate::conversations::{person, staged, tell};
use crate::stage::{self, REPLICA, Stage, ask, question};
use crate::truth;

/// Words that stand in no other place.
const ASKED: &str = "zorglubique";
const SAID: &str = "Bulgroz, dit-elle.";
const COMMENT: &str = "schtroumpfement";

/// Whether a file of the record store holds these bytes.
pub(crate) fn holds(data: &Path, what: &[u8]) -> bool {
    let files = ["records.sqlite", "records.sqlite-wal", "records.sqlite-shm"];
    let files = files
        .iter()
        .map(|name| data.join(name))
        .filter(|path| path.exists());
    let mut files = files.map(|path| fs_err::read(path).unwrap());
    files.any(|bytes| bytes.windows(what.len()).any(|window| window == what))
}

fn secrets(data: &Path) -> Vec<&'static [u8]> {
    let words: [&[u8]; 4] = [ASKED.as_bytes(), b"Bulgroz", b"bulgroz", COMMENT.as_bytes()];
    words.into_iter().filter(|word| holds(data, word)).collect()
}

/// Alice asks twice, once in a conversation, and rates; Bob asks once.
async fn live(gateway: &Gateway) -> (Proof, Vec<u8>) {
    let alice = person("alice");
    let begun = gateway.begin_conversation(&alice).await.unwrap();
    let mut asked = question(&format!("Le guichet est-il {ASKED} ?"));
    asked.conversation = Some(begun.id);
    let entry = tell(gateway, &alice, asked).await;
    let long = format!("Et {} {ASKED} ?", "le samedi ".repeat(2000));
    tell(gateway, &alice, question(&long)).await;
    let comment = COMMENT.to_owned();
    let feedback = Feedback {
        rating: Rating::Down,
        comment,
    };
    gateway.rate(&alice, &entry, &feedback).await.unwrap();
    tell(gateway, &person("bob"), question("Et moi ?")).await;
    // What was searched for stands in the index as well.
    for owner in [alice.clone(), person("bob")] {
        let listing = Listing {
            limit: 10,
            text: Some("est moi".to_owned()),
            ..Listing::default()
        };
        gateway.records_of(&owner, &listing).await.unwrap();
    }
    let log = gateway
        .logs
        .log(&alice.tenant, &gateway.records, (gateway.now)())
        .await
        .unwrap();
    let proof = log.prove(entry.index).await.unwrap();
    (proof, log.read(entry.index).await.unwrap())
}

#[test]
fn a_person_is_erased_to_the_last_byte_and_old_proofs_hold() {
    let stage = Stage::new();
    stage::run(async {
        let gateway = staged(&stage, SAID).await;
        let tenant = Tenant::default();
        let (proof, entry) = live(&gateway).await;
        assert_eq!(secrets(&stage.data()).len(), 4);
        let secret = gateway
            .own_record(&person("alice"), &"main/0".parse().unwrap())
            .await
            .unwrap()
            .secret;
        let secret: Digest = secret.parse().unwrap();
        assert!(holds(&stage.data(), &secret.0));

        assert_eq!(gateway.erase_subject(&tenant, "alice").await.unwrap(), 2);
        // The same answer was given to Bob.
        assert_eq!(secrets(&stage.data()), [b"Bulgroz", b"bulgroz"]);
        assert!(!holds(&stage.data(), &secret.0));
        assert!(!holds(&stage.data(), b"alice"));
        assert_eq!(gateway.erase_subject(&tenant, "bob").await.unwrap(), 1);
        assert_eq!(secrets(&stage.data()), [] as [&[u8]; 0]);

        let entries = stage.entries(&tenant);
        let told = &entries[6];
        assert_eq!(
            (&told["type"], &told["cause"]),
            (&"erasure".into(), &"subject".into())
        );
        assert_eq!(
            (&told["records"], &told["through"][REPLICA]),
            (&2.into(), &2.into())
        );
        let log = gateway
            .logs
            .log(&tenant, &gateway.records, (gateway.now)())
            .await
            .unwrap();
        proof.verify(&log.verifier_key(), &entry).unwrap();
        assert_eq!(log.read(0).await.unwrap(), entry);
        log.prove(0)
            .await
            .unwrap()
            .verify(&log.verifier_key(), &entry)
            .unwrap();
        // The service goes on.
        tell(&gateway, &person("alice"), question("Me revoici ?")).await;
        let entries = stage.entries(&tenant);
        assert_ne!(
            entries[0]["actor"], entries[8]["actor"],
            "the pseudonym is another"
        );
        gateway.close().await.unwrap();
    });
    truth::check_ledger(&stage.data(), &Tenant::default());
}

#[test]
fn what_is_older_than_is_kept_goes_and_the_rest_stays() {
    let stage = Stage::new();
    stage::run(async {
        let gateway = staged(&stage, SAID).await;
        let tenant = Tenant::default();
        let (proof, entry) = live(&gateway).await;
        let early = Timestamp::now() - SignedDuration::from_hours(1);
        assert_eq!(gateway.purge(early).await.unwrap(), 0);
        assert_eq!(stage.entries(&tenant).len(), 6, "nothing is told of nothing");

        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        let before = Timestamp::now();
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        let kept = tell(&gateway, &person("bob"), question("Et maintenant ?")).await;
        assert_eq!(gateway.purge(before).await.unwrap(), 3);
        assert!(!holds(&stage.data(), ASKED.as_bytes()) && !holds(&stage.data(), COMMENT.as_bytes()));
        assert_eq!(
            gateway
                .conversations(&person("alice"), None, 9)
                .await
                .unwrap()
                .items,
            []
        );
        assert_eq!(
            gateway.own_record(&person("bob"), &kept).await.unwrap().question,
            "Et maintenant ?"
        );
        let entries = stage.entries(&tenant);
        let told = entries.last().unwrap();
        assert_eq!(
            (&told["cause"], &told["records"]),
            (&"retention".into(), &3.into())
        );
        assert_eq!(told["through"][REPLICA], 4);
        let log = gateway
            .logs
            .log(&tenant, &gateway.records, (gateway.now)())
            .await
            .unwrap();
        proof.verify(&log.verifier_key(), &entry).unwrap();
        gateway.close().await.unwrap();
    });
    truth::check_ledger(&stage.data(), &Tenant::default());
}

#[test]
fn the_owner_deletes_a_record_and_a_conversation() {
    let stage = Stage::new();
    stage::run(async {
        let gateway = staged(&stage, "Oui.").await;
        let alice = person("alice");
        live(&gateway).await;
        let page = gateway.conversations(&alice, None, 9).await.unwrap();
        assert_eq!(
            gateway
                .delete_conversation(&alice, &page.items[0].id)
                .await
                .unwrap(),
            1
        );
        assert!(!holds(&stage.data(), COMMENT.as_bytes()));
        gateway
            .delete_record(&alice, &"main/2".parse().unwrap())
            .await
            .unwrap();
        assert!(!holds(&stage.data(), ASKED.as_bytes()));
        let refused = gateway
            .own_record(&alice, &"main/2".parse().unwrap())
            .await
            .unwrap_err();
        assert_eq!(refused.code(), "gateway-no-entry");
        let entries = stage.entries(&Tenant::default());
        assert_eq!(
            (&entries[7]["cause"], &entries[7]["through"][REPLICA]),
            (&"owner".into(), &2.into())
        );
        gateway.close().await.unwrap();
    });
}

#[test]
fn an_erasure_that_is_cut_anywhere_is_carried_to_its_end_and_told_once() {
    for times in (1..400).step_by(3) {
        let stage = Stage::new();
        let ended = stage::run(async {
            let gateway = staged(&stage, SAID).await;
            live(&gateway).await;
            let erasing = async {
                gateway.erase_subject(&Tenant::default(), "alice").await.unwrap();
            };
            stage::poll_times(times, erasing).await
        });
        stage::run(async {
            let gateway = stage.open().await;
            let tenant = Tenant::default();
            gateway
                .logs
                .log(&tenant, &gateway.records, (gateway.now)())
                .await
                .unwrap();
            gateway.erase_subject(&tenant, "alice").await.unwrap();
            gateway.close().await.unwrap();
        });
        assert!(!holds(&stage.data(), ASKED.as_bytes()), "{times}");
        let entries = stage.entries(&Tenant::default());
        let told = entries.iter().filter(|entry| entry["type"] == "erasure");
        let records: u64 = told.map(|entry| entry["records"].as_u64().unwrap()).sum();
        // A kill between an entry and its being noted leaves it twice.
        assert!(records == 2 || records == 4, "{times}: {entries:?}");
        if ended {
            assert!(times > 5);
            return;
        }
    }
    panic!("the erasure never ended");
}

#[test]
fn a_request_under_way_leaves_nothing_of_an_erased_person() {
    use crate::scripted::{Scripted, Step};
    let stage = Stage::new();
    stage::run(async {
        let gateway = stage.open().await;
        let script = [Step::Say(SAID), Step::Hang];
        let model = Scripted::new("local", stage.data(), &script);
        stage::cast(&gateway, "local", &model);
        let alice = person("alice");
        let (events, mut heard) = mpsc::channel(64);
        let asked = question(&format!("Est-ce {ASKED} ?"));
        let erasing = async {
            while !matches!(
                heard.recv().await,
                Some(trousseau_gateway::answer::AnswerEvent::Part(_))
            ) {}
            gateway.erase_subject(&alice.tenant, "alice").await.unwrap();
            drop(heard);
        };
        let (answered, ()) = tokio::join!(gateway.answer(&alice, asked, &events), erasing);
        assert_eq!(answered.unwrap_err().code(), "gateway-hung-up");
        assert_eq!(secrets(&stage.data()), [] as [&[u8]; 0]);
        gateway.close().await.unwrap();
    });
    truth::check_ledger(&stage.data(), &Tenant::default());
}

#[test]
fn an_export_holds_everything_and_opens_the_commitments() {
    let stage = Stage::new();
    stage::run(async {
        let gateway = staged(&stage, SAID).await;
        let tenant = Tenant::default();
        live(&gateway).await;
        let officer = Principal {
            role: Role::DataProtectionOfficer,
            ..person("dpo")
        };
        gateway
            .inspect_record(&officer, &"main/0".parse().unwrap(), "Plainte")
            .await
            .unwrap();
        for _ in 0..60 {
            ask(&gateway, &person("alice"), question("Encore ?"))
                .await
                .0
                .unwrap();
        }
        let (lines, mut heard) = mpsc::channel(4);
        let account = serde_json::json!({ "name": "alice" });
        let exporting = async {
            let count = gateway
                .export_subject(&tenant, "alice", account, &lines)
                .await
                .unwrap();
            drop(lines);
            count
        };
        let hearing = async {
            let mut told: Vec<Value> = Vec::new();
            while let Some(line) = heard.recv().await {
                assert!(!line.contains('\n'));
                told.push(serde_json::from_str(&line).unwrap());
            }
            told
        };
        let (count, told) = tokio::join!(exporting, hearing);
        assert_eq!(count, 62);
        let kinds = |kind: &str| told.iter().filter(|line| line["type"] == kind).count();
        assert_eq!(
            (kinds("conversation"), kinds("record"), kinds("access")),
            (1, 62, 1)
        );
        let (head, end) = (&told[0], told.last().unwrap());
        assert_eq!(
            (&head["account"]["name"], &head["user"]),
            (&"alice".into(), &"alice".into())
        );
        assert_eq!((&end["type"], &end["records"]), (&"end".into(), &62.into()));
        assert!(
            !told.iter().any(|line| line.to_string().contains("Et moi ?")),
            "that is Bob's"
        );

        let entries = stage.entries(&tenant);
        assert_eq!(head["pseudonyms"][REPLICA], entries[0]["actor"]);
        let mut seen = Vec::new();
        for record in told.iter().filter(|line| line["type"] == "record") {
            let index = record["entry"].as_u64().unwrap();
            let secret = Secret(record["secret"].as_str().unwrap().parse::<Digest>().unwrap().0);
            let opened = secret.commit("question", record["question"].as_str().unwrap().as_bytes());
            let entry = &entries[usize::try_from(index).unwrap()];
            assert_eq!(entry["question"], serde_json::to_value(opened).unwrap());
            seen.push(index);
        }
        seen.dedup();
        assert_eq!(seen.len(), 62);
        assert_eq!(told[2]["feedback"]["comment"], COMMENT);
        let told = entries.last().unwrap();
        assert_eq!((&told["type"], &told["records"]), (&"export".into(), &62.into()));
        gateway.close().await.unwrap();
    });
}
