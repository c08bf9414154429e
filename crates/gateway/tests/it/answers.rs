//! The way of a question: who is asked, in which order, and what is said and recorded of it.

use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt as _};
use serde_json::json;
use trousseau_core::chat::{ChatEvent, ChatRequest, Message, Role};
use trousseau_core::error::Explain as _;
use trousseau_core::model::{ChatModel, ChatStream, ModelError};
use trousseau_core::permit::Permit;
use trousseau_core::principal::Tenant;
use trousseau_gateway::answer::AnswerEvent;
use trousseau_gateway::entry::State;
use trousseau_gateway::error::GatewayError;
use trousseau_gateway::records::{EntryId, Record};
use trousseau_gateway::service::Gateway;

use crate::scripted::{Scripted, Step};
use crate::stage::{self, REPLICA, Stage, all_of, ask, cast, operator, own, question, route, unknown};
use crate::truth;

/// The names of collections; all when `None`.
type Names = Option<&'static [&'static str]>;

/// A gateway whose route has these targets on own premises, each with its script.
async fn staged(stage: &Stage, scripts: &[(&str, &[Step])]) -> (Gateway, Vec<Arc<Scripted>>) {
    let gateway = stage.open().await;
    let names: Vec<&str> = scripts.iter().map(|(name, _)| *name).collect();
    stage::change(&gateway, |plan| {
        plan.settings.routes = vec![route("documents", &names)];
    });
    stage::change(&gateway, |plan| {
        plan.targets = names.iter().map(|name| own(name)).collect();
    });
    let mut models = Vec::new();
    for (name, script) in scripts {
        let model = Scripted::new(name, stage.data(), script);
        cast(&gateway, name, &model);
        models.push(model);
    }
    stage.write("a.txt", "Le guichet ouvre à neuf heures.\n");
    let tenant = Tenant::default();
    stage::ingest(&gateway, &tenant, all_of(stage.files()))
        .await
        .unwrap();
    (gateway, models)
}

async fn record(gateway: &Gateway, index: u64) -> Record {
    let replica = REPLICA.to_owned();
    let record = gateway
        .records
        .record(&Tenant::default(), &EntryId { replica, index })
        .await;
    record.unwrap().unwrap()
}

/// The events in short.
fn heard(events: &[AnswerEvent]) -> Vec<&str> {
    let short = |event: &AnswerEvent| match event {
        AnswerEvent::Decided { .. } => "decided",
        AnswerEvent::Loading { .. } => "loading",
        AnswerEvent::Queued { .. } => "queued",
        AnswerEvent::Part(ChatEvent::Text(_)) => "text",
        AnswerEvent::Part(ChatEvent::Citation(_)) => "citation",
        AnswerEvent::Part(_) => "other",
    };
    events.iter().map(short).collect()
}

#[test]
fn nothing_is_called_before_its_decision_is_in_the_ledger() {
    let stage = Stage::new();
    stage::run(async {
        let script = [Step::Say("À neuf "), Step::Say("heures."), Step::Cite, Step::End];
        let (gateway, models) = staged(&stage, &[("local", &script)]).await;
        let (answered, events) = ask(&gateway, &operator(), question("Quand ouvre le guichet ?")).await;
        let answered = answered.unwrap();
        assert_eq!(answered.answer.text, "À neuf heures.");
        assert_eq!(
            answered.answer.citations[0].text,
            "Le guichet ouvre à neuf heures."
        );
        assert_eq!(heard(&events), ["decided", "text", "text", "citation"]);
        assert_eq!((answered.entry.index, answered.outcome.index), (1, 2));

        let call = &models[0].calls()[0];
        assert_eq!(call.entries.len(), 2);
        assert_eq!(call.entries[1]["type"], "decision");
        assert_eq!(call.entries[1]["permitted"], json!(["local"]));
        assert!(call.request.grounded);
        assert_eq!(call.request.passages.len(), 1);
        let record = record(&gateway, 1).await;
        assert_eq!(record.state, State::Answered);
        assert_eq!(record.outcome, Some(2));
        assert_eq!(record.answer.as_deref(), Some("À neuf heures."));
        assert_eq!(record.citations, answered.answer.citations);
        assert_eq!(record.passages, call.request.passages);
        gateway.close().await.unwrap();
    });
    truth::check_ledger(&stage.data(), &Tenant::default());
}

#[test]
fn when_a_target_fails_the_next_one_answers() {
    let stage = Stage::new();
    stage::run(async {
        let scripts: [(&str, &[Step]); 4] = [
            ("down", &[Step::Fail]),
            ("empty", &[]),
            ("sound", &[Step::Say("Oui."), Step::End]),
            ("spare", &[Step::Say("Non."), Step::End]),
        ];
        let (gateway, models) = staged(&stage, &scripts).await;
        let (answered, events) = ask(&gateway, &operator(), question("Le guichet ouvre-t-il ?")).await;
        let answered = answered.unwrap();
        assert_eq!(
            (answered.target.as_str(), answered.answer.text.as_str()),
            ("sound", "Oui.")
        );
        assert_eq!(heard(&events), ["decided", "text"]);
        let calls: Vec<usize> = models.iter().map(|model| model.calls().len()).collect();
        assert_eq!(calls, [1, 1, 1, 0]);
        let outcome = &stage.entries(&Tenant::default())[2];
        assert_eq!(
            outcome["attempts"],
            json!([
                { "target": "down", "error": "model-unavailable" },
                { "target": "empty", "error": "model-cut" },
            ])
        );
        assert_eq!(
            (&outcome["state"], &outcome["target"], &outcome["model"]),
            (&json!("answered"), &json!("sound"), &json!("scripted/1"))
        );
        gateway.close().await.unwrap();
    });
    truth::check_ledger(&stage.data(), &Tenant::default());
}

#[test]
fn when_every_target_fails_the_failure_is_recorded() {
    let stage = Stage::new();
    stage::run(async {
        let scripts: [(&str, &[Step]); 2] = [("down", &[Step::Fail]), ("empty", &[])];
        let (gateway, _) = staged(&stage, &scripts).await;
        // A target without a client fails like any other.
        stage::change(&gateway, |plan| {
            let route = &mut plan.settings.routes[0];
            route.targets.push("absent".to_owned());
            route.way.groups.push(vec![("absent".to_owned(), 1)]);
        });
        stage::change(&gateway, |plan| plan.targets.push(own("absent")));
        let (answered, events) = ask(&gateway, &operator(), question("Le guichet ouvre-t-il ?")).await;
        let Err(GatewayError::Exhausted { attempts, entry, .. }) = answered else {
            panic!("{answered:?}");
        };
        let codes: Vec<&str> = attempts.iter().map(|attempt| attempt.error.as_str()).collect();
        assert_eq!(codes, ["model-unavailable", "model-cut", "model-unavailable"]);
        assert_eq!(heard(&events), ["decided"]);
        let record = record(&gateway, entry.index).await;
        assert_eq!((record.state, record.answer), (State::Failed, None));
        let outcome = &stage.entries(&Tenant::default())[2];
        assert_eq!(outcome["state"], "failed");
        assert_eq!(outcome["attempts"].as_array().unwrap().len(), 3);
        gateway.close().await.unwrap();
    });
    truth::check_ledger(&stage.data(), &Tenant::default());
}

#[test]
fn after_its_first_byte_an_answer_that_breaks_is_an_error_where_nobody_goes_on() {
    for (script, code) in [
        (&[Step::Say("Je"), Step::Fail] as &[Step], "model-unavailable"),
        (&[Step::Say("Je")], "model-cut"),
    ] {
        let stage = Stage::new();
        stage::run(async {
            let (gateway, _) = staged(&stage, &[("breaks", script)]).await;
            let (answered, events) = ask(&gateway, &operator(), question("Le guichet ouvre-t-il ?")).await;
            let Err(GatewayError::Broken { error, entry }) = answered else {
                panic!("{answered:?}");
            };
            assert_eq!((error.code(), heard(&events)), (code, vec!["decided", "text"]));
            let record = record(&gateway, entry.index).await;
            assert_eq!(
                (record.state, record.answer.as_deref()),
                (State::Failed, Some("Je"))
            );
            let outcome = &stage.entries(&Tenant::default())[2];
            assert_eq!(
                outcome["attempts"],
                json!([{ "target": "breaks", "error": code }])
            );
            assert_eq!(
                (&outcome["state"], &outcome["target"]),
                (&json!("failed"), &json!("breaks"))
            );
            gateway.close().await.unwrap();
        });
        truth::check_ledger(&stage.data(), &Tenant::default());
    }
}

#[test]
fn a_request_that_a_target_calls_wrong_goes_to_no_other() {
    let stage = Stage::new();
    stage::run(async {
        let spare: &[Step] = &[Step::Say("Non."), Step::End];
        let (gateway, models) = staged(&stage, &[("strict", &[Step::Decline]), ("spare", spare)]).await;
        let (answered, _) = ask(&gateway, &operator(), question("Le guichet ouvre-t-il ?")).await;
        let error = answered.unwrap_err();
        assert!(matches!(&error, GatewayError::Declined { .. }), "{error}");
        assert_eq!(models[1].calls().len(), 0);
        assert_eq!(stage.entries(&Tenant::default())[2]["state"], "failed");
        gateway.close().await.unwrap();
    });
}

#[test]
fn when_whoever_asked_hangs_up_the_model_is_stopped_and_what_came_is_recorded() {
    let stage = Stage::new();
    stage::run(async {
        let (gateway, _) = staged(&stage, &[("slow", &[Step::Say("Je"), Step::Hang])]).await;
        let (events, mut arriving) = tokio::sync::mpsc::channel(4);
        let (caller, asked) = (operator(), question("Le guichet ouvre-t-il ?"));
        let hearing = async {
            while !matches!(arriving.recv().await, Some(AnswerEvent::Part(_))) {}
            drop(arriving);
        };
        let (answered, ()) = tokio::join!(gateway.answer(&caller, asked, &events), hearing);
        let Err(GatewayError::HungUp { entry }) = answered else {
            panic!("{answered:?}");
        };
        let record = record(&gateway, entry.index).await;
        assert_eq!(
            (record.state, record.answer.as_deref()),
            (State::Cancelled, Some("Je"))
        );
        assert_eq!(stage.entries(&Tenant::default())[2]["state"], "cancelled");
        gateway.close().await.unwrap();
    });
    truth::check_ledger(&stage.data(), &Tenant::default());
}

#[test]
fn a_follow_up_is_searched_with_its_subject_and_sent_as_it_was_asked() {
    let stage = Stage::new();
    stage::run(async {
        let (gateway, models) = staged(&stage, &[("local", &[Step::Say("Oui."), Step::End])]).await;
        let mut asked = question("Quand ouvre le guichet ?");
        asked
            .request
            .messages
            .push(Message::new(Role::Assistant, "À neuf heures."));
        asked.request.messages.push(Message::user("Et le samedi ?"));
        ask(&gateway, &operator(), asked).await.0.unwrap();
        let call = &models[0].calls()[0];
        assert_eq!(call.request.passages.len(), 1);
        assert_eq!(call.request.question(), "Et le samedi ?");
        assert_eq!(
            call.request.standalone(),
            "Quand ouvre le guichet ?\nEt le samedi ?"
        );
        gateway.close().await.unwrap();
    });
}

#[test]
fn a_principal_asks_through_its_own_routes_only() {
    let stage = Stage::new();
    stage::run(async {
        let (gateway, _) = staged(&stage, &[("local", &[Step::Say("Oui."), Step::End])]).await;
        stage::change(&gateway, |plan| {
            plan.settings.routes.push(route("reserved", &["local"]));
        });
        let mut caller = operator();
        caller.routes = Some(["reserved".to_owned()].into());
        let mut asked = question("Quand ouvre le guichet ?");
        let (answered, _) = ask(&gateway, &caller, asked.clone()).await;
        assert_eq!(answered.unwrap().entry.index, 1);
        asked.route = Some("documents".to_owned());
        let error = ask(&gateway, &caller, asked).await.0.unwrap_err();
        assert_eq!(
            error.to_string(),
            "no route \"documents\"; the routes are reserved"
        );
        gateway.close().await.unwrap();
    });
}

#[test]
fn what_is_denied_is_recorded_and_sent_nowhere() {
    let stage = Stage::new();
    stage::run(async {
        let (gateway, models) = staged(&stage, &[("away", &[Step::Say("Oui."), Step::End])]).await;
        stage::change(&gateway, |plan| plan.targets = vec![unknown("away")]);
        let mut asked = question("Quand ouvre le guichet ?");
        asked.label = Some("sensitive".parse().unwrap());
        let (answered, events) = ask(&gateway, &operator(), asked).await;
        let error = answered.unwrap_err();
        assert_eq!(error.code(), "policy-denied");
        assert_eq!(heard(&events), ["decided"]);
        assert_eq!(models[0].calls().len(), 0);
        let entries = stage.entries(&Tenant::default());
        assert_eq!(entries[1]["permitted"], json!([]));
        assert_eq!(entries[1]["rejected"][0]["target"], "away");
        assert!(
            !entries[1]["rejected"][0]["reasons"]
                .as_array()
                .unwrap()
                .is_empty()
        );
        assert_eq!(
            (&entries[2]["decision"], &entries[2]["state"]),
            (&json!(1), &json!("refused"))
        );
        assert_eq!(record(&gateway, 1).await.state, State::Refused);
        gateway.close().await.unwrap();
    });
    truth::check_ledger(&stage.data(), &Tenant::default());
}

#[test]
fn an_abstention_is_an_outcome_of_its_own() {
    let stage = Stage::new();
    stage::run(async {
        let (gateway, _) = staged(&stage, &[("local", &[Step::Say("Rien."), Step::Abstain])]).await;
        let (answered, _) = ask(&gateway, &operator(), question("Et la lune ?")).await;
        assert!(answered.unwrap().answer.abstained());
        assert_eq!(stage.entries(&Tenant::default())[2]["state"], "abstained");
        assert_eq!(record(&gateway, 1).await.state, State::Abstained);
        gateway.close().await.unwrap();
    });
}

#[test]
fn what_cannot_be_asked_leaves_no_trace() {
    let stage = Stage::new();
    stage::run(async {
        let (gateway, models) = staged(&stage, &[("local", &[Step::End])]).await;
        let mut elsewhere = question("Quand ouvre le guichet ?");
        elsewhere.route = Some("autre".to_owned());
        let long = "mot ".repeat(1 << 18);
        let asked = [
            (question(" \n"), "gateway-empty-question"),
            (question(&long), "gateway-long-question"),
        ];
        for (asked, code) in asked.into_iter().chain([(elsewhere, "gateway-no-route")]) {
            let (answered, events) = ask(&gateway, &operator(), asked).await;
            assert_eq!(answered.unwrap_err().code(), code);
            assert_eq!(events.len(), 0);
        }
        assert_eq!(models[0].calls().len(), 0);
        assert_eq!(stage.entries(&Tenant::default()).len(), 1);
        gateway.close().await.unwrap();
    });
}

/// Changes what it was given leave to send before it sends it.
struct Forger(Arc<Scripted>);

impl ChatModel for Forger {
    fn name(&self) -> &str {
        "forger/1"
    }

    fn chat<'a>(
        &'a self,
        permit: &'a Permit,
        request: Arc<ChatRequest>,
    ) -> BoxFuture<'a, Result<ChatStream, ModelError>> {
        async move {
            let mut request = (*request).clone();
            request.messages.push(Message::user("Et autre chose ?"));
            self.0.chat(permit, Arc::new(request)).await
        }
        .boxed()
    }
}

#[test]
fn a_permit_covers_its_own_target_and_content_alone() {
    let stage = Stage::new();
    stage::run(async {
        let script: &[Step] = &[Step::Say("Oui."), Step::End];
        let (gateway, models) = staged(&stage, &[("forged", script), ("confused", script)]).await;
        cast(&gateway, "forged", &Arc::new(Forger(Arc::clone(&models[0]))));
        // Behind this target stands a model of another one.
        let other = Scripted::new("other", stage.data(), script);
        cast(&gateway, "confused", &other);
        let (answered, events) = ask(&gateway, &operator(), question("Quand ouvre le guichet ?")).await;
        let Err(GatewayError::Exhausted { attempts, .. }) = answered else {
            panic!("{answered:?}");
        };
        let codes: Vec<&str> = attempts.iter().map(|attempt| attempt.error.as_str()).collect();
        assert_eq!(codes, ["model-not-permitted", "model-not-permitted"]);
        assert_eq!(heard(&events), ["decided"]);
        assert_eq!((models[0].calls().len(), other.calls().len()), (0, 0));
        gateway.close().await.unwrap();
    });
}

#[test]
fn a_question_finds_what_its_route_and_the_caller_both_name() {
    let stage = Stage::new();
    stage::run(async {
        let (gateway, models) = staged(&stage, &[("local", &[Step::Say("Oui."), Step::End])]).await;
        let mut other = all_of(stage.files());
        other.collection = "autres".to_owned();
        stage::ingest(&gateway, &Tenant::default(), other).await.unwrap();
        let cases: [(Names, Names, usize); 6] = [
            (None, None, 2),
            (Some(&["autres"]), None, 1),
            (None, Some(&["guides"]), 1),
            (Some(&["autres"]), Some(&["guides"]), 0),
            (Some(&["autres", "guides"]), Some(&["guides", "ailleurs"]), 1),
            (Some(&[]), None, 0),
        ];
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        for (at, (of_route, of_caller, found)) in cases.into_iter().enumerate() {
            stage::change(&gateway, |plan| {
                plan.settings.routes[0].collections = of_route.map(names);
            });
            let mut asked = question("Quand ouvre le guichet ?");
            asked.collections = of_caller.map(names);
            ask(&gateway, &operator(), asked).await.0.unwrap();
            assert_eq!(models[0].calls()[at].request.passages.len(), found, "case {at}");
        }
        gateway.close().await.unwrap();
    });
}
