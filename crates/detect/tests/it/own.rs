//! Words and patterns of an organisation.

use trousseau_core::error::Explain as _;
use trousseau_detect::{Detectors, RawOwn};

fn raw(name: &str, words: &[&str], pattern: Option<&str>, label: &str) -> RawOwn {
    RawOwn {
        name: name.to_owned(),
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        pattern: pattern.map(str::to_owned),
        label: label.to_owned(),
    }
}

#[test]
fn words_stand_alone_in_any_spelling_and_patterns_are_found() {
    let detectors = Detectors::resolve(&[
        raw("projects", &["Orme", "Grand Cèdre"], None, "restricted+project"),
        raw("files", &[], Some(r"\bDOS-\d{4}\b"), "personal"),
    ])
    .unwrap();
    for (text, found) in [
        ("le projet ORME avance", vec![("projects", "ORME")]),
        (
            "Grand\u{a0}Cedre et grand  cèdre",
            vec![("projects", "Grand\u{a0}Cedre"), ("projects", "grand  cèdre")],
        ),
        (
            r"{\u0022a\u0022:\u0022Grand C\u00e8dre\u0022}",
            vec![("projects", r"Grand C\u00e8dre")],
        ),
        ("énorme, ormeau, dormeur", vec![]),
        ("dos-2026 et DOS-20261", vec![("files", "dos-2026")]),
        ("a@orme.fr", vec![("email", "a@orme.fr"), ("projects", "orme")]),
    ] {
        let findings = detectors.detect(text);
        let said: Vec<_> = findings
            .iter()
            .map(|finding| (finding.detector.name(), &text[finding.bytes.clone()]))
            .collect();
        assert_eq!(said, found, "{text}");
    }
    assert_eq!(
        detectors.detect("orme, DOS-1234").label().to_string(),
        "restricted+project"
    );
    let long = format!("{}Orme{} DOS-1234", "x ".repeat(5000), " y".repeat(5000));
    assert_eq!(detectors.detect(&long).len(), 2);
}

#[test]
fn every_fault_is_told_at_once() {
    let many: Vec<String> = (0..10_001).map(|at| format!("w{at}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let faults = Detectors::resolve(&[
        raw("", &["a"], None, "personal"),
        raw("email", &["a"], None, "personal"),
        raw("twice", &["a"], None, "personal"),
        raw("twice", &["b"], None, "personal"),
        raw("nothing", &[], None, "personal"),
        raw("blank", &[" "], None, "personal"),
        raw("broken", &[], Some("(a"), "personal"),
        raw("anything", &[], Some("a*"), "personal"),
        raw("huge", &[], Some(r"(\w{500}){500}"), "personal"),
        raw("low", &["a"], None, "public"),
        raw("odd", &["a"], None, "secret"),
        raw("many", &many, None, "personal"),
        raw("long", &[&"a".repeat(1025)], None, "personal"),
    ])
    .unwrap_err();
    let codes: Vec<&str> = faults.iter().map(|fault| fault.code()).collect();
    let tail = |code: &str| code.strip_prefix("policy-detector-").unwrap().to_owned();
    let codes: Vec<String> = codes.into_iter().map(tail).collect();
    assert_eq!(
        codes,
        [
            "name",
            "name-taken",
            "name-taken",
            "empty",
            "empty",
            "pattern",
            "pattern",
            "pattern",
            "label",
            "label",
            "too-large",
            "too-large"
        ]
    );
}
