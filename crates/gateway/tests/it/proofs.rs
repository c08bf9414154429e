//! What the ledger shows over HTTP: proofs of records, entries, and whether all of it agrees.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use trousseau_core::principal::{Role, Tenant};
use trousseau_http::Settings;
use trousseau_ledger::{Proof, VerifierKey};

use crate::scripted::Step;
use crate::stage::{Stage, own, unknown};
use crate::wired::{Reply, Wired, new_key, question, request, scripted, staged};

const ANSWER: &[Step] = &[Step::Say("À neuf heures [1]."), Step::Cite, Step::End];

async fn get(wired: &Wired, key: &str, path: &str) -> Reply {
    let key = format!("authorization: Bearer {key}");
    wired.send(request("GET", path, &[&key], "")).await
}

/// The bytes of an entry.
async fn leaf(wired: &Wired, index: u64) -> Vec<u8> {
    let gateway = &wired.server.gateway;
    let now = (gateway.now)();
    let log = gateway.logs.log(&Tenant::default(), &gateway.records, now).await;
    log.unwrap().read(index).await.unwrap()
}

#[tokio::test]
async fn a_record_is_proved_to_its_owner_and_to_those_who_oversee() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    let mut keys = Vec::new();
    for role in [Role::User, Role::Auditor, Role::DataProtectionOfficer] {
        keys.push(new_key(&wired.server, role, |_| {}).await);
    }
    let asking = format!("authorization: Bearer {}", keys[0]);
    let body = question(false).to_string();
    let asked = wired
        .send(request("POST", "/v1/chat/completions", &[&asking], &body))
        .await;
    let entry = asked.json()["trousseau"]["entry"].as_str().unwrap().to_owned();
    let path = format!("/api/records/{entry}/proof");
    for key in &keys {
        let proof = get(&wired, key, &path).await.json();
        assert_eq!(
            (&proof["entry"], &proof["verified"]),
            (&json!(entry), &json!(true))
        );
        assert_eq!(proof["decision"]["type"], "decision");
        assert_eq!(proof["outcome"]["state"], "answered");
        assert!(!proof.to_string().contains("guichet"), "{proof}");

        // The file is the one that any other program verifies.
        let file = get(&wired, key, &format!("{path}/file")).await;
        let name = format!("attachment; filename=\"{}.tlog-proof\"", entry.replace('/', "-"));
        assert_eq!(file.header("content-disposition"), Some(name.as_str()));
        let inline = STANDARD.decode(proof["file"].as_str().unwrap()).unwrap();
        let (inline, file) = (String::from_utf8(inline).unwrap(), file.body);
        for text in [inline, file] {
            let verifier: VerifierKey = proof["key"].as_str().unwrap().parse().unwrap();
            let drawn = Proof::parse(&text).unwrap();
            let index = format!("main/{}", drawn.index);
            assert_eq!(index, entry);
            let leaf = leaf(&wired, drawn.index).await;
            drawn.verify(&verifier, &leaf).unwrap();
            assert!(drawn.verify(&verifier, b"another").is_err());
        }
    }
    // The administrator did not ask, and oversees accounts, not questions.
    assert_eq!(wired.get(&path).await.status, 404);
    for path in ["main/9999/proof", "other/0/proof", "main/0/proof"] {
        let reply = get(&wired, &keys[1], &format!("/api/records/{path}")).await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (404, "gateway-no-entry"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_ledger_is_listed_proved_and_verified() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    for _ in 0..3 {
        wired.ask(&question(false)).await;
    }
    let head = wired.get("/api/ledger").await.json();
    assert_eq!(head["log"], "example.org/default/main");
    let count = head["entries"].as_u64().unwrap();
    let page = wired.get("/api/ledger/entries?limit=2").await.json();
    let newest = &page["items"][0];
    assert_eq!(newest["entry"], format!("main/{}", count - 1));
    assert_eq!(
        (&newest["leaf"]["type"], &page["more"]),
        (&json!("outcome"), &json!(true))
    );
    let older = wired
        .get(&format!("/api/ledger/entries?before={}", count - 1))
        .await
        .json();
    assert_eq!(older["items"][0], page["items"][1]);
    assert_eq!(
        (older["items"].as_array().unwrap().len() as u64, &older["more"]),
        (count - 1, &json!(false))
    );
    let one = wired
        .get(&format!("/api/ledger/entries/main/{}", count - 1))
        .await
        .json();
    assert_eq!((&one["leaf"], &one["verified"]), (&newest["leaf"], &json!(true)));
    let report = wired.call("POST", "/api/ledger/verify", &[], "").await.json();
    assert_eq!(
        (&report["sound"], &report["findings"]),
        (&json!(true), &json!([]))
    );
    assert_eq!(
        (&report["entries"], &report["uncovered"]),
        (&json!(count), &json!(0))
    );

    // Somebody changes an entry on disk.
    let tile = stage
        .data()
        .join(format!("ledger/default/main/tile/entries/000.p/{count}"));
    let mut bytes = fs_err::read(&tile).unwrap();
    let at = bytes.windows(8).position(|part| part == b"answered").unwrap();
    bytes[at] ^= 1;
    fs_err::write(&tile, bytes).unwrap();
    let report = wired.call("POST", "/api/ledger/verify", &[], "").await.json();
    assert_eq!(report["sound"], false, "{report}");
    assert!(report["findings"][0]["code"].is_string(), "{report}");
}

#[tokio::test]
async fn a_text_is_explained_without_being_sent_or_kept() {
    let stage = Stage::new();
    let (gateway, models) = staged(&stage, &[("local", ANSWER)]).await;
    crate::stage::change(&gateway, |plan| {
        plan.targets = vec![own("local"), unknown("afar")];
    });
    let outside = crate::stage::route("outside", &["afar", "local"]);
    crate::stage::change(&gateway, |plan| plan.settings.routes.push(outside));
    let wired = Wired::start(&stage, gateway, Settings::default()).await;
    let before = stage.entries(&Tenant::default()).len();
    let text = json!({ "text": "Écrire à anne@montclair.example" }).to_string();
    let kind = "content-type: application/json";
    let told = wired
        .call("POST", "/api/explain", &[kind, "accept-language: fr"], &text)
        .await
        .json();
    let found = &told["findings"][0];
    assert_eq!(
        (&found["detector"], &found["class"]),
        (&json!("email"), &json!("personal"))
    );
    assert_eq!((&found["start"], &found["end"]), (&json!(9), &json!(31)));
    let routes: Vec<&Value> = told["routes"].as_array().unwrap().iter().collect();
    assert_eq!(routes.len(), 2);
    assert_eq!(routes[1]["permitted"], json!(["local"]));
    assert_eq!(routes[1]["label"]["class"], "personal");
    let rejected = &routes[1]["rejected"][0];
    assert_eq!(rejected["target"], "afar");
    assert!(
        rejected["reasons"][0]["text"]
            .as_str()
            .unwrap()
            .starts_with("fr reason-")
    );

    // Who may ask through one route hears of no other.
    let key = new_key(&wired.server, Role::User, |grants| {
        grants.routes = Some(["documents".to_owned()].into());
    })
    .await;
    let key = format!("authorization: Bearer {key}");
    let told = wired
        .send(request("POST", "/api/explain", &[kind, &key], &text))
        .await
        .json();
    assert_eq!(told["routes"].as_array().unwrap().len(), 1);
    let named = json!({ "text": "x", "route": "outside" }).to_string();
    let reply = wired
        .send(request("POST", "/api/explain", &[kind, &key], &named))
        .await;
    assert_eq!((reply.status, reply.code().as_str()), (404, "model_not_found"));
    assert!(models[0].calls().is_empty());
    let after = stage.entries(&Tenant::default()).len();
    assert_eq!(before, after);
}
