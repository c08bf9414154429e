use trousseau_core::error::Explain as _;
use trousseau_core::label::Class;

use super::*;

#[test]
fn both_examples_resolve() {
    for example in [EXAMPLE_FR, EXAMPLE_EN] {
        let config = Config::parse(example, None).unwrap();
        assert_eq!(config.targets.len(), 2);
        assert_eq!(config.settings.routes[0].targets.len(), 2);
        assert_eq!(
            config.settings.collections.values().next().unwrap().label.class,
            Class::Personal
        );
    }
}

#[test]
fn an_unknown_key_is_refused_with_its_place_and_the_key_that_was_meant() {
    let error = Config::parse("[ingest]\nmax_file_byte = 3\n", None).unwrap_err();
    assert_eq!(error.code(), "config-mistyped-key");
    let fields = error.fields();
    assert!(fields.contains(&("line", "2".to_owned())), "{fields:?}");
    assert!(
        fields.contains(&("meant", "max_file_bytes".to_owned())),
        "{fields:?}"
    );
}

#[test]
fn a_wrong_type_is_refused_with_its_place() {
    let error = Config::parse("[ingest]\n\nworkers = \"two\"\n", None).unwrap_err();
    assert_eq!(error.code(), "config-wrong-type");
    assert!(
        error.fields().contains(&("line", "3".to_owned())),
        "{:?}",
        error.fields()
    );
}

#[test]
fn every_fault_is_listed_at_once() {
    let text = r#"
[ledger]
replica = "Main One"

[ingest]
workers = 0

[[collection]]
name = "a"
label = "secret"
readers = ["alice"]

[[collection]]
name = "a"

[[upstream]]
name = "u"
kind = "openai"

[[upstream]]
name = "v"
kind = "claude"

[[route]]
name = "r"
targets = ["u", "w"]
label_floor = "sensitive"
durability = "batch"

[policy]
banned = ["nobody"]
"#;
    let ConfigError::Faults { faults, .. } = Config::parse(text, None).unwrap_err() else {
        panic!("the text reads well");
    };
    let told: Vec<&str> = faults.iter().map(|fault| fault.english.as_str()).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    upstream.u.url is missing
    upstream.u.model is missing
    upstream.v.kind: "claude" is not one of extractive, openai
    route.r.targets: there is no "w"; there are u
    route.r.durability: "batch" is not one of request
    collection: the name "a" is taken twice
    collection.a.label: "secret" is not one of public, internal, personal, sensitive, restricted
    collection.a.readers: "alice" is not one of *, user:NAME, group:NAME
    policy.banned names "nobody", but there is no such upstream
    ledger.replica: "Main One" is not one of a-z, 0-9, -
    ingest.workers: "0" is not one of 1..64
    "#);
}
