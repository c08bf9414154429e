//! The organisation's own rules: what they take away, and what is wrong with them.

use insta::assert_snapshot;
use trousseau_core::error::Explain as _;
use trousseau_core::permit::Purpose;
use trousseau_policy::decide::{About, Request, Target, decide};
use trousseau_policy::rules::{LocalTime, RawRules, Rules, Weekday};

use crate::cards::{EUROPEAN, attestations, label, request, target, today};

fn targets() -> Vec<Target> {
    vec![
        target("local", "provider = 'Ours'\npremises = 'own'", &[]),
        target("exemple", EUROPEAN, &attestations()),
        target("mystery", "provider = 'Mystery'", &[]),
        target(
            "acme",
            "provider = 'ACME'\nseat = 'US'\nultimate_parent = 'US'\ninference_region = 'EU'\n\
                        storage_region = 'EU'",
            &attestations(),
        ),
    ]
}

fn rules(text: &str) -> Rules {
    let raw: RawRules = toml::from_str(text).unwrap();
    Rules::resolve(&raw, ["local", "exemple", "mystery", "acme"]).unwrap()
}

/// The names of the targets that may see a text, under the rules of a configuration.
fn permitted(rules: &str, under: &str, purpose: Purpose) -> String {
    let label = label(under);
    names(
        rules,
        Request {
            purpose,
            ..request(&label)
        },
    )
}

fn chat(rules: &str, under: &str) -> String {
    permitted(rules, under, Purpose::Chat)
}

/// The same for a public text that is asked about in some circumstances.
fn asked(rules: &str, about: About<'_>) -> String {
    let label = label("public");
    names(
        rules,
        Request {
            about,
            ..request(&label)
        },
    )
}

fn names(rules: &str, request: Request<'_>) -> String {
    let decision = decide(&request, &targets(), &self::rules(rules), today());
    let names: Vec<&str> = decision.permitted.iter().map(|permit| permit.target()).collect();
    names.join(" ")
}

#[test]
fn bans_by_upstream_provider_and_country() {
    assert_eq!(chat("", "public"), "local exemple mystery acme");
    assert_eq!(chat("banned = ['acme']", "public"), "local exemple mystery");
    assert_eq!(
        chat("banned_providers = [' acme ']", "public"),
        "local exemple mystery"
    );
    // Where a country is ruled out, an upstream of unknown country is too; the own machine belongs to none.
    assert_eq!(chat("banned_countries = ['us']", "public"), "local exemple");
    // Stored "somewhere in the EU" may be stored in Germany.
    assert_eq!(chat("banned_countries = ['DE']", "public"), "local");
}

#[test]
fn rules_by_class_tag_purpose_and_upstream() {
    let by_class = "[[rule]]\nname = 'r'\nclass = 'internal'\nproviders = ['acme']\ndeny = true";
    assert_eq!(chat(by_class, "public"), "local exemple mystery acme");
    assert_eq!(chat(by_class, "internal"), "local exemple");
    let by_tag = "[[rule]]\nname = 'r'\ntags = ['hr', 'minor']\nrequire = ['own-premises']";
    assert_eq!(chat(by_tag, "internal"), "local exemple acme");
    assert_eq!(chat(by_tag, "internal+HR"), "local");
    let by_purpose = "[[rule]]\nname = 'r'\npurposes = ['embedding']\nupstreams = ['exemple']\ndeny = true";
    assert_eq!(chat(by_purpose, "internal"), "local exemple acme");
    assert_eq!(
        permitted(by_purpose, "internal", Purpose::Embedding),
        "local acme"
    );
    let required = "[[rule]]\nname = 'r'\nrequire = ['not-under-us-law']";
    assert_eq!(chat(required, "public"), "local exemple");
}

#[test]
fn rules_by_tenant_group_collection_and_hour() {
    let deny = |when: &str| {
        format!("time_zone = 'Europe/Paris'\n[[rule]]\nname = 'r'\nupstreams = ['acme']\ndeny = true\n{when}")
    };
    let everywhere = "local exemple mystery acme";
    let without = "local exemple mystery";
    let by_group = deny("groups = ['RH']");
    let about = |groups, collections| About {
        tenant: "mairie",
        groups,
        collections,
        ..About::default()
    };
    assert_eq!(asked(&by_group, about(&["clerks"], &[])), everywhere);
    assert_eq!(asked(&by_group, about(&["clerks", "rh"], &[])), without);
    let by_collection = deny("collections = ['council']");
    assert_eq!(asked(&by_collection, about(&[], &["public"])), everywhere);
    assert_eq!(asked(&by_collection, about(&[], &["public", "Council"])), without);
    let by_tenant = deny("tenants = ['mairie']");
    assert_eq!(asked(&by_tenant, about(&[], &[])), without);
    assert_eq!(asked(&by_tenant, About::default()), everywhere);
    let by_hour = deny("hours = ['18:00-08:00']\ndays = ['fri']");
    let at = |day, hour: u16| About {
        time: LocalTime {
            day,
            minute: hour * 60,
        },
        ..About::default()
    };
    assert_eq!(asked(&by_hour, at(Weekday::Fri, 12)), everywhere);
    assert_eq!(asked(&by_hour, at(Weekday::Fri, 18)), without);
    assert_eq!(asked(&by_hour, at(Weekday::Sat, 7)), without);
    assert_eq!(asked(&by_hour, at(Weekday::Sat, 18)), everywhere);
}

#[test]
fn rules_by_fields_of_the_card() {
    let deny = |card: &str| format!("[[rule]]\nname = 'r'\ncard = {card}\ndeny = true");
    // The seat of "mystery" is not known: it may be there. The own machine has no operator.
    assert_eq!(chat(&deny("{ seat = ['US'] }"), "public"), "local exemple");
    assert_eq!(
        chat(&deny("{ provider = ['acme'] }"), "public"),
        "local exemple mystery"
    );
    // Nobody wrote on whose premises "mystery" and "acme" run.
    assert_eq!(chat(&deny("{ premises = 'own' }"), "public"), "exemple");
    let both = deny("{ inference_region = ['EU'], us_law = true }");
    assert_eq!(chat(&both, "public"), "local exemple");
    let require = |card: &str| format!("[[rule]]\nname = 'r'\nrequire_card = {card}");
    assert_eq!(
        chat(&require("{ inference_region = ['EU'] }"), "public"),
        "local exemple acme"
    );
    assert_eq!(
        chat(&require("{ inference_region = ['FR', 'DE'] }"), "public"),
        "local exemple"
    );
    assert_eq!(
        chat(&require("{ processing_contract = true }"), "public"),
        "local exemple acme"
    );
    // What is not the operator's is asked of the own machine too, and nobody has written it on these cards.
    assert_eq!(chat(&require("{ open_weights = true }"), "public"), "");
    assert_eq!(
        chat(
            &require("{ price_at_most = { input = 1, output = 2, currency = 'EUR' } }"),
            "public"
        ),
        ""
    );
}

#[test]
fn the_first_rule_that_decides_is_the_last_that_is_read() {
    let allow = "[[rule]]\nname = 'trusted'\nproviders = ['acme']\nup_to = 'public'\nallow = true";
    let require = "[[rule]]\nname = 'at-home'\nrequire = ['own-premises']";
    let deny = "[[rule]]\nname = 'not-there'\nupstreams = ['acme']\ndeny = true";
    let in_order = |rules: &[&str]| rules.join("\n");
    assert_eq!(chat(&in_order(&[allow, require]), "public"), "local acme");
    assert_eq!(chat(&in_order(&[allow, require]), "internal"), "local");
    assert_eq!(chat(&in_order(&[require, allow]), "public"), "local");
    assert_eq!(
        chat(&in_order(&[allow, deny]), "public"),
        "local exemple mystery acme"
    );
    assert_eq!(chat(&in_order(&[deny, allow]), "public"), "local exemple mystery");
    // An exception from the organisation's own rules is none from the table of classes.
    let always = "[[rule]]\nname = 'all'\nallow = true";
    assert_eq!(chat(always, "personal"), chat("", "personal"));
    assert_eq!(chat(always, "personal"), "local exemple");
}

#[test]
fn a_reason_names_the_rule_that_decided_and_its_line() {
    let mut raw: RawRules = toml::from_str(
        "[[rule]]\nname = 'green'\nrequire_card = { carbon_zone = ['FR'], open_weights = true }\n\
         [[rule]]\nname = 'never'\ndeny = true",
    )
    .unwrap();
    (raw.rule[0].line, raw.rule[1].line) = (12, 20);
    let rules = Rules::resolve(&raw, []).unwrap();
    let label = label("public");
    let upstream = target("exemple", "provider = 'X'\ncarbon_zone = 'PL'", &[]);
    let green = target(
        "green",
        "provider = 'Y'\ncarbon_zone = 'fr'\nopen_weights = true",
        &[],
    );
    let decision = decide(&request(&label), &[upstream, green], &rules, today());
    assert_eq!(decision.rules, ["public", "green", "never"]);
    assert_snapshot!(serde_json::to_string_pretty(&decision.rejected).unwrap());
}

#[test]
fn all_faults_are_listed_at_once() {
    let raw: RawRules = toml::from_str(
        "banned = ['acmee']\nbanned_countries = ['UK']\n\
         [[rule]]\ndeny = true\n\
         [[rule]]\nname = 'personal'\nclass = 'secret'\ndeny = true\n\
         [[rule]]\nname = 'r'\npurposes = ['chatt']\nupstreams = ['x']\nrequire = ['own']\n\
         [[rule]]\nname = 'r'\n\
         [[rule]]\nname = 's'\ndeny = true\nrequire = ['hds']",
    )
    .unwrap();
    let faults = Rules::resolve(&raw, ["acme"]).unwrap_err();
    let lines: Vec<String> = faults
        .iter()
        .map(|fault| format!("{}: {fault}", fault.code()))
        .collect();
    assert_snapshot!(lines.join("\n"), @r#"
    policy-unknown-value: policy.banned_countries has the unknown value "UK"; it knows ISO 3166-1 (FR, DE, GB, ...)
    policy-unknown-upstream: policy.banned names "acmee", but there is no such upstream
    policy-rule-nameless: [[policy.rule]] number 1 has no name
    policy-rule-name-taken: the rule name "personal" is already taken
    policy-unknown-value: policy.rule.personal.class has the unknown value "secret"; it knows public, internal, personal, sensitive, restricted
    policy-unknown-value: policy.rule.r.purposes has the unknown value "chatt"; it knows chat, embedding, reranking, rewriting, ocr, judging
    policy-unknown-upstream: policy.rule.r.upstreams names "x", but there is no such upstream
    policy-unknown-value: policy.rule.r.require has the unknown value "own"; it knows not-banned, inference-in-eea, processing-contract, no-training, operator-established, not-under-us-law, not-under-chinese-law, secnumcloud, hds, own-premises
    policy-rule-name-taken: the rule name "r" is already taken
    policy-rule-effect: the rule "r" must have one of deny = true, allow = true, require = [..] or require_card = {..}
    policy-rule-effect: the rule "s" must have one of deny = true, allow = true, require = [..] or require_card = {..}
    "#);
}

#[test]
fn a_mistyped_key_is_refused() {
    assert!(toml::from_str::<RawRules>("ban = ['acme']").is_err());
    assert!(toml::from_str::<RawRules>("[[rule]]\nname = 'r'\ntag = 'hr'").is_err());
}
