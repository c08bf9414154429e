//! Every code has its message in both languages, with the same fields.

use std::collections::{BTreeMap, BTreeSet};

const FRENCH: &str = include_str!("../../messages/fr.ftl");
const ENGLISH: &str = include_str!("../../messages/en.ftl");
const SOURCES: [&str; 2] = [
    include_str!("../../src/error.rs"),
    include_str!("../../src/verify/finding.rs"),
];

/// The fields of each message, its hint included.
fn messages(catalogue: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut messages = BTreeMap::<_, BTreeSet<_>>::new();
    let mut current = "";
    for line in catalogue
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        if let Some((key, _)) = line.split_once(" = ").filter(|_| !line.starts_with(' ')) {
            current = key;
        }
        let fields = line.split("{ $").skip(1).filter_map(|rest| rest.split_once(" }"));
        messages
            .entry(current)
            .or_default()
            .extend(fields.map(|(field, _)| field));
    }
    messages
}

#[test]
fn every_code_has_a_message_in_both_languages() {
    let codes: BTreeSet<&str> = SOURCES
        .iter()
        .flat_map(|source| source.split('"').filter(|word| word.starts_with("ledger-")))
        .collect();
    assert!(codes.len() > 30);
    assert_eq!(messages(FRENCH).into_keys().collect::<BTreeSet<_>>(), codes);
    assert_eq!(messages(FRENCH), messages(ENGLISH));
}
