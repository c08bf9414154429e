//! How a text's label is told.

use insta::assert_json_snapshot;
use trousseau_core::label::{Class, Label};
use trousseau_policy::detect;
use trousseau_policy::explanation::{Explanation, Labelling, Origin};

use crate::cards::{decision, target};

#[test]
fn an_explanation_in_json() {
    let text = "Écrire à élise@exemple.fr ou a@b.fr, clé AKIAJ3Q7XW2N5ZRT6KLM.";
    let mut labelling = Labelling::new();
    labelling.raise(
        Origin::Key {
            name: "alice".to_owned(),
        },
        &Label::of(Class::Internal),
    );
    labelling.raise(Origin::Header, &Label::of(Class::Public));
    labelling.raise_findings(text, &detect(text));
    let passage = Origin::Passage {
        document: "d1".to_owned(),
        title: "Congés".to_owned(),
    };
    labelling.raise(passage, &Label::of(Class::Personal).with_tag("hr"));
    let decision = decision(labelling.label(), &[target("local", "premises = 'own'", &[])]);
    assert_json_snapshot!(Explanation::new(labelling, decision), @r#"
    {
      "labelling": {
        "label": {
          "class": "restricted",
          "tags": [
            "hr",
            "secret"
          ]
        },
        "raises": [
          {
            "origin": "key",
            "name": "alice",
            "label": {
              "class": "internal"
            },
            "raised": true
          },
          {
            "origin": "header",
            "label": {
              "class": "public"
            },
            "raised": false
          },
          {
            "origin": "detector",
            "detector": "email",
            "spans": [
              {
                "start": 9,
                "end": 25
              },
              {
                "start": 29,
                "end": 35
              }
            ],
            "label": {
              "class": "personal"
            },
            "raised": true
          },
          {
            "origin": "detector",
            "detector": "api-key",
            "spans": [
              {
                "start": 41,
                "end": 61
              }
            ],
            "label": {
              "class": "restricted",
              "tags": [
                "secret"
              ]
            },
            "raised": true
          },
          {
            "origin": "passage",
            "document": "d1",
            "title": "Congés",
            "label": {
              "class": "personal",
              "tags": [
                "hr"
              ]
            },
            "raised": true
          }
        ]
      },
      "decision": {
        "label": {
          "class": "restricted",
          "tags": [
            "hr",
            "secret"
          ]
        },
        "purpose": "chat",
        "rules": [
          "restricted"
        ],
        "permitted": [
          "local"
        ],
        "rejected": []
      }
    }
    "#);
}
