//! What holds whatever the cards, the rules and the labels.

use std::collections::BTreeSet;

use proptest::prelude::*;
use trousseau_core::digest::Digest;
use trousseau_core::label::{Class, Label};
use trousseau_core::permit::Purpose;
use trousseau_policy::card::Card;
use trousseau_policy::condition::Condition;
use trousseau_policy::decide::{About, Decision, Request, Target, decide};
use trousseau_policy::eligibility::would_make_eligible;
use trousseau_policy::fact::Fact;
use trousseau_policy::fields::Fields;
use trousseau_policy::rules::{LocalTime, RawRule, RawRules, Rules, Weekday};
use trousseau_policy::withdrawn::Withdrawn;

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

/// What a rule may say of the fields of a card.
fn fields() -> impl Strategy<Value = Fields> {
    let said = [
        "",
        "seat = ['US', 'CN']",
        "seat = ['FR']\nus_law = false",
        "inference_region = ['EU']",
        "provider = ['a']",
        "premises = 'own'",
        "processing_contract = true",
        "certificates = ['secnumcloud-3.2']",
        "open_weights = true",
    ];
    prop::sample::select(said.to_vec()).prop_map(|text| toml::from_str(text).unwrap())
}

prop_compose! {
    /// Whom and what a rule speaks of, beside its class and tags.
    fn scope()(
        purposes in some(&["chat", "embedding"]),
        tenants in some(&["demo", "other"]),
        groups in some(&["hr", "clerks"]),
        collections in some(&["council", "staff"]),
        hours in some(&["08:00-18:00", "22:00-06:00"]),
        days in some(&["mon", "sat"]),
        upstreams in some(&["u0", "u1", "u2"]),
        providers in some(&["a", "B"]),
        card in fields(),
    ) -> RawRule {
        RawRule { purposes, tenants, groups, collections, hours, days, upstreams, providers, card, ..RawRule::default() }
    }
}

prop_compose! {
    /// A rule that takes away.
    fn restriction()(
        scope in scope(),
        class in prop::option::of(prop::sample::select(Class::ALL.to_vec())),
        tags in some(&TAGS),
        require in prop::option::of(prop::sample::select(Condition::ALL.to_vec())),
        require_card in fields(),
        deny in prop::bool::weighted(0.3),
    ) -> RawRule {
        let require: Vec<String> = require.map(|condition| condition.name().to_owned()).into_iter().collect();
        let deny = deny || (require.is_empty() && require_card.is_empty());
        RawRule {
            class: class.map(|class| class.name().to_owned()),
            tags,
            deny,
            require: if deny { vec![] } else { require },
            require_card: if deny { Fields::default() } else { require_card },
            ..scope
        }
    }
}

prop_compose! {
    /// A rule that excepts from those below it.
    fn exception()(
        scope in scope(), up_to in prop::option::of(prop::sample::select(Class::ALL.to_vec())),
    ) -> RawRule {
        RawRule { up_to: up_to.map(|class| class.name().to_owned()), allow: true, ..scope }
    }
}

prop_compose! {
    fn raw_rules()(
        banned in some(&["u0", "u1", "u2"]),
        banned_providers in some(&["a", "b"]),
        banned_countries in some(&["US", "CN", "DE"]),
        mut rule in prop::collection::vec(prop_oneof![2 => restriction(), 1 => exception()], 0..4),
    ) -> RawRules {
        for (index, rule) in rule.iter_mut().enumerate() {
            rule.name = format!("r{index}");
        }
        RawRules { banned, banned_providers, banned_countries, time_zone: Some("UTC".to_owned()), rule, ..RawRules::default() }
    }
}

/// For whom, from what and when.
#[derive(Clone, Debug)]
struct Setting {
    tenant: &'static str,
    groups: Vec<&'static str>,
    collections: Vec<&'static str>,
    time: LocalTime,
}

impl Setting {
    fn about(&self) -> About<'_> {
        About {
            tenant: self.tenant,
            groups: &self.groups,
            collections: &self.collections,
            time: self.time,
            withdrawn: None,
        }
    }
}

prop_compose! {
    fn settings()(
        tenant in prop::sample::select(vec!["demo", "other", "third"]),
        groups in prop::sample::subsequence(vec!["hr", "Clerks", "x"], 0..=3),
        collections in prop::sample::subsequence(vec!["council", "Staff", "x"], 0..=3),
        day in prop::sample::select(Weekday::ALL.to_vec()),
        minute in 0_u16..1440,
    ) -> Setting {
        Setting { tenant, groups, collections, time: LocalTime { day, minute } }
    }
}

fn resolve(raw: &RawRules) -> Rules {
    Rules::resolve(raw, ["u0", "u1", "u2"]).unwrap()
}

fn permitted(decision: &Decision) -> BTreeSet<&str> {
    decision.permitted.iter().map(|permit| permit.target()).collect()
}

fn ask(label: &Label, about: About<'_>, targets: &[Target], rules: &Rules) -> Decision {
    let request = Request {
        about,
        ..crate::cards::request(label)
    };
    decide(&request, targets, rules, today())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn raising_a_label_never_widens(
        targets in targets(), raw in raw_rules(), setting in settings(), low in labels(), other in labels(),
    ) {
        let (rules, about) = (resolve(&raw), setting.about());
        let before = ask(&low, about, &targets, &rules);
        let after = ask(&low.join(&other), about, &targets, &rules);
        prop_assert!(permitted(&after).is_subset(&permitted(&before)));
    }

    #[test]
    fn adding_a_rule_that_takes_away_never_widens_wherever_it_stands(
        targets in targets(), raw in raw_rules(), setting in settings(), mut more in restriction(),
        place in any::<prop::sample::Index>(), label in labels(),
    ) {
        let mut both = raw.clone();
        more.name = "more".to_owned();
        both.rule.insert(place.index(raw.rule.len() + 1), more);
        let about = setting.about();
        let before = ask(&label, about, &targets, &resolve(&raw));
        let after = ask(&label, about, &targets, &resolve(&both));
        prop_assert!(permitted(&after).is_subset(&permitted(&before)));
    }

    #[test]
    fn adding_a_ban_never_widens(
        targets in targets(), raw in raw_rules(), setting in settings(), more in raw_rules(), label in labels(),
    ) {
        let mut both = raw.clone();
        both.banned.extend(more.banned);
        both.banned_providers.extend(more.banned_providers);
        both.banned_countries.extend(more.banned_countries);
        let about = setting.about();
        let before = ask(&label, about, &targets, &resolve(&raw));
        let after = ask(&label, about, &targets, &resolve(&both));
        prop_assert!(permitted(&after).is_subset(&permitted(&before)));
    }

    #[test]
    fn what_is_withdrawn_is_out_like_what_is_banned_and_nothing_else_is(
        targets in targets(), raw in raw_rules(), setting in settings(), out in raw_rules(), label in labels(),
    ) {
        let (out, mut both) = (RawRules { rule: Vec::new(), ..out }, raw.clone());
        let withdrawn = Withdrawn {
            upstreams: out.banned.iter().cloned().collect(),
            providers: out.banned_providers.iter().cloned().collect(),
            countries: out.banned_countries.iter().map(|code| code.parse().unwrap()).collect(),
        };
        both.banned.extend(out.banned);
        both.banned_providers.extend(out.banned_providers);
        both.banned_countries.extend(out.banned_countries);
        let about = About { withdrawn: Some(&withdrawn), ..setting.about() };
        let now = ask(&label, about, &targets, &resolve(&raw));
        let banned = ask(&label, setting.about(), &targets, &resolve(&both));
        prop_assert_eq!(permitted(&now), permitted(&banned));
    }

    #[test]
    fn no_rules_in_any_order_let_in_what_the_defaults_refuse(
        targets in targets(), raw in raw_rules(), setting in settings(), label in labels(),
    ) {
        let about = setting.about();
        let default = ask(&label, about, &targets, &Rules::default());
        let mut turned = raw.clone();
        for _ in 0..=raw.rule.len() {
            let decision = ask(&label, about, &targets, &resolve(&turned));
            prop_assert!(permitted(&decision).is_subset(&permitted(&default)));
            if !turned.rule.is_empty() {
                turned.rule.rotate_left(1);
            }
        }
    }

    #[test]
    fn every_target_is_permitted_or_rejected_with_a_reason(
        targets in targets(), raw in raw_rules(), setting in settings(), label in labels(),
    ) {
        let (rules, about) = (resolve(&raw), setting.about());
        let decision = ask(&label, about, &targets, &rules);
        let content = crate::cards::request(&label).content;
        let mut permits = decision.permitted.iter();
        let mut rejections = decision.rejected.iter();
        for target in &targets {
            let missing = would_make_eligible(target, &label, about, &rules, today());
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
            about: About::default(),
        };
        let decision = decide(&request, &targets, &Rules::default(), today());
        if read > clearance {
            prop_assert!(decision.is_denial());
            let named = decision.rejected.iter().all(|rejection| {
                rejection.reasons.iter().any(|reason| reason.code.name() == "above-clearance")
            });
            prop_assert!(named);
        } else {
            let unread = ask(&label, About::default(), &targets, &Rules::default());
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
