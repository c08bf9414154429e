//! One scene, told whole.

use trousseau_core::label::Class;
use trousseau_drill::report::{Report, Verdict};
use trousseau_drill::traffic::Kind;
use trousseau_withdrawals::What;

use crate::scene::{asked, held, town, us};

fn traffic() -> Vec<trousseau_drill::traffic::Asked> {
    let (anne, bot, bruno) = (
        ("anne", Kind::User, ["mairie"].as_slice()),
        ("robot", Kind::Key, [].as_slice()),
        ("bruno", Kind::User, ["mairie", "social"].as_slice()),
    );
    vec![
        asked("office", Class::Public, anne, 40),
        asked("office", Class::Restricted, bruno, 3),
        asked("abroad", Class::Public, bot, 7),
        asked("files", Class::Personal, bruno, 2),
    ]
}

fn verdicts(report: &Report) -> Vec<(&str, Verdict)> {
    report
        .routes
        .iter()
        .map(|told| (told.route.as_str(), told.verdict))
        .collect()
}

#[test]
fn a_country_takes_one_route_along_and_moves_another() {
    let report = held(&town(), vec![us()], &traffic(), &["mairie", "social"]);
    assert_eq!(report.died().collect::<Vec<_>>(), ["abroad"]);
    insta::assert_json_snapshot!(report, @r#"
    {
      "cut": [
        {
          "what": "country",
          "name": "US",
          "upstreams": [
            "boston",
            "stranger"
          ]
        }
      ],
      "routes": [
        {
          "route": "office",
          "verdict": "lives",
          "recorded": true,
          "requests": 43,
          "lost": 0,
          "classes": [
            {
              "class": "public",
              "requests": 40,
              "lost": 0,
              "refused_before": 0,
              "targets": [
                "lille",
                "cellar"
              ]
            },
            {
              "class": "restricted",
              "requests": 3,
              "lost": 0,
              "refused_before": 0,
              "targets": [
                "cellar"
              ]
            }
          ],
          "goes": [
            {
              "from": "boston",
              "to": "lille",
              "requests": 40,
              "tokens": 4000
            }
          ],
          "recovery": {
            "withdrawn_seconds": 0.0,
            "unreachable_seconds": 5.0,
            "silent_seconds": 60.0,
            "failures_until_left_alone": 5,
            "left_alone_seconds": 10.0,
            "health_check_seconds": 40.0
          }
        },
        {
          "route": "abroad",
          "verdict": "dies",
          "recorded": true,
          "requests": 7,
          "lost": 7,
          "classes": [
            {
              "class": "public",
              "requests": 7,
              "lost": 7,
              "refused_before": 0,
              "targets": []
            }
          ],
          "goes": [
            {
              "from": "boston",
              "to": null,
              "requests": 7,
              "tokens": 700
            }
          ],
          "recovery": null
        },
        {
          "route": "files",
          "verdict": "lives",
          "recorded": true,
          "requests": 2,
          "lost": 0,
          "classes": [
            {
              "class": "personal",
              "requests": 2,
              "lost": 0,
              "refused_before": 0,
              "targets": [
                "cellar"
              ]
            }
          ],
          "goes": [],
          "recovery": null
        },
        {
          "route": "quick",
          "verdict": "lives",
          "recorded": false,
          "requests": 15,
          "lost": 0,
          "classes": [
            {
              "class": "public",
              "requests": 3,
              "lost": 0,
              "refused_before": 0,
              "targets": [
                "lille"
              ]
            },
            {
              "class": "internal",
              "requests": 3,
              "lost": 0,
              "refused_before": 0,
              "targets": [
                "lille"
              ]
            },
            {
              "class": "personal",
              "requests": 3,
              "lost": 0,
              "refused_before": 0,
              "targets": [
                "lille"
              ]
            },
            {
              "class": "sensitive",
              "requests": 3,
              "lost": 0,
              "refused_before": 3,
              "targets": []
            },
            {
              "class": "restricted",
              "requests": 3,
              "lost": 0,
              "refused_before": 3,
              "targets": []
            }
          ],
          "goes": [
            {
              "from": "boston",
              "to": "lille",
              "requests": 3,
              "tokens": 0
            }
          ],
          "recovery": {
            "withdrawn_seconds": 0.0,
            "unreachable_seconds": 2.0,
            "silent_seconds": 2.0,
            "failures_until_left_alone": 5,
            "left_alone_seconds": 10.0,
            "health_check_seconds": 40.0
          }
        }
      ],
      "affected": {
        "users": 1,
        "keys": 1,
        "others": 0,
        "groups": 1
      },
      "without_answer": {
        "users": 0,
        "keys": 1,
        "others": 0,
        "groups": 0
      },
      "groups": [
        {
          "group": "mairie",
          "requests": 45,
          "moved": 40,
          "lost": 0
        }
      ]
    }
    "#);
}

#[test]
fn several_at_once_take_more_than_each() {
    let plan = town();
    let upstream = |name: &str| What::Upstream(name.to_owned());
    let one = held(&plan, vec![upstream("cellar")], &traffic(), &[]);
    assert_eq!(
        verdicts(&one),
        [
            ("office", Verdict::Partly),
            ("abroad", Verdict::Lives),
            ("files", Verdict::Dies),
            ("quick", Verdict::Lives)
        ]
    );
    let both = held(
        &plan,
        vec![What::Provider("acme ".to_owned()), us(), upstream("lille")],
        &traffic(),
        &[],
    );
    assert_eq!(
        verdicts(&both),
        [
            ("office", Verdict::Lives),
            ("abroad", Verdict::Dies),
            ("files", Verdict::Lives),
            ("quick", Verdict::Dies)
        ]
    );
}

#[test]
fn what_concerns_nobody_changes_nothing() {
    let report = held(
        &town(),
        vec![What::Provider("Nobody".to_owned())],
        &traffic(),
        &["mairie"],
    );
    assert!(report.cut[0].upstreams.is_empty());
    assert!(
        report
            .routes
            .iter()
            .all(|told| told.lost == 0 && told.goes.is_empty())
    );
    assert_eq!(report.affected, Default::default());
    assert!(report.groups.is_empty());
}
