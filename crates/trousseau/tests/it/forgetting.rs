//! `retention_days = 0`: nothing of what was asked and answered is on the disk, and the ledger still proves that it was.

use serde_json::{Value, json};

use crate::harness::Dir;
use crate::model::Model;
use crate::service::{PATIENCE, Service, ask, get, post};

/// The names of the files below a folder in which `text` stands.
fn files_with(folder: &std::path::Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(files_with(&entry.path(), text));
        } else if kind.is_file() {
            let bytes = fs_err::read(entry.path()).unwrap();
            if bytes.windows(text.len()).any(|part| part == text.as_bytes()) {
                found.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
    }
    found
}

fn configured(model: &Model, days: u32) -> Dir {
    let dir = Dir::new();
    configure(&dir, model, days);
    dir
}

fn configure(dir: &Dir, model: &Model, days: u32) {
    dir.write(
        "data/trousseau.toml",
        format!(
            "[records]\nretention_days = {days}\n\
             [[upstream]]\nname = \"vllm\"\nkind = \"openai\"\nurl = \"{}\"\nmodel = \"m\"\n\
             card = {{ premises = \"own\" }}\n[[route]]\nname = \"documents\"\ntargets = [\"vllm\"]\ngrounded = false\n",
            model.url()
        ),
    );
}

fn question() -> Value {
    json!({ "model": "documents", "messages": [{ "role": "user", "content": "Le zibeline est-il ouvert ?" }] })
}

#[test]
fn nothing_of_a_question_or_its_answer_is_written_and_the_proof_holds() {
    let model = Model::plain();
    let dir = configured(&model, 0);
    let service = Service::start(&dir, &[]);
    let (status, answer) = service.ask(&question());
    assert_eq!(status, 200, "{answer:#}");
    assert!(model.next().contains("zibeline"));
    let entry = answer["trousseau"]["entry"].as_str().unwrap().to_owned();
    let key = service.key.clone().unwrap();
    let refused = ask(
        &service.address,
        &key,
        &json!({ "model": "documents", "messages": [] }),
    );
    assert_eq!(refused.0, 400, "{refused:?}");
    // While it runs as after its end.
    for text in ["zibeline", "huit heures"] {
        assert_eq!(files_with(&dir.data(), text), [""; 0], "{text}");
    }
    let listed = get(&service.address, "/api/records", Some(&key));
    assert!(listed.contains("\"items\":[]"), "{listed}");
    let begun = post(&service.address, "/api/conversations", &key, "{}");
    assert!(
        begun.starts_with("HTTP/1.1 409 ") && begun.contains("gateway-nothing-kept"),
        "{begun}"
    );
    let exported = dir
        .run(&["records", "export", "--subject", "first-start"])
        .succeeded();
    assert_eq!(exported.out.lines().count(), 2, "{exported:#?}");
    service.stop().ended_with(0);
    for text in ["zibeline", "huit heures"] {
        assert_eq!(files_with(&dir.data(), text), [""; 0], "{text}");
    }
    // The ledger tells that there was a question, how it ended, and proves both.
    dir.run(&["ledger", "verify"]).succeeded();
    let index = entry.rsplit('/').next().unwrap();
    dir.run(&["ledger", "prove", index]).succeeded();
    let shown = dir.json(&["ledger", "show"]);
    let types: Vec<&str> = shown["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["leaf"]["type"].as_str().unwrap())
        .collect();
    assert_eq!(types[..3], ["account", "decision", "outcome"], "{types:?}");
    assert_eq!(shown["entries"][2]["leaf"]["state"], "answered");
    // The next start has nothing to close.
    let service = Service::start(&dir, &[]);
    assert_eq!(ask(&service.address, &key, &question()).0, 200);
    drop(service);
    dir.run(&["ledger", "verify"]).succeeded();
    let states: Vec<Value> = dir.json(&["ledger", "show"])["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["leaf"]["state"].clone())
        .collect();
    assert!(!states.contains(&"interrupted".into()), "{states:?}");
}

#[test]
fn what_was_kept_before_goes_when_nothing_is_to_be_kept_any_more() {
    let model = Model::plain();
    let dir = configured(&model, 180);
    let service = Service::start(&dir, &[]);
    assert_eq!(service.ask(&question()).0, 200);
    let key = service.key.clone().unwrap();
    service.stop().ended_with(0);
    assert_eq!(files_with(&dir.data(), "zibeline"), ["records.sqlite"]);
    configure(&dir, &model, 0);
    // The first round comes with the start.
    let service = Service::start(&dir, &[]);
    let began = std::time::Instant::now();
    while get(&service.address, "/api/records", Some(&key)).contains("zibeline") {
        assert!(began.elapsed() < PATIENCE);
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    service.stop().ended_with(0);
    assert_eq!(files_with(&dir.data(), "zibeline"), [""; 0]);
    dir.run(&["ledger", "verify"]).succeeded();
}
