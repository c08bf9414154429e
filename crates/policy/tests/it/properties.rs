//! What holds whatever the cards, the rules and the labels.

use std::collections::BTreeSet;

use proptest::prelude::*;
use trousseau_core::digest::Digest;
use trousseau_core::label::{Class, Label};
use trousseau_core::permit::Purpose;
use trousseau_policy::card::Card;
use trousseau_policy::condition::Condition;
use trousseau_policy::decide::{Decision, Request, Target, decide};
use trousseau_policy::eligibility::would_make_eligible;
use trousseau_policy::fact::Fact;
use trousseau_policy::rules::{RawRestriction, RawRules, Rules};

use crate::cards::{QUALIFIED, attestations, card, decision, label, target, today};

const TAGS: [&str; 4] = ["health", "minor", "hr", "Health"];

fn labels() -> impl Strategy<Value = Label> {
    let tags = prop::sample::subsequence(TAGS.to_vec(), 0..3);
    (prop::sample::select(Class::ALL.to_vec()), tags).prop_map(|(class, tags)| Label {
        class,
        tags: tags.into_iter().map(str::to_owned).collect(),
    })
}

fn fact<T: Clone + std::fmt::Debug + 'static>(values: Vec<T>) -> impl Strategy<Value = Fact<T>> {
    let known = prop::sample::select(values).prop_map(Fact::Known);
    prop_oneof![1 => Just(Fact::Unknown), 3 => known]
}

fn countries() -> Vec<trousseau_policy::jurisdiction::Country> {
    ["FR", "DE", "NO", "CH", "US", "CN", "IN"]
        .map(|code| code.parse().unwrap())
        .to_vec()
}

fn regions() -> Vec<trousseau_policy::jurisdiction::Region> {
    ["FR", "EU", "EEA", "CH", "US", "CN"]
        .map(|code| code.parse().unwrap())
        .to_vec()
}

prop_compose! {
    /// Any card, with good ones common enough to be permitted often.
    fn any_card()(
        good in any::<bool>(),
        seat in fact(countries()),
        parent in fact(countries()),
        inference in fact(regions()),
        storage in fact(regions()),
        flags in prop::array::uniform4(fact(vec![true, false])),
        premises in 0_usize..4,
        certificates in prop::sample::select(vec![
            "", "certificates = []",
            "certificates = [{ scheme = 'secnumcloud-3.2', covers_service = true, valid_until = 2028-01-01 }]",
            "certificates = [{ scheme = 'secnumcloud-3.2', covers_service = true, valid_until = 2028-01-01 }, \
             { scheme = 'hds', covers_service = true, valid_until = 2028-01-01 }]",
            "certificates = [{ scheme = 'secnumcloud-3.2', covers_service = true, valid_until = 2020-01-01 }]",
        ]),
        provider in prop::sample::select(vec!["A", "B"]),
    ) -> Card {
        let mut card = card(["", "premises = 'network'", "premises = 'network'", "premises = 'own'"][premises]);
        card.certificates = self::card(certificates).certificates;
        card.provider = provider.to_owned();
        if good {
            let ideal = self::card(QUALIFIED);
            let certificates = card.certificates;
            let [processing_contract, trains_on_data] = [true, false].map(Fact::Known);
            card = Card { certificates, processing_contract, trains_on_data, ..ideal };
            card.provider = provider.to_owned();
        } else {
            [card.us_law, card.chinese_law, card.processing_contract, card.trains_on_data] = flags;
            (card.seat, card.ultimate_parent) = (seat, parent);
            (card.inference_region, card.storage_region) = (inference, storage);
        }
        card
    }
}

fn targets() -> impl Strategy<Value = Vec<Target>> {
    prop::collection::vec(any_card(), 0..5).prop_map(|cards| {
        let named = cards.into_iter().enumerate();
        named
            .map(|(index, card)| Target::new(format!("u{index}"), card))
            .collect()
    })
}

fn some(words: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    prop::sample::subsequence(words.to_vec(), 0..=1)
        .prop_map(|words| words.into_iter().map(str::to_owned).collect())
}

prop_compose! {
    fn restriction()(
        class in prop::option::of(prop::sample::select(Class::ALL.to_vec())),
        tags in some(&TAGS),
        purposes in some(&["chat", "embedding"]),
        upstreams in some(&["u0", "u1", "u2"]),
        providers in some(&["a", "B"]),
        require in prop::option::of(prop::sample::select(Condition::ALL.to_vec())),
    ) -> RawRestriction {
        RawRestriction {
            name: String::new(),
            class: class.map(|class| class.name().to_owned()),
            tags, purposes, upstreams, providers,
            deny: require.is_none(),
            require: require.map(|condition| condition.name().to_owned()).into_iter().collect(),
        }
    }
}

prop_compose! {
    fn raw_rules()(
        banned in some(&["u0", "u1", "u2"]),
        banned_providers in some(&["a", "b"]),
        banned_countries in some(&["US", "CN", "DE"]),
        mut restriction in prop::collection::vec(restriction(), 0..3),
    ) -> RawRules {
        for (index, restriction) in restriction.iter_mut().enumerate() {
            restriction.name = format!("r{index}");
        }
        RawRules { banned, banned_providers, banned_countries, restriction, ..RawRules::default() }
    }
}

fn resolve(raw: &RawRules) -> Rules {
    Rules::resolve(raw, ["u0", "u1", "u2"]).unwrap()
}

fn permitted(decision: &Decision) -> BTreeSet<&str> {
    decision.permitted.iter().map(|permit| permit.target()).collect()
}

fn ask(label: &Label, targets: &[Target], rules: &Rules) -> Decision {
    decide(&crate::cards::request(label), targets, rules, today())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn raising_a_label_never_widens(
        targets in targets(), raw in raw_rules(), low in labels(), other in labels(),
    ) {
        let rules = resolve(&raw);
        let before = ask(&low, &targets, &rules);
        let after = ask(&low.join(&other), &targets, &rules);
        prop_assert!(permitted(&after).is_subset(&permitted(&before)));
    }

    #[test]
    fn adding_a_restriction_or_a_ban_never_widens(
        targets in targets(), raw in raw_rules(), more in raw_rules(), label in labels(),
    ) {
        let mut both = raw.clone();
        both.banned.extend(more.banned);
        both.banned_providers.extend(more.banned_providers);
        both.banned_countries.extend(more.banned_countries);
        for (index, mut restriction) in more.restriction.into_iter().enumerate() {
            restriction.name = format!("more{index}");
            both.restriction.push(restriction);
        }
        let before = ask(&label, &targets, &resolve(&raw));
        let after = ask(&label, &targets, &resolve(&both));
        prop_assert!(permitted(&after).is_subset(&permitted(&before)));
        let default = ask(&label, &targets, &Rules::default());
        prop_assert!(permitted(&before).is_subset(&permitted(&default)));
    }

    #[test]
    fn every_target_is_permitted_or_rejected_with_a_reason(
        targets in targets(), raw in raw_rules(), label in labels(),
    ) {
        let rules = resolve(&raw);
        let decision = ask(&label, &targets, &rules);
        let content = crate::cards::request(&label).content;
        let mut permits = decision.permitted.iter();
        let mut rejections = decision.rejected.iter();
        for target in &targets {
            let missing = would_make_eligible(target, &label, &rules, today());
            if decision.permit(&target.name).is_some() {
                let permit = permits.next().unwrap();
                prop_assert!(permit.covers(&target.name, Purpose::Chat, content));
                prop_assert_eq!(permit.label(), &label);
                prop_assert!(missing.is_empty());
            } else {
                let rejection = rejections.next().unwrap();
                prop_assert_eq!(&rejection.target, &target.name);
                prop_assert!(!rejection.reasons.is_empty());
                let reasons: Vec<_> = missing.into_iter().map(|missing| missing.reason).collect();
                prop_assert_eq!(&rejection.reasons, &reasons);
            }
        }
        prop_assert!(permits.next().is_none() && rejections.next().is_none());
    }

    #[test]
    fn a_reader_never_reads_above_its_clearance(targets in targets(), read in 0_usize..5, clearance in 0_usize..5) {
        let label = Label::of(Class::ALL[read]);
        let request = Request {
            label: &label,
            purpose: Purpose::Chat,
            content: Digest::of(b""),
            read: Class::ALL[read],
            clearance: Class::ALL[clearance],
        };
        let decision = decide(&request, &targets, &Rules::default(), today());
        if read > clearance {
            prop_assert!(decision.is_denial());
            let named = decision.rejected.iter().all(|rejection| {
                rejection.reasons.iter().any(|reason| reason.code.name() == "above-clearance")
            });
            prop_assert!(named);
        } else {
            let unread = ask(&label, &targets, &Rules::default());
            prop_assert_eq!(permitted(&decision), permitted(&unread));
        }
    }
}

/// Forgets one fact.
type Forget = fn(&mut Card);

/// Each fact that the design's table needs, how to forget it, and the lowest label that needs it.
const NEEDED: [(&str, Forget, &str); 11] = [
    (
        "inference_region",
        |card| card.inference_region = Fact::Unknown,
        "internal",
    ),
    (
        "processing_contract",
        |card| card.processing_contract = Fact::Unknown,
        "internal",
    ),
    (
        "trains_on_data",
        |card| card.trains_on_data = Fact::Unknown,
        "internal",
    ),
    ("seat", |card| card.seat = Fact::Unknown, "personal"),
    ("us_law", |card| card.us_law = Fact::Unknown, "personal"),
    ("chinese_law", |card| card.chinese_law = Fact::Unknown, "personal"),
    (
        "certificates",
        |card| card.certificates = Fact::Unknown,
        "sensitive",
    ),
    (
        "scope of SecNumCloud",
        |card| certificate(card, 0).covers_service = Fact::Unknown,
        "sensitive",
    ),
    (
        "end of SecNumCloud",
        |card| certificate(card, 0).valid_until = Fact::Unknown,
        "sensitive",
    ),
    (
        "scope of HDS",
        |card| certificate(card, 1).covers_service = Fact::Unknown,
        "sensitive+health",
    ),
    (
        "end of HDS",
        |card| certificate(card, 1).valid_until = Fact::Unknown,
        "sensitive+health",
    ),
];

fn certificate(card: &mut Card, index: usize) -> &mut trousseau_policy::card::Certificate {
    match &mut card.certificates {
        Fact::Known(certificates) => &mut certificates[index],
        Fact::Unknown => panic!("the card has certificates"),
    }
}

#[test]
fn a_needed_fact_that_is_unknown_rejects_from_its_class_upwards() {
    let ladder = ["public", "internal", "personal", "sensitive", "sensitive+health"];
    let whole = card(QUALIFIED).with_attestations(&attestations(), today());
    for (fact, forget, lowest) in NEEDED {
        let mut card = whole.clone();
        forget(&mut card);
        let first = ladder.iter().position(|label| *label == lowest).unwrap();
        for (place, text) in ladder.iter().enumerate() {
            let decided =
                |card: &Card| !decision(&label(text), &[Target::new("u", card.clone())]).is_denial();
            assert!(decided(&whole), "the whole card under {text}");
            assert_eq!(decided(&card), place < first, "without {fact} under {text}");
        }
    }
}

#[test]
fn premises_that_are_unknown_are_not_the_organisations_own() {
    let restricted = label("restricted");
    let own = target("u", "premises = 'own'", &[]);
    let unknown = target("u", "premises = 'unknown'", &[]);
    assert!(!decision(&restricted, &[own]).is_denial());
    assert!(decision(&restricted, &[unknown]).is_denial());
}
