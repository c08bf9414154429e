//! Whole decisions as clients and the ledger see them.

use insta::{assert_json_snapshot, assert_snapshot};
use trousseau_core::error::Explain as _;
use trousseau_policy::decide::About;
use trousseau_policy::eligibility::would_make_eligible;
use trousseau_policy::rules::{RawRules, Rules};

use crate::cards::{EUROPEAN, attestations, decision, label, request, target, today};

#[test]
fn a_decision_in_json() {
    let raw: RawRules =
        toml::from_str("[[rule]]\nname = 'no-acme'\nproviders = ['Acme']\ndeny = true").unwrap();
    let rules = Rules::resolve(&raw, ["local", "exemple", "acme"]).unwrap();
    let targets = [
        target("local", "premises = 'own'", &[]),
        target("exemple", EUROPEAN, &attestations()),
        target(
            "acme",
            "provider = 'Acme'\nseat = 'US'\ninference_region = 'EU'",
            &[],
        ),
    ];
    let label = label("sensitive+health");
    let decision = trousseau_policy::decide(&request(&label), &targets, &rules, today());
    assert_json_snapshot!(decision, @r#"
    {
      "label": {
        "class": "sensitive",
        "tags": [
          "health"
        ]
      },
      "purpose": "chat",
      "rules": [
        "sensitive",
        "sensitive-health",
        "no-acme"
      ],
      "permitted": [
        "local"
      ],
      "rejected": [
        {
          "target": "exemple",
          "reasons": [
            {
              "code": "certificates-unknown",
              "rule": "sensitive",
              "condition": "secnumcloud",
              "field": "certificates",
              "found": "unknown",
              "required": "secnumcloud-3.2"
            },
            {
              "code": "certificates-unknown",
              "rule": "sensitive-health",
              "condition": "hds",
              "field": "certificates",
              "found": "unknown",
              "required": "hds"
            }
          ]
        },
        {
          "target": "acme",
          "reasons": [
            {
              "code": "processing-contract-unknown",
              "rule": "sensitive",
              "condition": "processing-contract",
              "field": "processing_contract",
              "found": "unknown",
              "required": "true"
            },
            {
              "code": "training-unknown",
              "rule": "sensitive",
              "condition": "no-training",
              "field": "trains_on_data",
              "found": "unknown",
              "required": "false"
            },
            {
              "code": "operator-not-adequate",
              "rule": "sensitive",
              "condition": "operator-established",
              "field": "seat",
              "found": "US",
              "required": "EU/EEA, GDPR art. 45"
            },
            {
              "code": "under-us-law",
              "rule": "sensitive",
              "condition": "not-under-us-law",
              "field": "us_law",
              "found": "seat = US",
              "required": "false"
            },
            {
              "code": "chinese-law-unknown",
              "rule": "sensitive",
              "condition": "not-under-chinese-law",
              "field": "chinese_law",
              "found": "unknown",
              "required": "false"
            },
            {
              "code": "certificates-unknown",
              "rule": "sensitive",
              "condition": "secnumcloud",
              "field": "certificates",
              "found": "unknown",
              "required": "secnumcloud-3.2"
            },
            {
              "code": "certificates-unknown",
              "rule": "sensitive-health",
              "condition": "hds",
              "field": "certificates",
              "found": "unknown",
              "required": "hds"
            },
            {
              "code": "denied-by-rule",
              "rule": "no-acme",
              "found": "acme",
              "required": ""
            }
          ]
        }
      ]
    }
    "#);
}

#[test]
fn a_denial_names_every_target_and_reason() {
    let targets = [
        target("acme", "seat = 'US'\ninference_region = 'US'", &[]),
        target("unknown", "", &[]),
    ];
    let denied = decision(&label("internal"), &targets).into_permits().unwrap_err();
    let fields = denied
        .fields()
        .into_iter()
        .map(|(name, value)| format!("{name} = {value}"));
    let fields: Vec<String> = fields.collect();
    assert_snapshot!(format!("{}: {denied}\n{}", denied.code(), fields.join("\n")), @r#"
    policy-denied: no upstream may see a text labelled internal for chat
    label = internal
    purpose = chat
    reasons = acme: inference-outside-eea, processing-contract-unknown, training-unknown; unknown: inference-region-unknown, processing-contract-unknown, training-unknown
    "#);
    let nowhere = decision(&label("public"), &[]).into_permits().unwrap_err();
    assert_eq!(nowhere.code(), "policy-no-target");
}

#[test]
fn what_an_upstream_lacks() {
    let upstream = target("exemple", EUROPEAN, &[]);
    let missing = would_make_eligible(
        &upstream,
        &label("sensitive"),
        About::default(),
        &Rules::default(),
        today(),
    );
    let lines = missing.iter().map(|missing| {
        let reason = &missing.reason;
        format!("{} {} {:?}", reason.code, reason.field, missing.remedy)
    });
    assert_snapshot!(lines.collect::<Vec<String>>().join("\n"), @r#"
    processing-contract-unknown processing_contract Attest
    training-unknown trains_on_data Attest
    certificates-unknown certificates Establish
    "#);
}
