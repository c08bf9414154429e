//! What the ledger holds of a question, an answer and a document: commitments that the record opens, no word.

use serde_json::Value;
use trousseau_core::digest::Digest;
use trousseau_core::principal::Tenant;
use trousseau_gateway::commitment::Secret;
use trousseau_gateway::logs;
use trousseau_ledger::Durability;

use crate::scripted::{Scripted, Step};
use crate::stage::{self, REPLICA, Stage, all_of, ask, cast, operator, question};

const QUESTION: &str = "Quand la bibliothèque Zéphirine accueille-t-elle Balthazar ?";
const ANSWER: &str = "Le jubilé commence vendredi.";
const PASSAGE: &str = "La bibliothèque Zéphirine accueille Balthazar pour le jubilé vendredi.\n";

fn json(value: impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

#[test]
fn commitments_open_with_the_record_and_no_word_stands_in_the_ledger() {
    let stage = Stage::new();
    stage.write("confidentielle-mirabelle.txt", PASSAGE);
    let tenant = Tenant::default();
    stage::run(async {
        let gateway = stage.open().await;
        let model = Scripted::new("local", stage.data(), &[Step::Say(ANSWER), Step::Cite, Step::End]);
        cast(&gateway, "local", &model);
        stage::ingest(&gateway, &tenant, all_of(stage.files()))
            .await
            .unwrap();
        let answered = ask(&gateway, &operator(), question(QUESTION)).await.0.unwrap();
        let record = gateway
            .records
            .record(&tenant, &answered.entry)
            .await
            .unwrap()
            .unwrap();
        let secret = Secret(record.secret.parse::<Digest>().unwrap().0);
        let entries = stage.entries(&tenant);
        let (decision, outcome) = (&entries[1], &entries[2]);
        assert_eq!(
            decision["question"],
            json(secret.commit("question", record.question.as_bytes()))
        );
        let call = &model.calls()[0];
        assert_eq!(
            decision["request"],
            json(secret.commit("request", &call.request.digest().0))
        );
        let passage = &record.passages[0];
        let version = passage.version.to_string();
        let fields = [
            passage.document.as_bytes(),
            version.as_bytes(),
            passage.text.as_bytes(),
        ];
        let passage = secret.commit("passage", &Digest::of_fields(fields).0);
        assert_eq!(decision["passages"], json([passage]));
        assert_eq!(
            outcome["answer"],
            json(secret.commit("answer", record.answer.unwrap().as_bytes()))
        );
        gateway.close().await.unwrap();
    });

    let entries = stage.entries(&tenant);
    assert_eq!(entries.len(), 3);
    let mut ledger = Vec::new();
    read_all(&logs::folder(&stage.data(), &tenant, REPLICA), &mut ledger);
    assert!(contains(&ledger, "decision"), "the entries are in these files");
    let words = [
        QUESTION,
        ANSWER,
        PASSAGE,
        "confidentielle mirabelle operator guichet",
    ];
    for word in words
        .iter()
        .flat_map(|text| text.split(|c: char| !c.is_alphanumeric()))
    {
        // Shorter words stand in the names of fields by chance.
        if word.chars().count() > 5 {
            assert!(!contains(&ledger, word), "{word} stands in the ledger");
        }
    }
}

fn read_all(folder: &std::path::Path, bytes: &mut Vec<u8>) {
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, bytes);
        } else {
            bytes.extend(fs_err::read(path).unwrap());
        }
    }
}

fn contains(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

#[test]
fn two_askers_have_two_pseudonyms_and_one_asker_has_one() {
    let stage = Stage::new();
    stage::run(async {
        let gateway = stage.open().await;
        let model = Scripted::new("local", stage.data(), &[Step::Say(ANSWER), Step::End]);
        cast(&gateway, "local", &model);
        for user in ["ada", "grace", "ada"] {
            let mut principal = operator();
            principal.user = user.to_owned();
            ask(&gateway, &principal, question(QUESTION)).await.0.unwrap();
        }
        gateway.close().await.unwrap();
    });
    let entries = stage.entries(&Tenant::default());
    let actor = |index: usize| entries[2 * index]["actor"].as_str().unwrap();
    assert_eq!(actor(0), actor(2));
    assert_ne!(actor(0), actor(1));
    // The same question twice does not look alike.
    assert_ne!(entries[0]["question"], entries[4]["question"]);
}

#[test]
fn a_run_in_batch_mode_that_did_not_end_well_leaves_a_gap_entry_unless_all_was_sensitive() {
    for (class, gap) in [("internal", true), ("sensitive", false), ("restricted", false)] {
        let stage = Stage::new();
        stage::run(async {
            let gateway = stage.open().await;
            stage::change(&gateway, |plan| {
                plan.settings.routes[0].durability = Durability::Batch;
            });
            stage::change(&gateway, |plan| {
                plan.settings.routes[0].label_floor = class.parse().unwrap();
            });
            let model = Scripted::new("local", stage.data(), &[Step::Say(ANSWER), Step::End]);
            cast(&gateway, "local", &model);
            ask(&gateway, &operator(), question(QUESTION)).await.0.unwrap();
            // As a killed process leaves it: nothing is closed.
            copy(&stage.data(), &stage.root().join("killed"));
        });
        fs_err::remove_dir_all(stage.data()).unwrap();
        fs_err::rename(stage.root().join("killed"), stage.data()).unwrap();
        stage::run(async {
            let gateway = stage.open().await;
            let now = (gateway.now)();
            gateway
                .logs
                .log(&Tenant::default(), &gateway.records, now)
                .await
                .unwrap();
            gateway.close().await.unwrap();
        });
        let entries = stage.entries(&Tenant::default());
        let gaps = entries.iter().filter(|entry| entry["type"] == "gap").count();
        assert_eq!(gaps, usize::from(gap), "{class}");
    }
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    fs_err::create_dir_all(to).unwrap();
    for entry in fs_err::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs_err::copy(&path, &to).unwrap();
        }
    }
}
