//! The organisation's own rules: what they take away, and what is wrong with them.

use insta::assert_snapshot;
use trousseau_core::error::Explain as _;
use trousseau_core::permit::Purpose;
use trousseau_policy::decide::{Request, Target, decide};
use trousseau_policy::rules::{RawRules, Rules};

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

/// The names of the targets that may see a public text, under the rules of a configuration.
fn permitted(rules: &str, under: &str, purpose: Purpose) -> String {
    let label = label(under);
    let request = Request {
        purpose,
        ..request(&label)
    };
    let decision = decide(&request, &targets(), &self::rules(rules), today());
    let names: Vec<&str> = decision.permitted.iter().map(|permit| permit.target()).collect();
    names.join(" ")
}

fn chat(rules: &str, under: &str) -> String {
    permitted(rules, under, Purpose::Chat)
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
fn restrictions_by_class_tag_purpose_and_upstream() {
    let by_class = "[[restriction]]\nname = 'r'\nclass = 'internal'\nproviders = ['acme']\ndeny = true";
    assert_eq!(chat(by_class, "public"), "local exemple mystery acme");
    assert_eq!(chat(by_class, "internal"), "local exemple");
    let by_tag = "[[restriction]]\nname = 'r'\ntags = ['hr', 'minor']\nrequire = ['own-premises']";
    assert_eq!(chat(by_tag, "internal"), "local exemple acme");
    assert_eq!(chat(by_tag, "internal+HR"), "local");
    let by_purpose =
        "[[restriction]]\nname = 'r'\npurposes = ['embedding']\nupstreams = ['exemple']\ndeny = true";
    assert_eq!(chat(by_purpose, "internal"), "local exemple acme");
    assert_eq!(
        permitted(by_purpose, "internal", Purpose::Embedding),
        "local acme"
    );
    let required = "[[restriction]]\nname = 'r'\nrequire = ['not-under-us-law']";
    assert_eq!(chat(required, "public"), "local exemple");
}

#[test]
fn all_faults_are_listed_at_once() {
    let raw: RawRules = toml::from_str(
        "banned = ['acmee']\nbanned_countries = ['UK']\n\
         [[restriction]]\ndeny = true\n\
         [[restriction]]\nname = 'personal'\nclass = 'secret'\ndeny = true\n\
         [[restriction]]\nname = 'r'\npurposes = ['chatt']\nupstreams = ['x']\nrequire = ['own']\n\
         [[restriction]]\nname = 'r'\n\
         [[restriction]]\nname = 's'\ndeny = true\nrequire = ['hds']",
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
    policy-restriction-nameless: [[policy.restriction]] number 1 has no name
    policy-restriction-name-taken: the restriction name "personal" is already taken
    policy-unknown-value: policy.restriction.personal.class has the unknown value "secret"; it knows public, internal, personal, sensitive, restricted
    policy-unknown-value: policy.restriction.r.purposes has the unknown value "chatt"; it knows chat, embedding, reranking, rewriting, ocr, judging
    policy-unknown-upstream: policy.restriction.r.upstreams names "x", but there is no such upstream
    policy-unknown-value: policy.restriction.r.require has the unknown value "own"; it knows not-banned, inference-in-eea, processing-contract, no-training, operator-established, not-under-us-law, not-under-chinese-law, secnumcloud, hds, own-premises
    policy-restriction-name-taken: the restriction name "r" is already taken
    policy-restriction-effect: the restriction "r" must have either deny = true or require = [..]
    policy-restriction-effect: the restriction "s" must have either deny = true or require = [..]
    "#);
}

#[test]
fn a_mistyped_key_is_refused() {
    assert!(toml::from_str::<RawRules>("ban = ['acme']").is_err());
    assert!(toml::from_str::<RawRules>("[[restriction]]\nname = 'r'\ntag = 'hr'").is_err());
}
