//! Streams tell the truth: where another target goes on it is told and kept, and what breaks off never ends like a whole.

use serde_json::{Value, json};
use tokio::sync::mpsc;
use trousseau_core::chat::{ChatRequest, Message};
use trousseau_core::label::Label;
use trousseau_core::principal::Tenant;
use trousseau_gateway::answer::Asked;
use trousseau_gateway::commitment::Secret;
use trousseau_gateway::entry::{Decision, Event};
use trousseau_gateway::records::own::Listing;
use trousseau_http::Settings;
use trousseau_ledger::Durability;
use trousseau_upstream::Continues;

use crate::conversations::{person, tell};
use crate::live::{begin, listen};
use crate::resuming::{Ending, Speaker, delivered};
use crate::scripted::{Scripted, Step};
use crate::stage::{self, Stage, ask, cast, question, route};
use crate::truth;
use crate::wired::{self, Wired, scripted, staged};

/// An answer that another target began.
const TAKEN_UP: &[Step] = &[
    Step::Say("À neuf "),
    Step::TakeUp(7),
    Step::Say("heures [1]."),
    Step::Cite,
    Step::End,
];

fn seam() -> Value {
    json!({ "from": "nuage", "to": "local", "at": 7, "error": "model-cut" })
}

#[tokio::test]
async fn a_seam_is_told_where_it_is_and_again_at_the_end() {
    let stage = Stage::new();
    let wired = scripted(&stage, TAKEN_UP).await;
    let reply = wired.ask(&wired::question(true)).await;
    let events = reply.events();
    assert_eq!(events.last(), Some(&"[DONE]"));
    let chunks = events[..events.len() - 1].iter();
    let chunks: Vec<Value> = chunks.map(|chunk| serde_json::from_str(chunk).unwrap()).collect();
    let mut text = String::new();
    let mut told = Vec::new();
    for chunk in &chunks {
        text.push_str(
            chunk["choices"][0]["delta"]["content"]
                .as_str()
                .unwrap_or_default(),
        );
        if chunk["trousseau"]["seam"].is_object() {
            assert_eq!(chunk["choices"][0]["delta"], json!({}));
            assert_eq!(chunk["choices"][0]["finish_reason"], Value::Null);
            told.push((text.clone(), chunk["trousseau"].clone()));
        }
    }
    assert_eq!(text, "À neuf heures [1].");
    assert_eq!(told, [("À neuf ".to_owned(), json!({ "seam": seam() }))]);
    assert_eq!(chunks.last().unwrap()["trousseau"]["seams"], json!([seam()]));

    let whole = wired.ask(&wired::question(false)).await.json();
    assert_eq!(whole["choices"][0]["message"]["content"], "À neuf heures [1].");
    assert_eq!(whole["trousseau"]["seams"], json!([seam()]));
    let outcomes = stage.entries(&Tenant::default());
    let outcomes = outcomes.iter().filter(|entry| entry["type"] == "outcome");
    assert!(
        outcomes
            .clone()
            .all(|outcome| outcome["seams"] == json!([seam()]))
    );
    assert_eq!(outcomes.count(), 2);
    wired.end().await.close().await.unwrap();
}

/// The events of a stream before the one that tells of the seam, and that one.
fn until_seam(reply: &wired::Reply) -> (String, Value) {
    let mut before = String::new();
    for (name, event) in reply.named_events() {
        if event["trousseau"]["seam"].is_object() {
            let piece = if name == "content_block_delta" {
                &event["delta"]["text"]
            } else {
                &event["delta"]
            };
            assert_eq!(piece, "", "it is no text: {event}");
            return (before, event["trousseau"].clone());
        }
        let delta = event["delta"]["text"].as_str().or(event["delta"].as_str());
        before.push_str(delta.unwrap_or_default());
    }
    panic!("no seam: {reply:?}")
}

#[tokio::test]
async fn the_other_forms_tell_of_a_seam_where_it_is_too() {
    let stage = Stage::new();
    let wired = scripted(&stage, TAKEN_UP).await;
    let said = json!([{ "role": "user", "content": "Quand ouvre le guichet ?" }]);
    let messages = json!({ "model": "documents", "max_tokens": 90, "messages": said, "stream": true });
    let responses = json!({ "model": "documents", "input": said, "stream": true });
    for (path, asked) in [("/v1/messages", messages), ("/v1/responses", responses)] {
        let reply = wired.post(path, &asked).await;
        assert_eq!(
            until_seam(&reply),
            ("À neuf ".to_owned(), json!({ "seam": seam() })),
            "{path}"
        );
        let (_, last) = reply.named_events().pop().unwrap();
        let told = if path.ends_with("messages") {
            &last
        } else {
            &last["response"]
        };
        assert_eq!(told["trousseau"]["seams"], json!([seam()]), "{path}: {last}");
    }
    let asked = json!({ "model": "documents", "prompt": "Quand ouvre le guichet ?", "stream": true });
    let reply = wired.post("/v1/completions", &asked).await;
    let events = reply.events();
    let pieces = events[..events.len() - 1].iter();
    let pieces: Vec<Value> = pieces.map(|piece| serde_json::from_str(piece).unwrap()).collect();
    let at = pieces
        .iter()
        .position(|piece| piece["trousseau"] == json!({ "seam": seam() }));
    assert_eq!(pieces[at.unwrap()]["choices"][0]["text"], "");
    wired.end().await.close().await.unwrap();
}

#[tokio::test]
async fn a_seam_is_kept_with_its_answer() {
    let stage = Stage::new();
    let wired = scripted(&stage, TAKEN_UP).await;
    let conversation = wired.call("POST", "/api/conversations", &[], "").await.json();
    let conversation = conversation["id"].as_str().unwrap();
    let id = begin(&wired, json!({ "conversation": conversation })).await;
    let heard = listen(&wired, &id, &[]).await;
    let events = heard.named_events();
    let at = events.iter().position(|(name, _)| *name == "seam").unwrap();
    assert_eq!(events[at - 1], ("text", json!({ "text": "À neuf " })));
    assert_eq!(events[at].1, seam());
    assert_eq!(events.last().unwrap().1["trousseau"]["seams"], json!([seam()]));

    let listed = wired.get("/api/records").await.json();
    let listed = &listed["items"][0];
    assert_eq!(listed["seams"], json!([seam()]));
    let path = format!(
        "/api/records/{}/{}",
        listed["replica"].as_str().unwrap(),
        listed["entry"]
    );
    assert_eq!(wired.get(&path).await.json()["seams"], json!([seam()]));
    let kept = wired
        .get(&format!("/api/conversations/{conversation}"))
        .await
        .json();
    assert_eq!(kept["records"]["items"][0]["seams"], json!([seam()]));
    wired.end().await.close().await.unwrap();
}

#[test]
fn a_seam_is_written_out_and_answers_of_before_have_none() {
    let stage = Stage::new();
    let alice = person("alice");
    let staged = async |script| {
        let gateway = stage.open().await;
        cast(&gateway, "local", &Scripted::new("local", stage.data(), script));
        gateway
    };
    const WITHOUT_CITATION: &[Step] = &[
        Step::Say("Oui, "),
        Step::TakeUp(5),
        Step::Say("demain."),
        Step::End,
    ];
    stage::run(async {
        let gateway = staged(WITHOUT_CITATION).await;
        let entry = tell(&gateway, &alice, question("Est-ce ouvert ?")).await;
        let seams = gateway.own_record(&alice, &entry).await.unwrap().seams;
        assert_eq!(serde_json::to_value(seams).unwrap()[0]["at"], 5);
        let (lines, mut heard) = mpsc::channel(100);
        let exported = gateway.export_subject(&alice.tenant, "alice", Value::Null, &lines);
        exported.await.unwrap();
        drop(lines);
        let mut export = String::new();
        while let Some(line) = heard.recv().await {
            export.push_str(&line);
        }
        assert!(export.contains("\"error\":\"model-cut\""), "{export}");
        gateway.close().await.unwrap();

        let mut database = truth::database(&stage.data(), "records.sqlite").await;
        let before = "DROP TABLE outbox; DROP TABLE exchange; DROP INDEX accesses_by_uid; ALTER TABLE accesses DROP COLUMN uid;
            ALTER TABLE records DROP COLUMN seams; ALTER TABLE records DROP COLUMN tool_calls; PRAGMA user_version = 5";
        sqlx::raw_sql(before).execute(&mut database).await.unwrap();
        sqlx::Connection::close(database).await.unwrap();

        let gateway = staged(WITHOUT_CITATION).await;
        let record = gateway.own_record(&alice, &entry).await.unwrap();
        assert_eq!(
            (record.answer.as_deref(), record.seams.len()),
            (Some("Oui, demain."), 0)
        );
        tell(&gateway, &alice, question("Et le samedi ?")).await;
        let listing = Listing {
            limit: 1,
            ..Listing::default()
        };
        let listed = gateway.records_of(&alice, &listing).await.unwrap();
        assert_eq!(listed.items[0].seams.len(), 1);
        gateway.close().await.unwrap();
    });
    stage::run(truth::check(&stage.data()));
}

#[test]
fn a_decision_on_the_rest_of_an_answer_owes_no_outcome_of_its_own() {
    let stage = Stage::new();
    let tenant = Tenant::default();
    stage::run(async {
        let gateway = stage.open().await;
        cast(
            &gateway,
            "local",
            &Scripted::new("local", stage.data(), TAKEN_UP_SHORT),
        );
        let answered = ask(&gateway, &person("alice"), question("Est-ce ouvert ?"))
            .await
            .0
            .unwrap();
        let now = (gateway.now)();
        let log = gateway.logs.log(&tenant, &gateway.records, now).await.unwrap();
        let commitment = Secret([7; 32]).commit("request", b"");
        let decision = Event::Decision(Decision {
            masked: None,
            continues: Some(answered.entry.index),
            actor: commitment,
            route: "documents",
            purpose: "chat",
            label: &Label::default(),
            request: commitment,
            question: commitment,
            passages: Vec::new(),
            permitted: vec!["local"],
            rejected: Vec::new(),
            policy: "",
            program: "",
        });
        log.append(now, decision, Durability::Request).await.unwrap();
        drop(log);
        gateway.close().await.unwrap();

        // The next start closes nothing.
        let gateway = stage.open().await;
        gateway.logs.log(&tenant, &gateway.records, now).await.unwrap();
        gateway.close().await.unwrap();
        let entries = stage.entries(&tenant);
        let kinds: Vec<_> = entries
            .iter()
            .map(|entry| entry["type"].as_str().unwrap())
            .collect();
        assert_eq!(kinds, ["decision", "outcome", "decision"]);
        assert_eq!(
            (&entries[0]["continues"], &entries[2]["continues"]),
            (&Value::Null, &json!(0))
        );
    });
    truth::check_ledger(&stage.data(), &tenant);
}

const TAKEN_UP_SHORT: &[Step] = &[Step::Say("Oui."), Step::End];

#[tokio::test]
async fn what_breaks_off_never_ends_like_a_whole_answer() {
    for ending in Ending::BROKEN {
        let stage = Stage::new();
        let (gateway, _) = staged(&stage, &[("local", &[])]).await;
        let speaker = Speaker::new(&["Le guichet ", "ouvre à "], ending);
        cast(&gateway, "local", &speaker.model("local", Continues::Prompt));
        let wired = Wired::start(&stage, gateway, Settings::default()).await;

        let reply = wired.ask(&wired::question(true)).await;
        assert_eq!((reply.status, reply.whole), (200, true), "{ending:?}");
        assert!(
            reply.body.contains("\nevent: error\n"),
            "{ending:?}: {}",
            reply.body
        );
        assert!(!reply.body.contains("[DONE]"), "{ending:?}");
        assert!(!reply.body.contains("\"finish_reason\":\"stop\""), "{ending:?}");
        let error: Value = serde_json::from_str(reply.events().last().unwrap()).unwrap();
        assert_eq!(error["error"]["code"], "gateway-broken", "{ending:?}");

        let id = begin(&wired, Value::Null).await;
        let heard = listen(&wired, &id, &[]).await;
        let (last, told) = heard.named_events().pop().unwrap();
        assert_eq!(
            (last, &told["error"]["code"]),
            ("error", &json!("gateway-broken")),
            "{ending:?}"
        );

        let whole = wired.ask(&wired::question(false)).await;
        assert!(whole.status >= 500, "{ending:?}: {whole:?}");
        assert!(whole.json()["error"]["code"].is_string(), "{ending:?}");
        let entries = stage.entries(&Tenant::default());
        let outcomes = entries.iter().filter(|entry| entry["type"] == "outcome");
        assert!(
            outcomes.clone().all(|outcome| outcome["state"] == "failed"),
            "{ending:?}"
        );
        assert_eq!(outcomes.count(), 3, "{ending:?}");
        wired.end().await.close().await.unwrap();
    }
}

/// A question with what was delivered of its answer.
fn begun(text: &str) -> Asked {
    Asked {
        request: ChatRequest {
            messages: vec![Message::user("Quand ouvre le guichet ?")],
            begun: Some(text.to_owned()),
            ..ChatRequest::default()
        },
        ..Asked::default()
    }
}

#[test]
fn what_was_delivered_is_decided_upon_and_gone_on_with() {
    const WHOLE: &str =
        "Le guichet ouvre à neuf heures, du lundi au vendredi, sauf le mardi matin où il est fermé.";
    let begins: Vec<usize> = (30..80).filter(|at| WHOLE.is_char_boundary(*at)).collect();
    for (way, again) in [
        (Continues::VllmPrefix, 0),
        (Continues::AssistantPrefix, 25),
        (Continues::MistralPrefix, 1000),
        (Continues::Prompt, 20),
    ] {
        let stage = Stage::new();
        stage::run(async {
            let gateway = stage.open().await;
            stage::change(&gateway, |plan| {
                let mut route = route("documents", &["local"]);
                route.grounded = false;
                plan.settings.routes = vec![route];
            });
            for (number, at) in begins.iter().step_by(7).enumerate() {
                let speaker = Speaker::going_on(WHOLE, number + 1, again);
                cast(&gateway, "local", &speaker.model("local", way));
                let (answered, _) = ask(&gateway, &person("alice"), begun(&WHOLE[..*at])).await;
                assert_eq!(
                    format!("{}{}", &WHOLE[..*at], answered.unwrap().answer.text),
                    WHOLE,
                    "{way:?}"
                );
                assert_eq!(
                    delivered(&speaker.asked()[0]).unwrap(),
                    WHOLE[..*at].trim_end().to_owned()
                        + if way == Continues::Prompt {
                            &WHOLE[WHOLE[..*at].trim_end().len()..*at]
                        } else {
                            ""
                        }
                );
            }
            // What is found in it raises the label under which it is decided where the rest may be made.
            let speaker = Speaker::new(&["."], Ending::Whole);
            cast(&gateway, "local", &speaker.model("local", way));
            let secret = begun("Son numéro est le 2 55 08 14 168 025 38");
            let answered = ask(&gateway, &person("alice"), secret).await.0.unwrap();
            assert_eq!(answered.explanation.labelling.label().to_string(), "personal+nir");
            gateway.close().await.unwrap();
        });
    }
}
