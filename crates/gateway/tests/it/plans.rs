//! What requests work by while it changes: each is decided and answered by one plan, and every ledger tells of a change.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::join_all;
use serde_json::{Value, json};
use trousseau_core::permit::Permit;
use trousseau_core::principal::{Principal, Tenant};
use trousseau_gateway::configuration::{Change, Operation};
use trousseau_plan::{Plan, policy_digest};

use crate::scripted::{Scripted, Step};
use crate::stage::{self, Stage, all_of, ask, cast, operator, own, question, route};

const ANSWER: &[Step] = &[Step::Say("À neuf heures."), Step::End];

/// A gateway with one document, whose questions go to `ours` or, by the other plan, to `theirs`.
async fn two_plans(stage: &Stage) -> (trousseau_gateway::service::Gateway, Plan, Plan) {
    let gateway = stage.open().await;
    stage.write("a.txt", "Le guichet ouvre à neuf heures.\n");
    stage::ingest(&gateway, &Tenant::default(), all_of(stage.files()))
        .await
        .unwrap();
    for name in ["ours", "theirs"] {
        cast(&gateway, name, &Scripted::new(name, stage.data(), ANSWER));
    }
    let plan = |name: &str| {
        let mut plan = Plan::clone(&gateway.plan());
        plan.settings.routes = vec![route("documents", &[name])];
        plan.targets = vec![own(name)];
        plan.policy = policy_digest(&plan.rules, &plan.targets).unwrap();
        plan
    };
    let plans = (plan("ours"), plan("theirs"));
    (gateway, plans.0, plans.1)
}

#[test]
fn no_request_is_decided_by_one_plan_and_answered_by_another() {
    let stage = Stage::new();
    stage::run(async {
        let (gateway, ours, theirs) = two_plans(&stage).await;
        gateway.plan.put(ours.clone());
        let (gateway, done) = (Arc::new(gateway), Arc::new(AtomicBool::new(false)));
        // Changes as fast as it can, wherever the requests are on their way.
        let changing = std::thread::spawn({
            let (gateway, done) = (Arc::clone(&gateway), Arc::clone(&done));
            let (ours, theirs) = (ours.clone(), theirs.clone());
            move || {
                while !done.load(Ordering::Relaxed) {
                    gateway.plan.put(theirs.clone());
                    gateway.plan.put(ours.clone());
                }
            }
        });
        let asking = (0..64).map(|number| {
            let asked = question(&format!("Quand ouvre le guichet {number} ?"));
            let gateway = &gateway;
            async move { ask(gateway, &operator(), asked).await.0 }
        });
        let answered = join_all(asking).await;
        done.store(true, Ordering::Relaxed);
        changing.join().unwrap();
        for answered in answered {
            let answered = answered.unwrap();
            let permitted = answered.explanation.decision.permitted.iter();
            let permitted: Vec<&str> = permitted.map(Permit::target).collect();
            assert_eq!(permitted, [answered.target.as_str()]);
        }
        let gateway = Arc::into_inner(gateway).unwrap();
        let policies = [
            ("ours", ours.policy.to_string()),
            ("theirs", theirs.policy.to_string()),
        ];
        gateway.close().await.unwrap();
        let entries = stage.entries(&Tenant::default());
        let outcomes = entries.iter().filter(|entry| entry["type"] == "outcome");
        let mut told = 0;
        for outcome in outcomes {
            let decision = &entries[usize::try_from(outcome["decision"].as_u64().unwrap()).unwrap()];
            let target = outcome["target"].as_str().unwrap();
            let (_, policy) = policies.iter().find(|(name, _)| *name == target).unwrap();
            assert_eq!(
                (&decision["permitted"], &decision["policy"]),
                (&json!([target]), &json!(policy))
            );
            told += 1;
        }
        assert_eq!(told, 64);
    });
}

#[test]
fn every_ledger_says_who_changed_what_before_it_is_in_force() {
    let stage = Stage::new();
    stage::run(async {
        let (gateway, ours, theirs) = two_plans(&stage).await;
        gateway.plan.put(ours.clone());
        let other = stage::tenant("hopital");
        let elsewhere = Principal::operator(other.clone());
        ask(&gateway, &elsewhere, question("Quand ouvre le guichet ?"))
            .await
            .0
            .unwrap();
        let change = Change {
            operation: Operation::Reloaded,
            tables: &["route", "upstream"],
        };
        gateway
            .take_up(theirs.clone(), &operator(), change)
            .await
            .unwrap();
        let answered = ask(&gateway, &operator(), question("Quand ouvre le guichet ?"))
            .await
            .0
            .unwrap();
        assert_eq!(answered.target, "theirs");
        gateway.close().await.unwrap();
        let mut actors = Vec::new();
        for tenant in [Tenant::default(), other] {
            let entries = stage.entries(&tenant);
            let told: Vec<&Value> = entries
                .iter()
                .filter(|entry| entry["type"] == "configuration")
                .collect();
            assert_eq!(told.len(), 1, "{tenant}: {entries:#?}");
            assert_eq!(told[0]["changed"], json!(["route", "upstream"]));
            assert_eq!(
                (&told[0]["before"], &told[0]["policy"]),
                (&json!(ours.policy.to_string()), &json!(theirs.policy.to_string()))
            );
            actors.push(told[0]["actor"].clone());
        }
        // The same person has another pseudonym in each.
        assert_ne!(actors[0], actors[1]);
    });
}
