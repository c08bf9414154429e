//! Targets that may see a request as it is and targets that may see it masked, in one route: who is asked when, and with what.

use serde_json::{Value, json};
use trousseau_core::chat::{ChatAnswer, Seam};
use trousseau_core::error::Explain as _;
use trousseau_core::label::{Class, Label};
use trousseau_core::model::ModelError;
use trousseau_core::principal::{Reader, Tenant};
use trousseau_gateway::answer::AnswerEvent;
use trousseau_gateway::settings::Collection;
use trousseau_withdrawals::{Running, What};

use crate::masked::{IBAN, mask, masks};
use crate::scripted::{Scripted, Step};
use crate::stage::{self, COLLECTION, Stage, all_of, ask, cast, change, operator, question, unknown};
use crate::truth;
use crate::wired::staged;

const YES: &[Step] = &[Step::Say("Oui."), Step::End];

fn cut(target: String) -> ModelError {
    ModelError::Cut { target }
}

fn unavailable(target: String) -> ModelError {
    ModelError::Unavailable {
        target,
        reason: "the script says so".to_owned(),
    }
}

/// What was delivered, put together as a client does.
fn delivered(events: &[AnswerEvent]) -> ChatAnswer {
    let mut answer = ChatAnswer::default();
    for event in events {
        if let AnswerEvent::Part(part) = event {
            answer.push(part.clone());
        }
    }
    answer
}

fn sent(model: &Scripted, call: usize) -> String {
    let request = &model.calls()[call].request;
    serde_json::to_string(&**request).unwrap()
}

#[test]
fn who_may_see_it_as_it_is_comes_first_and_the_others_see_it_masked() {
    let stage = Stage::new();
    stage::run(async {
        let (gateway, models) = staged(&stage, &[("local", YES), ("afar", YES)]).await;
        masks(&gateway, &["local", "afar"], mask(&[]));
        let text = format!("Vérifier {IBAN}");
        let answered = ask(&gateway, &operator(), question(&text)).await.0.unwrap();
        assert_eq!((answered.target.as_str(), answered.masked), ("local", None));
        assert!(models[1].calls().is_empty());
        assert_eq!(models[0].calls()[0].request.messages[0].content, text);

        // The first fails before its first byte: the other is asked, by a decision that was in the ledger before.
        let fails = Scripted::new("local", stage.data(), &[Step::Fail]);
        cast(&gateway, "local", &fails);
        let answered = ask(&gateway, &operator(), question(&text)).await.0.unwrap();
        assert_eq!(answered.target, "afar");
        assert_eq!(answered.masked.unwrap(), [("iban".to_owned(), 1)].into());
        assert_eq!(answered.attempts[0].target, "local");
        let call = &models[1].calls()[0];
        assert_eq!(call.request.messages[0].content, "Vérifier [IBAN-1]");
        assert_eq!(call.label, Label::default());
        assert_eq!(call.entries.last().unwrap()["masked"], json!({ "iban": 1 }));
        assert!(!sent(&models[1], 0).contains("2004"));

        // Where nothing is found there is nothing to mask, and where it is permitted it goes as it is.
        let answered = ask(&gateway, &operator(), question("Bonjour")).await.0.unwrap();
        assert_eq!((answered.target.as_str(), answered.masked), ("afar", None));
        gateway.close().await.unwrap();
    });
    truth::check_ledger(&stage.data(), &Tenant::default());
}

#[test]
fn an_answer_that_breaks_off_goes_on_masked_and_what_was_delivered_stays() {
    let stage = Stage::new();
    stage::run(async {
        let script = [
            Step::Say("Le compte FR14 2004 1010 0505 0001 "),
            Step::Say("3M02 606 "),
            Step::FailAs(cut),
        ];
        let rest = [Step::Say("est bon ([IBAN"), Step::Say("-1])."), Step::End];
        let (gateway, models) = staged(&stage, &[("local", &script), ("afar", &rest)]).await;
        masks(&gateway, &["local", "afar"], mask(&[]));
        let (answered, events) = ask(&gateway, &operator(), question(&format!("Vérifier {IBAN}"))).await;
        let answered = answered.unwrap();
        let before = format!("Le compte {IBAN} ");
        let whole = format!("{before}est bon ({IBAN}).");
        let seam = Seam {
            from: "local".to_owned(),
            to: "afar".to_owned(),
            at: before.chars().count(),
            error: "model-cut".to_owned(),
        };
        assert_eq!(
            (&answered.answer.text, &answered.answer.seams),
            (&whole, &vec![seam])
        );
        assert_eq!(delivered(&events).text, whole);
        assert_eq!(answered.masked.unwrap(), [("iban".to_owned(), 1)].into());
        let call = &models[1].calls()[0];
        assert_eq!(call.request.begun.as_deref(), Some("Le compte [IBAN-1] "));
        assert!(!sent(&models[1], 0).contains("2004"));
        gateway.close().await.unwrap();
        let entries = stage.entries(&Tenant::default());
        let decisions: Vec<&Value> = entries
            .iter()
            .filter(|entry| entry["type"] == "decision")
            .collect();
        // The request, it masked; the rest, that masked.
        let masked: Vec<bool> = decisions
            .iter()
            .map(|entry| entry["masked"].is_object())
            .collect();
        assert_eq!(masked, [false, true, false, true]);
        assert!(decisions[1..].iter().all(|entry| entry["continues"].is_u64()));
    });
    truth::check_ledger(&stage.data(), &Tenant::default());
}

#[test]
fn a_masked_answer_that_breaks_off_goes_on_where_all_may_be_seen() {
    let stage = Stage::new();
    stage::run(async {
        let local = [Step::FailTimes(1, unavailable), Step::Say("voilà."), Step::End];
        let afar = [
            Step::Say("Compte [IBAN-"),
            Step::Say("1] et [IB"),
            Step::FailAs(cut),
        ];
        let (gateway, models) = staged(&stage, &[("local", &local), ("afar", &afar)]).await;
        masks(&gateway, &["local", "afar"], mask(&[]));
        let text = format!("Vérifier {IBAN}");
        let (answered, events) = ask(&gateway, &operator(), question(&text)).await;
        let answered = answered.unwrap();
        let whole = format!("Compte {IBAN} et voilà.");
        assert_eq!(
            (&answered.answer.text, answered.target.as_str()),
            (&whole, "local")
        );
        assert_eq!(delivered(&events).text, whole);
        // Some of it was made of what was masked.
        assert!(answered.masked.is_some());
        let call = &models[0].calls()[1];
        assert_eq!(call.request.messages[0].content, text);
        assert_eq!(call.request.begun, Some(format!("Compte {IBAN} et ")));
        gateway.close().await.unwrap();
    });
    truth::check_ledger(&stage.data(), &Tenant::default());
}

#[test]
fn what_was_restored_is_masked_again_where_no_detector_would_see_it() {
    let stage = Stage::new();
    stage::run(async {
        let one = [Step::Say("[PERSON-1] viendra "), Step::FailAs(cut)];
        let two = [Step::Say("demain, [person 1]."), Step::End];
        let (gateway, models) = staged(&stage, &[("one", &one), ("two", &two)]).await;
        masks(&gateway, &["one", "two"], mask(&[]));
        change(&gateway, |plan| {
            plan.targets = vec![unknown("one"), unknown("two")];
        });
        let asked = question("Mme Dupont est suivie pour un diabète. Quand vient-elle ?");
        let answered = ask(&gateway, &operator(), asked).await.0.unwrap();
        assert_eq!(answered.answer.text, "Dupont viendra demain, Dupont.");
        let call = &models[1].calls()[0];
        assert_eq!(call.request.begun.as_deref(), Some("[PERSON-1] viendra "));
        assert!(!sent(&models[1], 0).contains("Dupont"));
        let label = answered.explanation.labelling.label();
        assert_eq!(label.to_string(), "sensitive+health");
        gateway.close().await.unwrap();
    });
}

#[test]
fn arguments_of_tools_are_restored_and_reasoning_too() {
    let stage = Stage::new();
    stage::run(async {
        let script = [
            Step::Think("Le compte [IBAN"),
            Step::Think("-1]"),
            Step::Call(0, "c1", "{\"iban\":\"[IB"),
            Step::Call(0, "", "AN-1]\",\"n\":[1"),
            Step::Call(0, "", "]}"),
            Step::End,
        ];
        let (gateway, _) = staged(&stage, &[("afar", &script)]).await;
        masks(&gateway, &["afar"], mask(&[]));
        let (answered, events) = ask(&gateway, &operator(), question(IBAN)).await;
        let heard = delivered(&events);
        for answer in [answered.unwrap().answer, heard] {
            assert_eq!(answer.reasoning, format!("Le compte {IBAN}"));
            let call = &answer.tool_calls[0];
            let arguments: Value = serde_json::from_str(&call.arguments).unwrap();
            assert_eq!(
                (call.id.as_str(), arguments),
                ("c1", json!({ "iban": IBAN, "n": [1] }))
            );
        }
        gateway.close().await.unwrap();
    });
}

#[test]
fn what_is_withdrawn_is_not_asked_masked_either() {
    let stage = Stage::new();
    stage::run(async {
        let (gateway, models) = staged(&stage, &[("afar", YES)]).await;
        masks(&gateway, &["afar"], mask(&[]));
        let afar = What::Upstream("afar".to_owned());
        let withdrawn = gateway
            .withdraw(&operator(), afar, (None, Running::Stop))
            .await
            .unwrap();
        let refused = ask(&gateway, &operator(), question(IBAN)).await.0.unwrap_err();
        assert_eq!(refused.code(), "policy-denied");
        gateway.lift(&operator(), &withdrawn.id).await.unwrap();
        assert!(ask(&gateway, &operator(), question(IBAN)).await.0.is_ok());
        assert_eq!(models[0].calls().len(), 1);
        gateway.close().await.unwrap();
    });
}

#[test]
fn passages_go_as_they_are_under_their_own_label() {
    for (class, permitted) in [(Class::Public, true), (Class::Internal, false)] {
        let stage = Stage::new();
        stage::run(async {
            let gateway = stage.open().await;
            change(&gateway, |plan| {
                let collection = Collection {
                    label: Label::of(class),
                    readers: vec![Reader::Everyone],
                };
                plan.settings
                    .collections
                    .insert(COLLECTION.to_owned(), collection);
            });
            let published = "Le guichet ouvre à neuf heures. Téléphone : 02 40 41 90 00.";
            stage.write("a.txt", format!("{published}\n"));
            let ingested = stage::ingest(&gateway, &Tenant::default(), all_of(stage.files())).await;
            ingested.unwrap();
            let script = [Step::Say("À neuf heures [1], [IBAN-1]."), Step::Cite, Step::End];
            let model = Scripted::new("afar", stage.data(), &script);
            cast(&gateway, "afar", &model);
            masks(&gateway, &["afar"], mask(&[]));
            change(&gateway, |plan| plan.settings.routes[0].grounded = true);
            let asked = question(&format!("Quand ouvre le guichet ? Mon compte : {IBAN}"));
            let answered = ask(&gateway, &operator(), asked).await.0;
            if permitted {
                let answered = answered.unwrap();
                assert_eq!(answered.answer.text, format!("À neuf heures [1], {IBAN}."));
                assert!(answered.answer.citations[0].text.contains(published));
                let request = &model.calls()[0].request;
                assert!(request.passages[0].text.contains(published));
                assert_eq!((&request.standalone, &request.rarities), (&None, &None));
                assert!(!sent(&model, 0).contains("2004"));
            } else {
                assert_eq!(answered.unwrap_err().code(), "policy-denied");
                assert!(model.calls().is_empty());
            }
            gateway.close().await.unwrap();
        });
    }
}
