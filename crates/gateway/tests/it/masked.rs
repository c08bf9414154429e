//! Masked requests over real sockets: what leaves, what comes back, and what is written of it.

use serde_json::{Value, json};
use trousseau_core::label::Class;
use trousseau_core::principal::Tenant;
use trousseau_gateway::service::Gateway;
use trousseau_gateway::settings::{Bounds, Kinds, Mask};
use trousseau_http::Settings;
use trousseau_upstream::Continues;

use crate::live::listen;
use crate::positions::positions;
use crate::resuming::{Ending, Speaker};
use crate::stage::{Stage, cast, change, own, route, unknown};
use crate::truth;
use crate::wired::{Reply, Wired};

pub(crate) const IBAN: &str = "FR14 2004 1010 0505 0001 3M02 606";

/// What is masked: everything, or these kinds; nothing of the label remains beside what else raises it.
pub(crate) fn mask(kinds: &[&str]) -> Mask {
    let names = kinds.iter().map(|&kind| kind.to_owned());
    Mask {
        kinds: match kinds {
            [] => Kinds::All,
            _ => Kinds::These(names.collect()),
        },
        upstreams: None,
        label_floor: "public".parse().unwrap(),
    }
}

/// A route to these targets, the last of which may see what is public and nothing else.
pub(crate) fn masks(gateway: &Gateway, targets: &[&str], mask: Mask) {
    change(gateway, |plan| {
        let (afar, near) = targets.split_last().unwrap();
        plan.targets = near.iter().map(|name| own(name)).chain([unknown(afar)]).collect();
        let mut route = route("documents", targets);
        route.grounded = false;
        route.mask = Some(mask);
        plan.settings.routes = vec![route];
    });
}

/// A server over `afar`, which is asked with everything masked.
async fn afar(stage: &Stage, speaker: &Speaker) -> Wired {
    let gateway = stage.open().await;
    masks(&gateway, &["afar"], mask(&[]));
    cast(&gateway, "afar", &speaker.model("afar", Continues::Prompt));
    Wired::start(stage, gateway, Settings::default()).await
}

fn asked(text: &str, stream: bool) -> Value {
    json!({ "model": "documents", "messages": [{ "role": "user", "content": text }], "stream": stream })
}

fn text_of(reply: &Reply) -> String {
    assert_eq!((reply.status, reply.whole), (200, true), "{reply:?}");
    reply.json()["choices"][0]["message"]["content"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// The text of a stream, and the report at its end.
fn streamed(reply: &Reply) -> (String, Value) {
    assert_eq!((reply.status, reply.whole), (200, true), "{reply:?}");
    let events = reply.events();
    assert_eq!(events.last(), Some(&"[DONE]"));
    let chunks = events[..events.len() - 1].iter();
    let chunks: Vec<Value> = chunks.map(|chunk| serde_json::from_str(chunk).unwrap()).collect();
    let texts = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str());
    (texts.collect(), chunks.last().unwrap()["trousseau"].clone())
}

#[tokio::test]
async fn what_is_found_in_any_position_never_reaches_a_masked_target() {
    let stage = Stage::new();
    let speaker = Speaker::new(&["Voilà."], Ending::Whole);
    let wired = afar(&stage, &speaker).await;
    let mut refused = Vec::new();
    for text in [
        IBAN,
        "FR14\u{a0}2004\u{a0}1010\u{a0}0505\u{a0}0001\u{a0}3M02\u{a0}606",
    ] {
        for (position, body) in positions(text) {
            let before = speaker.asked().len();
            let reply = wired.ask(&body).await;
            let sent = &speaker.asked()[before..];
            if reply.status == 403 {
                assert!(sent.is_empty(), "{position}");
                refused.push(position);
                continue;
            }
            assert_eq!(reply.status, 200, "{position}: {reply:?}");
            let report = &reply.json()["trousseau"];
            assert_eq!(report["masked"], json!({ "iban": 1 }), "{position}");
            assert_eq!(report["label"]["class"], "personal", "{position}");
            let sent = sent[0].to_string();
            for part in ["2004", "1010", "0505", "3M02", "u00a0"] {
                assert!(!sent.contains(part), "{position}: {sent}");
            }
            assert!(sent.contains("[IBAN-1]"), "{position}: {sent}");
        }
    }
    refused.sort_unstable();
    refused.dedup();
    assert_eq!(refused, ["address of an image", "name of metadata"]);
    wired.end().await.close().await.unwrap();
}

#[tokio::test]
async fn a_stream_that_splits_tokens_anywhere_is_restored() {
    let text = format!("Virer de {IBAN} à [IBAN-1] ou \\[iban 7\\], prévenir marie@exemple.fr [1].");
    for size in [1, 2, 3, 5, 100] {
        let (stage, speaker) = (Stage::new(), Speaker::echo(size));
        let wired = afar(&stage, &speaker).await;
        let (said, report) = streamed(&wired.ask(&asked(&text, true)).await);
        assert_eq!(said, text);
        assert_eq!(report["masked"], json!({ "email": 1, "iban": 1 }));
        assert_eq!(report["decision"]["target"], "afar");
        assert_eq!(text_of(&wired.ask(&asked(&text, false)).await), text);
        for sent in speaker.asked() {
            let sent = sent["messages"][0]["content"].as_str().unwrap();
            assert_eq!(
                sent,
                "Virer de [IBAN-2] à [IBAN-1] ou \\[iban 7\\], prévenir [EMAIL-1] [1]."
            );
        }
        wired.end().await.close().await.unwrap();
    }
}

#[tokio::test]
async fn the_record_keeps_what_was_said_and_the_ledger_says_that_it_was_masked() {
    let stage = Stage::new();
    let speaker = Speaker::new(&["Le compte [IB", "AN-1] est bon."], Ending::Whole);
    let wired = afar(&stage, &speaker).await;
    let text = format!("Vérifier {IBAN}.");
    let begun = wired.post("/api/answers", &asked(&text, false)).await.json();
    let heard = listen(&wired, begun["id"].as_str().unwrap(), &[]).await;
    let events = heard.named_events();
    let decided = events.iter().find(|(name, _)| *name == "decided").unwrap();
    assert_eq!(
        (&decided.1["permitted"], &decided.1["masked"]),
        (&json!([]), &json!(["afar"]))
    );
    let listed = wired.get("/api/records").await.json();
    let listed = &listed["items"][0];
    assert_eq!(
        (&listed["label"]["class"], &listed["target"]),
        (&json!("personal"), &json!("afar"))
    );
    let path = format!(
        "/api/records/{}/{}",
        listed["replica"].as_str().unwrap(),
        listed["entry"]
    );
    let record = wired.get(&path).await.json();
    assert_eq!(record["answer"], format!("Le compte {IBAN} est bon."));
    assert_eq!(record["messages"][0]["content"], text);
    assert_eq!(record["decision"]["masked"]["values"], json!({ "iban": 1 }));
    wired.end().await.close().await.unwrap();

    let entries = stage.entries(&Tenant::default());
    let of = |kind: &str| {
        entries
            .iter()
            .filter(|entry| entry["type"] == kind)
            .collect::<Vec<_>>()
    };
    let (decisions, outcomes) = (of("decision"), of("outcome"));
    assert_eq!((decisions.len(), outcomes.len()), (2, 1));
    let (first, second) = (decisions[0], decisions[1]);
    assert_eq!(
        (&first["permitted"], &first["label"]["class"]),
        (&json!([]), &json!("personal"))
    );
    assert_eq!(
        (&second["permitted"], &second["label"]["class"]),
        (&json!(["afar"]), &json!("public"))
    );
    assert_eq!(second["masked"], json!({ "iban": 1 }));
    assert_eq!(second["continues"], outcomes[0]["decision"]);
    assert_ne!(first["request"], second["request"]);
    assert_eq!(
        (&outcomes[0]["target"], &outcomes[0]["state"]),
        (&json!("afar"), &json!("answered"))
    );
    assert!(!entries.iter().any(|entry| entry.to_string().contains("2004")));
    truth::check_ledger(&stage.data(), &Tenant::default());
}

#[tokio::test]
async fn what_is_still_too_high_when_it_is_masked_goes_nowhere() {
    let stage = Stage::new();
    let speaker = Speaker::new(&["Oui."], Ending::Whole);
    let wired = afar(&stage, &speaker).await;
    let gateway = &wired.server.gateway;
    let both = format!("{IBAN}, marie@exemple.fr");
    // One of two kinds.
    masks(gateway, &["afar"], mask(&["iban"]));
    assert_eq!(wired.ask(&asked(&both, false)).await.code(), "policy-denied");
    masks(gateway, &["afar"], mask(&["iban", "email"]));
    assert_eq!(wired.ask(&asked(&both, false)).await.status, 200);
    // A floor: of what was masked, of the route, of the request itself.
    let with_floor = Mask {
        label_floor: "internal".parse().unwrap(),
        ..mask(&[])
    };
    masks(gateway, &["afar"], with_floor);
    assert_eq!(wired.ask(&asked(IBAN, false)).await.code(), "policy-denied");
    masks(gateway, &["afar"], mask(&[]));
    change(gateway, |plan| {
        plan.settings.routes[0].label_floor = "internal".parse().unwrap();
    });
    assert_eq!(wired.ask(&asked(IBAN, false)).await.code(), "policy-denied");
    masks(gateway, &["afar"], mask(&[]));
    let headers = ["content-type: application/json", "x-trousseau-label: personal"];
    let body = asked(IBAN, false).to_string();
    let stated = wired.call("POST", "/v1/chat/completions", &headers, &body).await;
    assert_eq!(stated.code(), "policy-denied");
    // Another target than the mask is for.
    let elsewhere = Mask {
        upstreams: Some(["other".to_owned()].into()),
        ..mask(&[])
    };
    masks(gateway, &["afar"], elsewhere);
    assert_eq!(wired.ask(&asked(IBAN, false)).await.code(), "policy-denied");
    assert_eq!(speaker.asked().len(), 1);
    // An earlier answer of this label: what it was answered with is not masked away.
    masks(gateway, &["afar"], mask(&[]));
    let first = wired.ask(&asked(&format!("{IBAN} ?"), false)).await;
    assert_eq!(text_of(&first), "Oui.");
    let mut again = asked("Merci.", false);
    again["messages"] = json!([
        { "role": "user", "content": format!("{IBAN} ?") },
        { "role": "assistant", "content": "Oui." },
        { "role": "user", "content": "Merci." },
    ]);
    assert_eq!(wired.ask(&again).await.code(), "policy-denied");
    assert_eq!(speaker.asked().len(), 2);
    wired.end().await.close().await.unwrap();
}

#[tokio::test]
async fn an_answer_is_given_again_only_to_the_same_values() {
    let stage = Stage::new();
    let speaker = Speaker::echo(4);
    let wired = afar(&stage, &speaker).await;
    change(&wired.server.gateway, |plan| {
        plan.settings.routes[0].cache = Some(Bounds {
            bytes: 1 << 20,
            age: std::time::Duration::from_secs(600),
        });
    });
    let is_cached = |reply: &Reply| reply.json()["trousseau"]["cached"] == true;
    let first = wired.ask(&asked(IBAN, false)).await;
    let again = wired.ask(&asked(IBAN, false)).await;
    assert_eq!((is_cached(&first), is_cached(&again)), (false, true));
    assert_eq!(
        (text_of(&first), text_of(&again)),
        (IBAN.to_owned(), IBAN.to_owned())
    );
    assert_eq!(again.json()["trousseau"]["masked"], json!({ "iban": 1 }));
    // What is sent of another account is the same to the letter, and the answer is another.
    let other = "DE89 3704 0044 0532 0130 00";
    let reply = wired.ask(&asked(other, false)).await;
    assert_eq!((is_cached(&reply), text_of(&reply)), (false, other.to_owned()));
    assert_eq!(speaker.asked()[0]["messages"], speaker.asked()[1]["messages"]);
    // Who may see it as it is has an answer of its own.
    change(&wired.server.gateway, |plan| plan.targets = vec![own("afar")]);
    let clear = wired.ask(&asked(IBAN, false)).await;
    assert_eq!(
        (is_cached(&clear), clear.json()["trousseau"]["masked"].is_null()),
        (false, true)
    );
    assert_eq!(speaker.asked().last().unwrap()["messages"][0]["content"], IBAN);
    wired.end().await.close().await.unwrap();
}

#[tokio::test]
async fn what_is_held_back_is_what_the_reader_would_see() {
    let stage = Stage::new();
    let speaker = Speaker::new(&["Votre compte : [IBAN-1]", ". Bonne journée."], Ending::Whole);
    let wired = afar(&stage, &speaker).await;
    change(&wired.server.gateway, |plan| {
        plan.settings.hold_back = Some(Class::Personal);
    });
    let reply = wired
        .ask(&asked(&format!("Mon compte ? {IBAN}"), false))
        .await
        .json();
    assert_eq!(reply["choices"][0]["message"]["content"], "Votre compte : ");
    assert_eq!(reply["choices"][0]["finish_reason"], "content_filter");
    wired.end().await.close().await.unwrap();
}

#[tokio::test]
async fn explaining_tells_what_masking_would_open() {
    let stage = Stage::new();
    let speaker = Speaker::new(&["Oui."], Ending::Whole);
    let wired = afar(&stage, &speaker).await;
    let explained = wired.post("/api/explain", &json!({ "text": IBAN })).await.json();
    let route = &explained["routes"][0];
    assert_eq!(route["permitted"], json!([]));
    assert_eq!(
        route["masked"],
        json!({ "values": { "iban": 1 }, "label": { "class": "public" }, "permitted": ["afar"] })
    );
    let plain = wired
        .post("/api/explain", &json!({ "text": "Bonjour" }))
        .await
        .json();
    assert_eq!(
        (&plain["routes"][0]["permitted"], &plain["routes"][0]["masked"]),
        (&json!(["afar"]), &Value::Null)
    );
    assert!(speaker.asked().is_empty());
    wired.end().await.close().await.unwrap();
}
