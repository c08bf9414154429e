//! A question that is not kept: the ledger proves that it was asked, and nothing tells what it was.

use serde_json::{Value, json};
use tokio::sync::mpsc;
use trousseau_core::error::Explain as _;
use trousseau_core::principal::Tenant;
use trousseau_gateway::records::own::Listing;

use crate::conversations::{person, staged};
use crate::erasure::holds;
use crate::live::{begin, listen, try_begin};
use crate::scripted::Step;
use crate::stage::{self, Stage, ask, question};
use crate::truth;
use crate::wired::scripted;

#[test]
fn a_question_that_is_not_kept_is_in_the_ledger_and_nowhere_else() {
    let stage = Stage::new();
    stage::run(async {
        let gateway = staged(&stage, "Bulgroz, dit-elle.").await;
        let alice = person("alice");
        let mut asked = question("Le guichet est-il zorglubique ?");
        asked.forget = true;
        let refused = ask(&gateway, &alice, asked.clone()).await.0.unwrap_err();
        assert_eq!(refused.code(), "gateway-must-keep");
        assert_eq!(stage.entries(&Tenant::default()).len(), 0);

        stage::change(&gateway, |plan| plan.settings.incognito = true);
        let (answered, _) = ask(&gateway, &alice, asked).await;
        let answered = answered.unwrap();
        assert_eq!(answered.answer.text, "Bulgroz, dit-elle.");
        let none = gateway.own_record(&alice, &answered.entry).await.unwrap_err();
        assert_eq!(none.code(), "gateway-no-entry");
        for text in [None, Some("zorglubique".to_owned())] {
            let listing = Listing {
                limit: 10,
                text,
                ..Listing::default()
            };
            let page = gateway.records_of(&alice, &listing).await.unwrap();
            assert!(page.items.is_empty(), "{page:?}");
        }
        let (lines, mut heard) = mpsc::channel(100);
        let exported = gateway.export_subject(&alice.tenant, "alice", Value::Null, &lines);
        assert_eq!(exported.await.unwrap(), 0);
        drop(lines);
        while let Some(line) = heard.recv().await {
            assert!(!line.contains("zorglub"), "{line}");
        }
        // What is asked beside it is kept as ever.
        ask(&gateway, &alice, question("Est-ce ouvert ?"))
            .await
            .0
            .unwrap();
        gateway.close().await.unwrap();
        for words in ["zorglub", "guichet"] {
            assert!(!holds(&stage.data(), words.as_bytes()), "{words}");
        }
        let entries = stage.entries(&Tenant::default());
        let outcome = |entry: &&Value| entry["type"] == "outcome" && entry["state"] == "answered";
        assert_eq!(entries.iter().filter(outcome).count(), 2);
    });
    stage::run(truth::check(&stage.data()));
}

#[tokio::test]
async fn over_http_it_belongs_to_no_conversation() {
    let stage = Stage::new();
    let wired = scripted(&stage, &[Step::Say("Oui."), Step::End]).await;
    let refused = try_begin(&wired, json!({ "keep": false, "conversation": "x" })).await;
    assert_eq!(refused.status, 400, "{refused:?}");
    assert_eq!(refused.json()["error"]["param"], "trousseau.keep");
    let id = begin(&wired, json!({ "keep": false })).await;
    let heard = listen(&wired, &id, &[]).await;
    let events = heard.named_events();
    let (name, last) = events.last().unwrap();
    assert_eq!(
        (*name, &last["error"]["code"]),
        ("error", &json!("gateway-must-keep"))
    );
}
