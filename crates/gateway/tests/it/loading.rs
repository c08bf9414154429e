//! A model that its server is still loading is waited for, where no other place answers.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::mpsc;
use trousseau_core::principal::Tenant;
use trousseau_gateway::answer::AnswerEvent;
use trousseau_gateway::error::GatewayError;
use trousseau_gateway::service::Gateway;

use crate::scripted::{Scripted, Step};
use crate::stage::{self, Stage, ask, cast, operator, own, question, route};

const LOADING: &[Step] = &[Step::Load, Step::Say("Oui."), Step::End];

async fn staged(stage: &Stage, scripts: &[(&str, &[Step])]) -> (Gateway, Vec<Arc<Scripted>>) {
    let gateway = stage.open().await;
    let names: Vec<&str> = scripts.iter().map(|(name, _)| *name).collect();
    stage::change(&gateway, |plan| {
        plan.settings.routes = vec![route("documents", &names)];
        plan.targets = names.iter().map(|name| own(name)).collect();
    });
    let mut models = Vec::new();
    for (name, script) in scripts {
        let model = Scripted::new(name, stage.data(), script);
        cast(&gateway, name, &model);
        models.push(model);
    }
    (gateway, models)
}

fn is_loading(event: &AnswerEvent) -> bool {
    matches!(event, AnswerEvent::Loading { target } if target == "big")
}

#[test]
fn a_model_that_is_loading_is_waited_for_and_its_wait_is_told_once() {
    let stage = Stage::new();
    stage::run(async {
        let (gateway, models) = staged(&stage, &[("big", LOADING)]).await;
        let (answered, events) = ask(&gateway, &operator(), question("Est-ce ouvert ?")).await;
        assert_eq!(answered.unwrap().answer.text, "Oui.");
        assert_eq!(events.iter().filter(|event| is_loading(event)).count(), 1);
        assert_eq!(models[0].calls().len(), 2);
        gateway.close().await.unwrap();
        let outcome = &stage.entries(&Tenant::default())[1];
        let expected = json!([{ "target": "big", "error": "model-loading" }]);
        assert_eq!(
            (&outcome["attempts"], &outcome["target"]),
            (&expected, &json!("big"))
        );
    });
}

#[test]
fn another_place_that_answers_goes_before_the_wait() {
    let stage = Stage::new();
    stage::run(async {
        let sound: &[Step] = &[Step::Say("Non."), Step::End];
        let (gateway, models) = staged(&stage, &[("big", LOADING), ("sound", sound)]).await;
        let (answered, events) = ask(&gateway, &operator(), question("Est-ce ouvert ?")).await;
        assert_eq!(answered.unwrap().target, "sound");
        assert!(!events.iter().any(is_loading));
        assert_eq!(models[0].calls().len(), 1);
        gateway.close().await.unwrap();
    });
}

#[test]
fn the_wait_has_an_end_and_ends_with_whoever_waits() {
    let stage = Stage::new();
    stage::run(async {
        let (gateway, models) = staged(&stage, &[("big", LOADING)]).await;
        stage::change(&gateway, |plan| plan.settings.limits.loading = Duration::ZERO);
        let (answered, events) = ask(&gateway, &operator(), question("Est-ce ouvert ?")).await;
        let Err(GatewayError::Exhausted { attempts, .. }) = answered else {
            panic!("{answered:?}");
        };
        assert_eq!(attempts[0].error, "model-loading");
        assert!(!events.iter().any(is_loading));
        gateway.close().await.unwrap();

        let (gateway, _) = staged(&stage, &[("big", LOADING)]).await;
        let (events, mut heard) = mpsc::channel(4);
        let (asking, asked) = (operator(), question("Est-ce ouvert ?"));
        let answering = gateway.answer(&asking, asked, &events);
        let leaving = async {
            while !is_loading(&heard.recv().await.unwrap()) {}
            drop(heard);
        };
        let (answered, ()) = tokio::join!(answering, leaving);
        assert!(
            matches!(answered, Err(GatewayError::HungUp { .. })),
            "{answered:?}"
        );
        assert_eq!(models[0].calls().len(), 1);
        gateway.close().await.unwrap();
    });
}
