//! How the targets of a route are tried: again after a pause, beside one another, not at all for a while.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use trousseau_core::model::ModelError;
use trousseau_core::principal::Tenant;
use trousseau_gateway::answer::AnswerEvent;
use trousseau_gateway::error::GatewayError;
use trousseau_gateway::service::Gateway;
use trousseau_routing::{Hedge, Retries, TargetLimits};

use crate::scripted::{Scripted, Step};
use crate::stage::{self, Stage, ask, operator, question, unknown};
use crate::truth;
use crate::wired::staged;

const OPEN: &str = "Le guichet ouvre-t-il ?";
const YES: &[Step] = &[Step::Say("Oui."), Step::End];

fn unavailable(target: String) -> ModelError {
    ModelError::Unavailable {
        target,
        reason: "the script says so".to_owned(),
    }
}

fn limited(target: String) -> ModelError {
    ModelError::RateLimited {
        target,
        retry_after: Some(7),
    }
}

fn calls(models: &[Arc<Scripted>]) -> Vec<usize> {
    models.iter().map(|model| model.calls().len()).collect()
}

/// Has the route try again so often, without waiting long.
fn retry(gateway: &Gateway, most: u32) {
    stage::change(gateway, |plan| {
        plan.settings.routes[0].way.retries = Retries {
            most,
            base: Duration::from_millis(1),
            cap: Duration::from_millis(5),
            ..Retries::default()
        };
    });
}

/// Has the route ask a second target beside one that is silent for a moment.
fn hedge(gateway: &Gateway) {
    stage::change(gateway, |plan| {
        plan.settings.routes[0].way.hedge = Some(Hedge::After(Duration::from_millis(1)));
    });
}

fn last_outcome(stage: &Stage) -> Value {
    stage.entries(&Tenant::default()).pop().unwrap()
}

fn codes(error: &GatewayError) -> Vec<(&str, &str)> {
    let GatewayError::Exhausted { attempts, .. } = error else {
        panic!("{error}");
    };
    let told = attempts
        .iter()
        .map(|attempt| (attempt.target.as_str(), attempt.error.as_str()));
    told.collect()
}

#[test]
fn a_failure_that_passes_is_tried_again() {
    let stage = Stage::new();
    stage::run(async {
        let script = [Step::FailTimes(2, unavailable), Step::Say("Oui."), Step::End];
        let (gateway, models) = staged(&stage, &[("local", &script)]).await;
        let (answered, _) = ask(&gateway, &operator(), question(OPEN)).await;
        assert_eq!(codes(&answered.unwrap_err()), [("local", "model-unavailable")]);
        assert_eq!(calls(&models), [1]);
        retry(&gateway, 2);
        let (answered, _) = ask(&gateway, &operator(), question(OPEN)).await;
        assert_eq!(answered.unwrap().answer.text, "Oui.");
        assert_eq!(calls(&models), [3]);
        gateway.close().await.unwrap();
    });
    truth::check_ledger(&stage.data(), &Tenant::default());
}

#[test]
fn what_another_try_does_not_mend_is_not_tried_again() {
    let stage = Stage::new();
    stage::run(async {
        let (gateway, models) = staged(&stage, &[("busy", &[Step::FailAs(limited)])]).await;
        retry(&gateway, 3);
        // Seven seconds are longer than this route waits: whoever asks is told when to come back.
        let (answered, _) = ask(&gateway, &operator(), question(OPEN)).await;
        let Err(GatewayError::Exhausted { retry_after, .. }) = answered else {
            panic!("{answered:?}");
        };
        assert_eq!((retry_after, calls(&models)), (Some(7), vec![1]));
        // Until then nobody asks it.
        let (answered, _) = ask(&gateway, &operator(), question(OPEN)).await;
        let Err(
            error @ GatewayError::Exhausted {
                retry_after: Some(1..=7),
                ..
            },
        ) = answered
        else {
            panic!("{answered:?}");
        };
        assert_eq!(
            (codes(&error), calls(&models)),
            (vec![("busy", "target-resting")], vec![1])
        );
        gateway.close().await.unwrap();
    });
}

#[test]
fn a_silent_target_does_not_keep_anybody_waiting_where_another_is_permitted() {
    let stage = Stage::new();
    stage::run(async {
        let (gateway, models) = staged(&stage, &[("silent", &[Step::Hang]), ("quick", YES)]).await;
        hedge(&gateway);
        let (answered, _) = ask(&gateway, &operator(), question(OPEN)).await;
        let answered = answered.unwrap();
        assert_eq!(
            (answered.target.as_str(), answered.answer.seams.len()),
            ("quick", 0)
        );
        assert_eq!(calls(&models), [1, 1]);
        gateway.close().await.unwrap();
        // The first has had the request: the ledger says so.
        assert_eq!(
            last_outcome(&stage)["attempts"],
            json!([{ "target": "silent", "error": "call-hedged" }])
        );
    });
    truth::check_ledger(&stage.data(), &Tenant::default());
}

#[test]
fn nothing_is_hedged_to_where_it_may_not_go() {
    let stage = Stage::new();
    stage::run(async {
        let slow: &[Step] = &[Step::Wait, Step::Say("Oui."), Step::End];
        let (gateway, models) = staged(&stage, &[("slow", slow), ("away", YES)]).await;
        hedge(&gateway);
        stage::change(&gateway, |plan| plan.targets[1] = unknown("away"));
        let mut asked = question(OPEN);
        asked.label = Some("sensitive".parse().unwrap());
        let (answered, _) = ask(&gateway, &operator(), asked).await;
        assert_eq!(answered.unwrap().target, "slow");
        assert_eq!(calls(&models), [1, 0]);
        gateway.close().await.unwrap();
    });
}

#[test]
fn a_hedge_that_fails_leaves_the_first_to_answer() {
    let stage = Stage::new();
    stage::run(async {
        let slow: &[Step] = &[Step::Wait, Step::Say("Oui."), Step::End];
        let (gateway, models) =
            staged(&stage, &[("slow", slow), ("down", &[Step::Fail]), ("spare", YES)]).await;
        hedge(&gateway);
        let (answered, _) = ask(&gateway, &operator(), question(OPEN)).await;
        assert_eq!(answered.unwrap().target, "slow");
        assert_eq!(calls(&models), [1, 1, 0]);
        gateway.close().await.unwrap();
    });
}

#[test]
fn a_target_that_keeps_failing_is_left_alone() {
    let stage = Stage::new();
    stage::run(async {
        let (gateway, models) = staged(&stage, &[("down", &[Step::Fail]), ("sound", YES)]).await;
        let most = TargetLimits::default().breaker.failures as usize;
        for asked in 0..most + 3 {
            let answered = ask(&gateway, &operator(), question(OPEN)).await.0.unwrap();
            let code = if asked < most {
                "model-unavailable"
            } else {
                "target-resting"
            };
            assert_eq!(answered.attempts[0].error, code, "{asked}");
        }
        assert_eq!(calls(&models), [most, most + 3]);
        gateway.close().await.unwrap();
    });
}

#[test]
fn whoever_waits_for_a_turn_hears_of_it() {
    let stage = Stage::new();
    stage::run(async {
        let slow: &[Step] = &[
            Step::Say("Je "),
            Step::Wait,
            Step::Wait,
            Step::Say("crois."),
            Step::End,
        ];
        let (gateway, models) = staged(&stage, &[("narrow", slow)]).await;
        stage::change(&gateway, |plan| {
            let limits = TargetLimits {
                concurrency: Some(1),
                ..TargetLimits::default()
            };
            plan.settings.target_limits.insert("narrow".to_owned(), limits);
        });
        let caller = operator();
        let (one, two) = tokio::join!(
            ask(&gateway, &caller, question(OPEN)),
            ask(&gateway, &caller, question(OPEN)),
        );
        let told = |events: &[AnswerEvent]| {
            let queued =
                |event: &&AnswerEvent| matches!(event, AnswerEvent::Queued { target } if target == "narrow");
            events.iter().filter(queued).count()
        };
        assert_eq!(told(&one.1) + told(&two.1), 1);
        assert_eq!(
            (one.0.unwrap().answer.text, two.0.unwrap().answer.text.as_str()),
            ("Je crois.".to_owned(), "Je crois.")
        );
        assert_eq!(calls(&models), [2]);
        gateway.close().await.unwrap();
    });
}

#[test]
fn a_full_target_is_passed_over_and_where_it_is_the_only_one_whoever_asks_hears_when_to_come_back() {
    let stage = Stage::new();
    stage::run(async {
        let (gateway, _) = staged(
            &stage,
            &[("full", &[Step::Say("Je"), Step::Hang]), ("sound", YES)],
        )
        .await;
        stage::change(&gateway, |plan| {
            let limits = TargetLimits {
                concurrency: Some(1),
                queue: 0,
                ..TargetLimits::default()
            };
            plan.settings.target_limits.insert("full".to_owned(), limits);
        });
        let (events, mut arriving) = tokio::sync::mpsc::channel(4);
        let caller = operator();
        let asking = async {
            let _hung_up = gateway.answer(&caller, question(OPEN), &events).await;
        };
        let meanwhile = async {
            // The first has its answer begun, and occupies the target.
            while !matches!(arriving.recv().await, Some(AnswerEvent::Part(_))) {}
            let answered = ask(&gateway, &operator(), question(OPEN)).await.0.unwrap();
            assert_eq!(
                (answered.target.as_str(), answered.attempts[0].error.as_str()),
                ("sound", "target-busy")
            );
            stage::change(&gateway, |plan| {
                plan.models.remove("sound");
            });
            let (answered, _) = ask(&gateway, &operator(), question(OPEN)).await;
            let Err(GatewayError::Exhausted { retry_after, .. }) = answered else {
                panic!("{answered:?}");
            };
            assert!(retry_after.is_some_and(|seconds| seconds >= 1));
            drop(arriving);
        };
        tokio::join!(asking, meanwhile);
        gateway.close().await.unwrap();
    });
    truth::check_ledger(&stage.data(), &Tenant::default());
}
