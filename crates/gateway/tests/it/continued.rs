//! Streams that break after their first byte: continued by the next permitted target with a seam that everybody sees, or
//! ended in an error. Never silently.

use serde_json::{Value, json};
use trousseau_core::chat::{ChatAnswer, ChatEvent, Seam};
use trousseau_core::error::Explain as _;
use trousseau_core::label::Class;
use trousseau_core::model::{ModelError, Phase};
use trousseau_core::principal::Tenant;
use trousseau_gateway::answer::{AnswerEvent, Asked};
use trousseau_gateway::error::GatewayError;
use trousseau_gateway::service::Gateway;
use trousseau_http::Settings;

use crate::scripted::{Scripted, Step};
use crate::stage::{self, Stage, ask, cast, operator, own, question, route, unknown};
use crate::truth;
use crate::wired::{self, Wired, staged};

const TELLS: &str = "Le guichet ouvre-t-il ?";

fn cut(target: String) -> ModelError {
    ModelError::Cut { target }
}

fn stalled(target: String) -> ModelError {
    ModelError::TimedOut {
        target,
        phase: Phase::Idle,
        limit_ms: 60_000,
    }
}

fn garbage(target: String) -> ModelError {
    ModelError::Malformed {
        target,
        reason: "no JSON".to_owned(),
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

fn seam(from: &str, to: &str, at: usize, error: &str) -> Seam {
    let [from, to, error] = [from, to, error].map(str::to_owned);
    Seam { from, to, at, error }
}

/// The entries of one kind.
fn of_kind<'a>(entries: &'a [Value], kind: &str) -> Vec<&'a Value> {
    entries.iter().filter(|entry| entry["type"] == kind).collect()
}

#[test]
fn a_stream_that_breaks_is_continued_by_the_next_target_with_a_seam() {
    for (broken, code) in [
        (Step::FailAs(cut), "model-cut"),
        (Step::FailAs(stalled), "model-timed-out"),
        (Step::FailAs(garbage), "model-malformed"),
        (Step::Fail, "model-unavailable"),
    ] {
        let stage = Stage::new();
        stage::run(async {
            let script = [Step::Say("Il ouvre "), Step::Say("à neuf "), broken];
            let rest = [Step::Say("heures"), Step::Say("."), Step::End];
            let (gateway, models) = staged(&stage, &[("first", &script), ("second", &rest)]).await;
            let (answered, events) = ask(&gateway, &operator(), question(TELLS)).await;
            let answered = answered.unwrap();
            let seams = vec![seam("first", "second", 16, code)];
            assert_eq!(answered.answer.text, "Il ouvre à neuf heures.");
            assert_eq!(
                (&answered.answer.seams, answered.target.as_str()),
                (&seams, "second")
            );
            let heard = delivered(&events);
            assert_eq!((heard.text, heard.seams), (answered.answer.text, seams));

            // What was delivered is what the second target goes on from, and its decision was in the ledger before.
            let call = &models[1].calls()[0];
            assert_eq!(call.request.begun.as_deref(), Some("Il ouvre à neuf "));
            let decision = call.entries.last().unwrap();
            assert_eq!(
                (&decision["type"], &decision["continues"]),
                (&json!("decision"), &json!(1))
            );
            let first = &call.entries[1];
            assert_ne!(decision["request"], first["request"]);
            assert_eq!(decision["question"], first["question"]);
            gateway.close().await.unwrap();

            let entries = stage.entries(&Tenant::default());
            let outcomes = of_kind(&entries, "outcome");
            let [outcome] = outcomes.as_slice() else {
                panic!("{outcomes:?}");
            };
            assert_eq!(outcome["decision"], 1);
            assert_eq!(outcome["attempts"], json!([{ "target": "first", "error": code }]));
            assert_eq!(
                outcome["seams"],
                json!([{ "from": "first", "to": "second", "at": 16, "error": code }])
            );
            assert_eq!(outcome["state"], "answered");
        });
        truth::check_ledger(&stage.data(), &Tenant::default());
    }
}

#[test]
fn an_answer_may_be_continued_again_and_ends_in_an_error_where_nobody_goes_on() {
    let stage = Stage::new();
    stage::run(async {
        let (one, two) = (
            [Step::Say("Un, "), Step::FailAs(cut)],
            [Step::Say("deux, "), Step::FailAs(stalled)],
        );
        let scripts: [(&str, &[Step]); 4] = [
            ("one", &one),
            // Refuses to go on; another may.
            ("strict", &[Step::Decline]),
            ("two", &two),
            ("three", &[Step::Say("trois."), Step::End]),
        ];
        let (gateway, models) = staged(&stage, &scripts).await;
        let (answered, _) = ask(&gateway, &operator(), question(TELLS)).await;
        let answered = answered.unwrap();
        assert_eq!(answered.answer.text, "Un, deux, trois.");
        let seams = [
            seam("one", "two", 4, "model-cut"),
            seam("two", "three", 10, "model-timed-out"),
        ];
        assert_eq!(answered.answer.seams, seams);
        assert_eq!(models[3].calls()[0].request.begun.as_deref(), Some("Un, deux, "));

        stage::change(&gateway, |plan| {
            plan.models.remove("three");
        });
        let (answered, events) = ask(&gateway, &operator(), question(TELLS)).await;
        let Err(GatewayError::Broken { error, .. }) = answered else {
            panic!("{answered:?}");
        };
        assert_eq!(error.code(), "model-timed-out");
        assert_eq!(delivered(&events).text, "Un, deux, ");
        gateway.close().await.unwrap();
        let entries = stage.entries(&Tenant::default());
        let outcomes = of_kind(&entries, "outcome");
        assert_eq!(outcomes.last().unwrap()["state"], "failed");
    });
    truth::check_ledger(&stage.data(), &Tenant::default());
}

/// Asks something of a route whose first target breaks after `said`, and tells how often the second one was called.
async fn calls_of_second(
    stage: &Stage,
    asked: Asked,
    change: impl FnOnce(&Gateway),
) -> (usize, GatewayError) {
    let script = [Step::Say("Il ouvre"), Step::FailAs(cut)];
    let rest: &[Step] = &[Step::Say("."), Step::End];
    let (gateway, models) = staged(stage, &[("first", &script), ("second", rest)]).await;
    change(&gateway);
    let (answered, events) = ask(&gateway, &operator(), asked).await;
    assert_eq!(delivered(&events).text, "Il ouvre");
    gateway.close().await.unwrap();
    (models[1].calls().len(), answered.unwrap_err())
}

#[test]
fn what_cannot_be_put_together_across_a_seam_ends_in_an_error() {
    let format = json!({ "type": "json_schema", "json_schema": { "name": "reply", "schema": {} } });
    let mut structured = question(TELLS);
    structured
        .request
        .extra
        .insert("response_format".to_owned(), format);
    let mut tools = question(TELLS);
    let tool = json!({ "type": "function", "function": { "name": "look_up" } });
    tools.request.tools.definitions.push(tool);
    for asked in [structured, tools] {
        let stage = Stage::new();
        stage::run(async {
            let (calls, error) = calls_of_second(&stage, asked.clone(), |_| {}).await;
            assert_eq!((calls, error.code()), (0, "gateway-broken"));
        });
    }
    let stage = Stage::new();
    stage::run(async {
        let (calls, error) = calls_of_second(&stage, question(TELLS), |gateway| {
            stage::change(gateway, |plan| plan.settings.routes[0].continues = false);
        })
        .await;
        assert_eq!((calls, error.code()), (0, "gateway-broken"));
    });
}

#[test]
fn structured_output_of_which_nothing_was_delivered_begins_anew() {
    let stage = Stage::new();
    stage::run(async {
        let scripts: [(&str, &[Step]); 2] = [
            ("first", &[Step::FailAs(cut)]),
            ("second", &[Step::Say("{}"), Step::End]),
        ];
        let (gateway, models) = staged(&stage, &scripts).await;
        let mut asked = question(TELLS);
        let format = json!({ "type": "json_object" });
        asked.request.extra.insert("response_format".to_owned(), format);
        let answer = ask(&gateway, &operator(), asked).await.0.unwrap().answer;
        assert_eq!((answer.text.as_str(), answer.seams.len()), ("{}", 0));
        assert_eq!(models[1].calls()[0].request.begun, None);
        gateway.close().await.unwrap();
    });
}

#[test]
fn what_the_answer_says_so_far_decides_where_it_may_go_on() {
    let stage = Stage::new();
    stage::run(async {
        // The question may go anywhere; the answer names a person's number.
        let script = [
            Step::Say("Son numéro est 2 55 08 14 168 025 38"),
            Step::Say(" et"),
            Step::FailAs(cut),
        ];
        let scripts: [(&str, &[Step]); 2] = [("first", &script), ("away", &[Step::Say("."), Step::End])];
        let gateway = stage.open().await;
        let mut asking = route("direct", &["first", "away"]);
        asking.grounded = false;
        let mut models = Vec::new();
        stage::change(&gateway, |plan| {
            plan.settings.routes = vec![asking];
            plan.targets = vec![own("first"), unknown("away")];
        });
        for (name, script) in scripts {
            let model = Scripted::new(name, stage.data(), script);
            cast(&gateway, name, &model);
            models.push(model);
        }
        let mut caller = operator();
        caller.label_floor = "public".parse().unwrap();
        let (answered, events) = ask(&gateway, &caller, question("Quel est ce numéro ?")).await;
        let Err(GatewayError::Broken { .. }) = answered else {
            panic!("{answered:?}");
        };
        assert_eq!(delivered(&events).seams, []);
        assert_eq!(models[1].calls().len(), 0);
        gateway.close().await.unwrap();
        let entries = stage.entries(&Tenant::default());
        let decisions = of_kind(&entries, "decision");
        assert_eq!(decisions[0]["permitted"], json!(["first", "away"]));
        assert_eq!(decisions[1]["permitted"], json!(["first"]));
        assert_eq!(decisions[1]["label"]["class"], "personal");
    });
    truth::check_ledger(&stage.data(), &Tenant::default());
}

#[test]
fn what_was_found_in_the_answer_still_counts_where_another_target_wrote_on_right_behind_it() {
    const IBAN: &str = "DE89 3704 0044 0532 0130 00";
    let stage = Stage::new();
    stage::run(async {
        // The number stands at the end of what the first says, and the second begins with a letter: as one text, it is none.
        let said = format!("Son compte : {IBAN}");
        let said: &'static str = said.leak();
        let scripts: [(&str, Vec<Step>); 4] = [
            ("first", vec![Step::Say(said), Step::FailAs(cut)]),
            ("second", vec![Step::Say("et puis"), Step::FailAs(cut)]),
            ("away", vec![Step::Say("."), Step::End]),
            ("third", vec![Step::Say("."), Step::End]),
        ];
        let gateway = stage.open().await;
        let mut asking = route("direct", &["first", "second", "away", "third"]);
        asking.grounded = false;
        let mut models = Vec::new();
        stage::change(&gateway, |plan| {
            plan.settings.routes = vec![asking];
            plan.targets = vec![own("first"), own("second"), unknown("away"), own("third")];
        });
        for (name, script) in &scripts {
            let model = Scripted::new(name, stage.data(), script);
            cast(&gateway, name, &model);
            models.push(model);
        }
        let mut caller = operator();
        caller.label_floor = "public".parse().unwrap();
        let (answered, events) = ask(&gateway, &caller, question("Quel est ce compte ?")).await;
        let answered = answered.unwrap();
        assert_eq!(answered.target, "third");
        assert_eq!(delivered(&events).text, format!("{said}et puis."));
        assert_eq!(models[2].calls().len(), 0);
        gateway.close().await.unwrap();
        let entries = stage.entries(&Tenant::default());
        let decisions = of_kind(&entries, "decision");
        assert_eq!(
            decisions[0]["permitted"],
            json!(["first", "second", "away", "third"])
        );
        for later in &decisions[1..] {
            assert_eq!(later["permitted"], json!(["first", "second", "third"]));
        }
        assert_eq!(decisions.len(), 3);
        let outcome = of_kind(&entries, "outcome")[0];
        assert_eq!(outcome["label"]["class"], "personal");
    });
    truth::check_ledger(&stage.data(), &Tenant::default());
}

#[test]
fn what_is_found_across_a_seam_counts() {
    let stage = Stage::new();
    stage::run(async {
        let script = [
            Step::Say("Le numéro est 2 55 08 14 1"),
            Step::Say("68 "),
            Step::FailAs(cut),
        ];
        let rest = [Step::Say("025 38"), Step::Say(", je crois."), Step::End];
        let (gateway, _) = staged(&stage, &[("first", &script), ("second", &rest)]).await;
        let (answered, _) = ask(&gateway, &operator(), question(TELLS)).await;
        let text = answered.unwrap().answer.text;
        assert_eq!(text, "Le numéro est 2 55 08 14 168 025 38, je crois.");
        let label = gateway.records.label_of_answer(&Tenant::default(), &text).await;
        assert_eq!(label.unwrap().unwrap().class, Class::Personal);
        gateway.close().await.unwrap();
        // The ledger tells that the answer raised what was decided under.
        let entries = stage.entries(&Tenant::default());
        assert_eq!(entries[1]["label"]["class"], "internal");
        let outcome = entries.last().unwrap();
        assert_eq!(outcome["label"], json!({ "class": "personal", "tags": ["nir"] }));
    });
}

#[test]
fn a_route_may_hold_back_more_than_the_others_and_never_less() {
    let stage = Stage::new();
    stage::run(async {
        let script = [Step::Say("Écrivez à a@exemple.fr."), Step::End];
        let (gateway, _) = staged(&stage, &[("first", &script)]).await;
        for (everywhere, here, told) in [
            (None, None, "Écrivez à a@exemple.fr."),
            (None, Some(Class::Personal), "Écrivez à "),
            (Some(Class::Personal), Some(Class::Restricted), "Écrivez à "),
        ] {
            stage::change(&gateway, |plan| {
                plan.settings.hold_back = everywhere;
                plan.settings.routes[0].hold_back = here;
            });
            let (_, events) = ask(&gateway, &operator(), question(TELLS)).await;
            assert_eq!(delivered(&events).text, told, "{everywhere:?} {here:?}");
        }
        gateway.close().await.unwrap();
    });
}

#[test]
fn what_is_still_held_when_a_stream_breaks_was_not_delivered() {
    let stage = Stage::new();
    stage::run(async {
        let script = [Step::Say("Le numéro est 2 55 08 14 168 "), Step::FailAs(cut)];
        let rest = [Step::Say("Je ne sais pas."), Step::End];
        let (gateway, models) = staged(&stage, &[("first", &script), ("second", &rest)]).await;
        stage::change(&gateway, |plan| plan.settings.hold_back = Some(Class::Personal));
        let (answered, events) = ask(&gateway, &operator(), question(TELLS)).await;
        let answer = answered.unwrap().answer;
        assert_eq!((answer.text.as_str(), answer.seams.len()), ("Je ne sais pas.", 0));
        assert_eq!(delivered(&events).text, answer.text);
        assert_eq!(models[1].calls()[0].request.begun, None);
        gateway.close().await.unwrap();
    });
}

#[test]
fn reasoning_that_broke_off_begins_anew() {
    let stage = Stage::new();
    stage::run(async {
        let script = [Step::Think("Voyons"), Step::FailAs(cut)];
        let rest = [Step::Think("Alors"), Step::Say("Oui."), Step::End];
        let (gateway, models) = staged(&stage, &[("first", &script), ("second", &rest)]).await;
        let (answered, events) = ask(&gateway, &operator(), question(TELLS)).await;
        let answer = answered.unwrap().answer;
        assert_eq!(
            (answer.text.as_str(), answer.seams),
            ("Oui.", vec![seam("first", "second", 0, "model-cut")])
        );
        assert_eq!(models[1].calls()[0].request.begun, None);
        let parts = events.iter().filter_map(|event| match event {
            AnswerEvent::Part(part) => Some(part),
            AnswerEvent::Decided { .. } | AnswerEvent::Loading { .. } | AnswerEvent::Queued { .. } => None,
        });
        let parts: Vec<&ChatEvent> = parts.collect();
        assert!(matches!(parts[1], ChatEvent::Seam(_)), "{parts:?}");
        gateway.close().await.unwrap();
    });
}

#[test]
fn a_client_sees_the_seam_and_one_end() {
    let stage = Stage::new();
    stage::run(async {
        let script = [Step::Say("Il ouvre "), Step::FailAs(cut)];
        let rest = [Step::Say("à neuf heures."), Step::End];
        let (gateway, _) = staged(&stage, &[("first", &script), ("second", &rest)]).await;
        let wired = Wired::start(&stage, gateway, Settings::default()).await;
        let streamed = wired.ask(&wired::question(true)).await;
        let events = streamed.events();
        assert_eq!(events.iter().filter(|event| **event == "[DONE]").count(), 1);
        let events: Vec<Value> = events
            .iter()
            .filter_map(|event| serde_json::from_str(event).ok())
            .collect();
        let text: String = events
            .iter()
            .filter_map(|event| event["choices"][0]["delta"]["content"].as_str())
            .collect();
        assert_eq!(text, "Il ouvre à neuf heures.");
        let expected = json!({ "from": "first", "to": "second", "at": 9, "error": "model-cut" });
        let seams: Vec<&Value> = events.iter().map(|event| &event["trousseau"]["seam"]).collect();
        assert_eq!(
            seams.iter().filter(|seam| ***seam == expected).count(),
            1,
            "{seams:?}"
        );
        let whole = wired.ask(&wired::question(false)).await.json();
        assert_eq!(whole["trousseau"]["seams"], json!([expected]));
        assert_eq!(
            whole["choices"][0]["message"]["content"],
            "Il ouvre à neuf heures."
        );
        wired.end().await.close().await.unwrap();
    });
}

#[test]
fn a_client_of_a_stream_that_nobody_continues_sees_an_error_and_no_end() {
    let stage = Stage::new();
    stage::run(async {
        let script = [Step::Say("Il ouvre "), Step::FailAs(cut)];
        let wired = wired::scripted(&stage, &script).await;
        let streamed = wired.ask(&wired::question(true)).await;
        assert!(!streamed.body.contains("[DONE]"), "{streamed:?}");
        assert!(!streamed.body.contains("finish_reason\":\"stop"), "{streamed:?}");
        let last: Value = serde_json::from_str(streamed.events().last().unwrap()).unwrap();
        assert_eq!(last["error"]["code"], "gateway-broken");
        wired.end().await.close().await.unwrap();
    });
}
