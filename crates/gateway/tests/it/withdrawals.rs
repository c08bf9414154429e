//! What is withdrawn while the service runs: out at once for what begins and for what runs, and told by the ledger.

use serde_json::json;
use trousseau_core::error::Explain as _;
use trousseau_core::principal::Tenant;
use trousseau_gateway::answer::AnswerEvent;
use trousseau_gateway::error::GatewayError;
use trousseau_gateway::service::Gateway;
use trousseau_http::Settings;
use trousseau_withdrawals::{Running, What, Withdrawal};

use crate::scripted::Step;
use crate::stage::{self, Stage, ask, operator, question, unknown};
use crate::truth;
use crate::wired::{Wired, question as asked, staged};

const OPEN: &str = "Le guichet ouvre-t-il ?";
const YES: &[Step] = &[Step::Say("Oui."), Step::End];

async fn withdraw(gateway: &Gateway, name: &str, running: Running) -> Withdrawal {
    let what = What::Upstream(name.to_owned());
    gateway
        .withdraw(&operator(), what, (None, running))
        .await
        .unwrap()
}

#[test]
fn what_is_withdrawn_sees_nothing_until_it_is_lifted() {
    let stage = Stage::new();
    stage::run(async {
        let (gateway, models) = staged(&stage, &[("first", YES), ("second", YES)]).await;
        let target = async || {
            ask(&gateway, &operator(), question(OPEN))
                .await
                .0
                .map(|answered| answered.target)
        };
        assert_eq!(target().await.unwrap(), "first");
        let withdrawal = withdraw(&gateway, "first", Running::Stop).await;
        assert_eq!(gateway.concerned(&withdrawal), ["first"]);
        assert_eq!(target().await.unwrap(), "second");
        withdraw(&gateway, "second", Running::Stop).await;
        assert_eq!(target().await.unwrap_err().code(), "policy-denied");
        gateway.lift(&operator(), &withdrawal.id).await.unwrap();
        assert_eq!(target().await.unwrap(), "first");
        assert_eq!((models[0].calls().len(), models[1].calls().len()), (2, 1));
        let error = gateway.lift(&operator(), &withdrawal.id).await.unwrap_err();
        assert_eq!(error.code(), "withdrawals-unknown");
        gateway.close().await.unwrap();

        let entries = stage.entries(&Tenant::default());
        let told = entries.iter().filter(|entry| entry["type"] == "withdrawal");
        let told: Vec<_> = told
            .map(|entry| json!([entry["operation"], entry["what"], entry["name"]]))
            .collect();
        assert_eq!(
            json!(told),
            json!([
                ["withdrawn", "upstream", "first"],
                ["withdrawn", "upstream", "second"],
                ["lifted", "upstream", "first"],
            ])
        );
        let refused = entries
            .iter()
            .find(|entry| entry["permitted"] == json!([]))
            .unwrap();
        assert_eq!(refused["rejected"][0]["reasons"], json!(["withdrawn"]));
    });
    // It is in force after a restart too.
    stage::run(async {
        let gateway = stage.open().await;
        assert_eq!(gateway.withdrawals.list((gateway.now)()).len(), 1);
        gateway.close().await.unwrap();
    });
    truth::check_ledger(&stage.data(), &Tenant::default());
}

/// Begins an answer at `first`, withdraws that when its first piece has come, and gives back what came of it.
async fn withdrawn_meanwhile(
    stage: &Stage,
    first: &[Step],
    running: Running,
) -> Result<(String, String, usize), GatewayError> {
    let rest: &[Step] = &[Step::Say("à neuf heures."), Step::End];
    let (gateway, _) = staged(stage, &[("first", first), ("second", rest)]).await;
    let (events, mut arriving) = tokio::sync::mpsc::channel(4);
    let caller = operator();
    let withdrawing = async {
        let mut withdrawn = false;
        while let Some(event) = arriving.recv().await {
            if matches!(event, AnswerEvent::Part(_)) && !withdrawn {
                withdraw(&gateway, "first", running).await;
                withdrawn = true;
            }
        }
    };
    let answering = async {
        let answered = gateway.answer(&caller, question(OPEN), &events).await;
        drop(events);
        answered
    };
    let (answered, ()) = tokio::join!(answering, withdrawing);
    gateway.close().await.unwrap();
    answered.map(|answered| (answered.answer.text, answered.target, answered.answer.seams.len()))
}

#[test]
fn an_answer_that_is_being_made_stops_there_and_goes_on_where_it_may() {
    let stage = Stage::new();
    stage::run(async {
        let first = [Step::Say("Il ouvre "), Step::Hang];
        let (text, target, seams) = withdrawn_meanwhile(&stage, &first, Running::Stop).await.unwrap();
        assert_eq!(
            (text.as_str(), target.as_str(), seams),
            ("Il ouvre à neuf heures.", "second", 1)
        );
        let entries = stage.entries(&Tenant::default());
        // The withdrawal is in force before the ledger tells of it.
        let outcome = entries.iter().find(|entry| entry["type"] == "outcome").unwrap();
        assert_eq!(outcome["seams"][0]["error"], "model-withdrawn");
    });
    truth::check_ledger(&stage.data(), &Tenant::default());
}

#[test]
fn an_answer_may_be_let_finish() {
    let stage = Stage::new();
    stage::run(async {
        let first = [
            Step::Say("Il ouvre "),
            Step::Wait,
            Step::Say("bientôt."),
            Step::End,
        ];
        let (text, target, seams) = withdrawn_meanwhile(&stage, &first, Running::Finish)
            .await
            .unwrap();
        assert_eq!(
            (text.as_str(), target.as_str(), seams),
            ("Il ouvre bientôt.", "first", 0)
        );
    });
}

#[test]
fn a_country_takes_with_it_what_is_known_to_be_of_no_country() {
    let stage = Stage::new();
    stage::run(async {
        let (gateway, models) = staged(&stage, &[("away", YES), ("home", YES)]).await;
        stage::change(&gateway, |plan| plan.targets[0] = unknown("away"));
        let what = What::Country("US".parse().unwrap());
        let withdrawal = gateway
            .withdraw(&operator(), what, (None, Running::Stop))
            .await
            .unwrap();
        assert_eq!(gateway.concerned(&withdrawal), ["away"]);
        let mut asked = question(OPEN);
        asked.label = Some("public".parse().unwrap());
        assert_eq!(ask(&gateway, &operator(), asked).await.0.unwrap().target, "home");
        assert_eq!(models[0].calls().len(), 0);
        gateway.close().await.unwrap();
    });
}

#[tokio::test]
async fn over_http_it_is_in_force_when_it_is_answered_and_the_ledger_says_by_whom() {
    let stage = Stage::new();
    let (gateway, models) = staged(&stage, &[("first", YES), ("second", YES)]).await;
    let wired = Wired::start(&stage, gateway, Settings::default()).await;
    let target = async || {
        let reply = wired.ask(&asked(false)).await.json();
        reply["trousseau"]["decision"]["target"].clone()
    };
    assert_eq!(target().await, "first");
    let first = json!({ "what": "upstream", "name": "first" });
    let made = wired.post("/api/withdrawals", &first).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.json()["upstreams"], json!(["first"]));
    assert_eq!(target().await, "second");

    for (wrong, param) in [
        (json!({ "what": "country", "name": "USA" }), "name"),
        (json!({ "what": "provider", "name": " " }), "name"),
        (json!({ "what": "upstream", "name": "a\nb" }), "name"),
        (
            json!({ "what": "upstream", "name": "second", "until": "2020-01-01T00:00:00Z" }),
            "until",
        ),
    ] {
        let refused = wired.post("/api/withdrawals", &wrong).await;
        assert_eq!(
            (refused.status, &refused.json()["error"]["param"]),
            (400, &json!(param)),
            "{wrong}"
        );
    }
    let listed = wired.get("/api/withdrawals").await.json();
    assert_eq!(listed["withdrawals"].as_array().unwrap().len(), 1, "{listed}");
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/withdrawals/{id}");
    assert_eq!(wired.call("DELETE", &path, &[], "").await.status, 200);
    assert_eq!(target().await, "first");
    let gone = wired.call("DELETE", &path, &[], "").await;
    assert_eq!((gone.status, gone.code().as_str()), (404, "withdrawals-unknown"));
    assert_eq!((models[0].calls().len(), models[1].calls().len()), (2, 1));
    wired.end().await.close().await.unwrap();

    let entries = stage.entries(&Tenant::default());
    let told: Vec<_> = entries
        .iter()
        .filter(|entry| entry["type"] == "withdrawal")
        .collect();
    let operations: Vec<_> = told.iter().map(|entry| &entry["operation"]).collect();
    assert_eq!(json!(operations), json!(["withdrawn", "lifted"]));
    let by = |entry: &serde_json::Value| entry["actor"].clone();
    let settled = entries.iter().find(|entry| entry["type"] == "decision").unwrap();
    assert_eq!(by(told[0]), by(settled), "{told:?}");
}
