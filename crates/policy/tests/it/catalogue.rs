//! The messages: complete in both languages, and naming only fields that exist.

use std::collections::{BTreeMap, BTreeSet};

use trousseau_core::error::Explain;
use trousseau_core::label::Class;
use trousseau_policy::attestation::{Attestation, AttestedField, AttestedValue};
use trousseau_policy::condition::Condition;
use trousseau_policy::date::Date;
use trousseau_policy::defaults::DEFAULTS;
use trousseau_policy::detect::{Detector, Detectors, RawOwn};
use trousseau_policy::eligibility::Remedy;
use trousseau_policy::explanation::Origin;
use trousseau_policy::reason::Code;
use trousseau_policy::rules::{RawRule, RawRules, Rules};

use crate::cards::{decision, label, target, today};

const FRENCH: &str = include_str!("../../messages/fr.ftl");
const ENGLISH: &str = include_str!("../../messages/en.ftl");

/// Each message's key, with the fields that it and its hint name.
fn messages(catalogue: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut messages = BTreeMap::new();
    let mut key = "";
    for line in catalogue
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let (head, _) = line
            .split_once(" = ")
            .unwrap_or_else(|| panic!("no message in {line:?}"));
        if !head.starts_with(' ') {
            key = head;
            assert!(
                messages.insert(key, BTreeSet::new()).is_none(),
                "{key} stands twice"
            );
        }
        let fields = line
            .split("{ $")
            .skip(1)
            .map(|rest| rest.split(' ').next().unwrap_or_default());
        messages.entry(key).or_default().extend(fields);
    }
    messages
}

/// One error of every kind.
fn errors() -> Vec<Box<dyn Explain>> {
    let named = |name: &str| RawRule {
        name: name.to_owned(),
        ..RawRule::default()
    };
    let class = || Some("internal".to_owned());
    let rises = RawRule {
        class: class(),
        allow: true,
        ..named("rises")
    };
    let falls = RawRule {
        up_to: class(),
        deny: true,
        days: vec!["mon".to_owned()],
        ..named("falls")
    };
    let raw = RawRules {
        banned: vec!["nobody".to_owned()],
        banned_countries: vec!["UK".to_owned()],
        rule: vec![named(""), named("public"), rises, falls],
        ..RawRules::default()
    };
    let faults = Rules::resolve(&raw, []).unwrap_err().into_iter();
    let mut errors: Vec<Box<dyn Explain>> = faults.map(|fault| Box::new(fault) as Box<dyn Explain>).collect();
    let own = |name: &str, words: &[&str], pattern: Option<&str>, label: &str| RawOwn {
        name: name.to_owned(),
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        pattern: pattern.map(str::to_owned),
        label: label.to_owned(),
    };
    let long = "a".repeat(2000);
    let wrong = [
        own("", &["a"], None, "personal"),
        own("email", &["a"], None, "personal"),
        own("a", &[], None, "personal"),
        own("b", &[], Some("("), "personal"),
        own("c", &["a"], None, "public"),
        own("d", &[&long], None, "personal"),
    ];
    let faults = Detectors::resolve(&wrong).unwrap_err().into_iter();
    errors.extend(faults.map(|fault| Box::new(fault) as Box<dyn Explain>));
    let attest = |value, evidence: &str| {
        Attestation::new(AttestedField::TrainsOnData, value, evidence.to_owned(), today()).unwrap_err()
    };
    errors.push(Box::new(attest(AttestedValue::Days(3), "contract")));
    errors.push(Box::new(attest(AttestedValue::Flag(false), "")));
    errors.push(Box::new("tomorrow".parse::<Date>().unwrap_err()));
    let denied = |targets: &[_]| {
        decision(&label("restricted"), targets)
            .into_permits()
            .unwrap_err()
    };
    errors.push(Box::new(denied(&[])));
    errors.push(Box::new(denied(&[target("acme", "", &[])])));
    errors
}

/// One origin of every kind.
fn origins() -> [Origin; 7] {
    let name = String::new;
    [
        Origin::Key { name: name() },
        Origin::Header,
        Origin::Route { name: name() },
        Origin::Collection { name: name() },
        Origin::Detector {
            detector: Detector::Email,
            spans: vec![],
        },
        Origin::History { entry: name() },
        Origin::Passage {
            document: name(),
            title: name(),
        },
    ]
}

/// Every key that the crate asks for, with the fields it gives.
fn asked() -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut asked = BTreeMap::new();
    for error in errors() {
        let fields = error.fields().into_iter().map(|(name, _)| name).collect();
        asked.insert(error.code().to_owned(), fields);
    }
    let reason = BTreeSet::from(["rule", "field", "found", "required", "line"]);
    let reasons = Code::ALL.iter().map(|code| code.message());
    for key in reasons.chain(Remedy::ALL.map(Remedy::message)) {
        asked.insert(key.to_owned(), reason.clone());
    }
    let tagged = DEFAULTS.iter().flat_map(|rule| {
        rule.tagged
            .iter()
            .map(|(tag, _)| format!("rule-{}-{tag}", rule.class))
    });
    let classes = Class::ALL.map(|class| format!("rule-{class}"));
    asked.insert("reason-by-rule".to_owned(), reason.clone());
    let own = ["rule-banned", "rule-withdrawn", "rule-clearance"].map(str::to_owned);
    let detectors = Detector::ALL.map(|detector| detector.message().to_owned());
    let detectors = detectors.into_iter().chain(["detector-own".to_owned()]);
    let conditions = Condition::ALL.map(|condition| format!("condition-{condition}"));
    for key in tagged
        .chain(classes)
        .chain(own)
        .chain(detectors)
        .chain(conditions)
    {
        asked.insert(key, BTreeSet::new());
    }
    for origin in origins() {
        asked.insert(origin.message().to_owned(), BTreeSet::from(["name"]));
    }
    asked
}

#[test]
fn both_languages_have_every_message_and_no_other() {
    let asked = asked();
    let keys: BTreeSet<&str> = asked.keys().map(String::as_str).collect();
    for catalogue in [FRENCH, ENGLISH] {
        let messages = messages(catalogue);
        assert_eq!(messages.keys().copied().collect::<BTreeSet<&str>>(), keys);
        for (key, fields) in messages {
            assert!(
                fields.is_subset(&asked[key]),
                "{key} names {fields:?}, but has {:?}",
                asked[key]
            );
        }
    }
}
