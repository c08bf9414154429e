//! The first command of the README: it shows everything, and holds no answer.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::Path;

use serde_json::Value;

use crate::harness::{Dir, Ran, characters, samples};

/// The three questions of the demonstration, and what the samples answer.
const FACTS: [&str; 3] = ["cinq jours", "deux jours", "31 mars 2026"];

#[test]
fn it_answers_three_questions_with_neither_data_nor_configuration() {
    let dir = Dir::new();
    let ran = Ran::of(&mut dir.anywhere(&["demo", "--json"])).succeeded();
    let told = ran.object();
    assert_eq!(told["ingested"], 17, "{told:#}");
    let answers = told["answers"].as_array().unwrap();
    assert_eq!(answers.len(), 3);
    for (answer, fact) in answers.iter().zip(FACTS) {
        assert!(plain(&answer["answer"]).contains(fact), "{answer:#}");
        assert_eq!(answer["abstained"], false);
        assert_eq!(answer["decision"]["target"], "local");
        assert_eq!(answer["proof"]["verified"], true);
    }
    assert_eq!(
        fs_err::read_dir(dir.path()).unwrap().count(),
        0,
        "something was left behind"
    );
}

#[test]
fn what_it_cites_stands_in_the_sample_that_it_names() {
    let dir = Dir::new();
    let kept = dir.path().join("kept");
    let told = dir.json(&["demo", "--keep", &kept.to_string_lossy()]);
    let data = kept.join("data");
    let mut cited = 0;
    for citation in told["answers"].as_array().unwrap().iter().flat_map(citations) {
        let document = citation["document"].as_str().unwrap();
        let stored = dir.json(&["documents", "show", document, "--data", &data.to_string_lossy()]);
        let text = stored["text"].as_str().unwrap();
        assert_eq!(characters(text, citation), citation["text"].as_str().unwrap());
        assert_eq!(stored["path"], citation["path"]);
        assert!(Path::new(citation["path"].as_str().unwrap()).is_file());
        cited += 1;
    }
    assert!(cited >= 3, "{told:#}");
}

#[test]
fn a_number_changed_in_a_sample_changes_the_answer() {
    let dir = Dir::new();
    let question = "Combien de jours par semaine un agent à temps plein peut-il télétravailler ?";
    let charter = fs_err::read_to_string(samples().join("interne/charte-teletravail.md")).unwrap();
    let sentence = "télétravailler deux jours par semaine au plus";
    assert!(charter.contains(sentence), "the sample says something else now");
    let edited = charter.replace(sentence, "télétravailler quatre jours par semaine au plus");
    let folder = copy_of_samples(&dir);
    fs_err::write(folder.join("interne/charte-teletravail.md"), edited).unwrap();
    let told = ask(&dir, &folder, question);
    assert!(
        plain(&told["answer"]).contains("quatre jours par semaine"),
        "{told:#}"
    );
    assert!(
        !plain(&told["answer"]).contains("télétravailler deux jours"),
        "{told:#}"
    );
}

#[test]
fn a_sample_deleted_leaves_its_question_without_an_answer() {
    let dir = Dir::new();
    let question = "Dans quel délai faut-il déclarer une naissance ?";
    let folder = copy_of_samples(&dir);
    let with = ask(&dir, &folder, question);
    assert_eq!(with["abstained"], false, "{with:#}");
    fs_err::remove_file(folder.join("public/etat-civil.md")).unwrap();
    let without = ask(&dir, &folder, question);
    assert_eq!(without["abstained"], true, "{without:#}");
    assert_eq!(without["citations"], serde_json::json!([]));
}

#[test]
fn neither_upstream_is_ever_contacted() {
    let dir = Dir::new();
    let (europe, america) = (listener(), listener());
    let address = |listener: &TcpListener| format!("http://{}/v1", listener.local_addr().unwrap());
    let sample = fs_err::read_to_string(samples().join("../trousseau.toml")).unwrap();
    let config = sample
        .replace("https://api.nuage-europe.example/v1", &address(&europe))
        .replace("https://api.cloud-us.example/v1", &address(&america));
    assert!(
        !config.contains("https://"),
        "an upstream has kept its address: {config}"
    );
    let config = dir.write("trousseau.toml", config);
    let config = config.to_string_lossy();
    let kept = dir.path().join("kept");
    let told = dir.json(&["demo", "--config", &config, "--keep", &kept.to_string_lossy()]);
    assert_eq!(told["answers"].as_array().unwrap().len(), 3);
    let data = kept.join("data");
    let data = data.to_string_lossy();
    let question = "Qui décide des dates de congé ?";
    let asked = dir.json(&["ask", question, "--config", &config, "--data", &data]);
    assert_eq!(asked["decision"]["permitted"][0], "local", "{asked:#}");
    dir.run(&[
        "policy", "explain", question, "--config", &config, "--data", &data,
    ])
    .succeeded();
    dir.run(&["doctor", "--config", &config, "--data", &data])
        .succeeded();
    for listener in [europe, america] {
        // Whoever had called would wait in the listener's queue now.
        let called = listener.accept().unwrap_err();
        assert_eq!(called.kind(), ErrorKind::WouldBlock);
    }
}

#[test]
fn what_it_keeps_can_be_asked_verified_and_explained() {
    let dir = Dir::new();
    dir.run(&["demo", "--keep", "kept"]).succeeded();
    let at = ["--data", "kept/data"];
    let run = |arguments: &[&str]| dir.json(&[arguments, &at].concat());
    let asked = run(&["ask", "Dans quel délai faut-il déclarer une naissance ?"]);
    assert!(plain(&asked["answer"]).contains("cinq jours"), "{asked:#}");
    assert_eq!(run(&["ledger", "verify"])["sound"], true);
    let explained = run(&[
        "policy",
        "explain",
        "Mon IBAN est FR76 3000 6000 0112 3456 7890 189",
    ]);
    assert_eq!(explained["label"], serde_json::json!({ "class": "personal" }));
    assert_eq!(run(&["documents"])["documents"].as_array().unwrap().len(), 17);
    let again = dir.run(&["demo", "--keep", "kept"]).succeeded();
    assert_eq!(again.out.matches("unchanged").count(), 3, "{again:#?}");
    let documents = run(&["documents"]);
    for document in documents["documents"].as_array().unwrap() {
        assert_eq!(document["version"], 1, "{document:#}");
    }
}

#[test]
fn what_comes_next_is_typed_as_it_stands() {
    let dir = Dir::new();
    let told = dir.french(&["demo", "--keep", "kept"]).succeeded();
    let next: Vec<&str> = told
        .out
        .lines()
        .filter(|line| line.trim().starts_with("trousseau "))
        .collect();
    insta::assert_snapshot!(dir.filtered(&next.join("\n")), @r#"
    trousseau ask --data [DIR]/kept/data "Votre question ?"
    trousseau ledger verify --data [DIR]/kept/data
    trousseau policy explain --data [DIR]/kept/data "Mon IBAN est FR76 3000 6000 0112 3456 7890 189"
    "#);
}

#[test]
fn documents_that_are_not_there_are_told() {
    let dir = Dir::new();
    let ran = dir.run(&["demo", "--documents", "nowhere"]).ended_with(1);
    assert!(ran.err.contains("nowhere"), "{ran:#?}");
}

/// The text with every kind of space as a plain one.
fn plain(text: &Value) -> String {
    let text = text.as_str().unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn citations(answer: &Value) -> &[Value] {
    answer["citations"].as_array().unwrap()
}

fn ask(dir: &Dir, documents: &Path, question: &str) -> Value {
    let told = dir.json(&[
        "demo",
        "--documents",
        &documents.to_string_lossy(),
        "--question",
        question,
    ]);
    assert_eq!(told["answers"].as_array().unwrap().len(), 1);
    told["answers"][0].clone()
}

fn copy_of_samples(dir: &Dir) -> std::path::PathBuf {
    for collection in ["public", "interne", "rh"] {
        for file in fs_err::read_dir(samples().join(collection)).unwrap() {
            let file = file.unwrap();
            let name = file.file_name();
            let bytes = fs_err::read(file.path()).unwrap();
            dir.write(&format!("samples/{collection}/{}", name.to_string_lossy()), bytes);
        }
    }
    dir.path().join("samples")
}

fn listener() -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    listener
}
