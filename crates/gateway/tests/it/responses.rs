//! `/v1/responses` and `/v1/completions` as OpenAI's clients see them.

use serde_json::{Value, json};
use trousseau_core::principal::Tenant;
use trousseau_http::Settings;

use crate::scripted::Step;
use crate::stage::{Stage, change, unknown};
use crate::wired::{Reply, Wired, scripted, staged};

const PATH: &str = "/v1/responses";
const ANSWER: &[Step] = &[Step::Say("À neuf heures [1]."), Step::Cite, Step::End];

/// A question to the route of [`staged`], with more beside it.
pub(crate) fn asked(more: Value) -> Value {
    let mut asked = json!({ "model": "documents", "input": "Quand ouvre le guichet ?" });
    for (name, value) in more.as_object().unwrap() {
        asked[name] = value.clone();
    }
    asked
}

/// The events of a stream, each under the name that is its type, numbered without a gap.
fn events(reply: &Reply) -> Vec<Value> {
    assert!(reply.status == 200 && reply.whole, "{reply:?}");
    let events = reply.named_events();
    for (number, (name, event)) in events.iter().enumerate() {
        assert_eq!(
            (&event["type"], &event["sequence_number"]),
            (&json!(name), &json!(number))
        );
    }
    assert!(!reply.body.contains("[DONE]"));
    events.into_iter().map(|(_, event)| event).collect()
}

fn types(events: &[Value]) -> Vec<&str> {
    let types = events.iter().map(|event| event["type"].as_str().unwrap());
    types.map(|kind| kind.trim_start_matches("response.")).collect()
}

#[tokio::test]
async fn a_response_is_whole_with_its_proof() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    let more =
        json!({ "instructions": "Réponds en français.", "metadata": { "dossier": "7" }, "temperature": 0.5 });
    let reply = wired.post(PATH, &asked(more)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let response = reply.json();
    assert_eq!(
        (&response["object"], &response["status"]),
        (&json!("response"), &json!("completed"))
    );
    let message = &response["output"][0];
    assert_eq!(
        (&message["type"], &message["role"]),
        (&json!("message"), &json!("assistant"))
    );
    let part = &message["content"][0];
    assert_eq!(
        (&part["type"], &part["text"]),
        (&json!("output_text"), &json!("À neuf heures [1]."))
    );
    let trousseau = &response["trousseau"];
    let cited = &part["annotations"][0];
    assert_eq!(
        (&cited["type"], &cited["filename"]),
        (&json!("file_citation"), &json!("a.txt"))
    );
    assert_eq!(cited["file_id"], trousseau["citations"][0]["document"]);
    assert_eq!(trousseau["decision"]["target"], "local");
    assert_eq!(response["usage"]["total_tokens"], 5);
    assert_eq!(
        (&response["metadata"]["dossier"], &response["store"]),
        (&json!("7"), &json!(true))
    );
    let entry = trousseau["entry"].as_str().unwrap();
    assert_eq!(response["id"], format!("resp_{}", entry.replace('/', "_")));
    // It is a record, is counted, and stands in the ledger like the answer of a chat.
    let record = wired.get(&format!("/api/records/{entry}")).await.json();
    assert_eq!(record["question"], "Quand ouvre le guichet ?");
    let metrics = wired.get("/metrics").await.body;
    assert!(
        metrics.contains("trousseau_answers_total{route=\"documents\",outcome=\"answered\"} 1"),
        "{metrics}"
    );
    assert_eq!(
        wired.get("/api/usage?by=target").await.json()["items"][0]["answered"],
        1
    );
    let entries = stage.entries(&Tenant::default());
    assert_eq!(
        (&entries[1]["type"], &entries[2]["state"]),
        (&json!("decision"), &json!("answered"))
    );
}

#[tokio::test]
async fn events_come_in_order_and_end_with_the_proof() {
    let stage = Stage::new();
    let script = [
        Step::Think("Voyons. "),
        Step::Think("Bien."),
        Step::Say("À neuf "),
        Step::Say("heures [1]."),
        Step::Cite,
        Step::Call(0, "c1", "{\"ville\":"),
        Step::Call(1, "c2", "{}"),
        Step::Call(0, "", "\"Lyon\"}"),
        Step::End,
    ];
    let wired = scripted(&stage, &script).await;
    let events = events(&wired.post(PATH, &asked(json!({ "stream": true }))).await);
    let expected = [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "reasoning_text.delta",
        "reasoning_text.delta",
        "reasoning_text.done",
        "content_part.done",
        "output_item.done",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_item.added",
        "function_call_arguments.delta",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.delta",
        "output_text.annotation.added",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "function_call_arguments.done",
        "output_item.done",
        "function_call_arguments.done",
        "output_item.done",
        "completed",
    ];
    assert_eq!(types(&events), expected);
    let response = &events.last().unwrap()["response"];
    assert_eq!(response["id"], events[0]["response"]["id"]);
    assert_eq!(response["trousseau"]["decision"]["target"], "local");
    let output = response["output"].as_array().unwrap();
    let kinds: Vec<&str> = output.iter().map(|item| item["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["reasoning", "message", "function_call", "function_call"]);
    assert_eq!(output[0]["content"][0]["text"], "Voyons. Bien.");
    assert_eq!(output[1]["content"][0]["annotations"][0]["filename"], "a.txt");
    assert_eq!(
        (&output[2]["call_id"], &output[2]["name"]),
        (&json!("c1"), &json!("meteo"))
    );
    assert_eq!(output[2]["arguments"], "{\"ville\":\"Lyon\"}");
    // What was told piece by piece is what is there in the end.
    for (place, item) in output.iter().enumerate() {
        let pieces = events.iter().filter(|event| event["output_index"] == place);
        let told: String = pieces.filter_map(|event| event["delta"].as_str()).collect();
        let whole = item["content"][0]["text"].as_str().or(item["arguments"].as_str());
        assert_eq!(Some(told.as_str()), whole);
    }
    // Asked for whole, it is the same.
    let whole = wired.post(PATH, &asked(json!({}))).await.json();
    let texts = |response: &Value| {
        response["output"]
            .to_string()
            .replace(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'], "")
    };
    assert_eq!(texts(&whole), texts(response));
}

#[tokio::test]
async fn a_response_that_is_cut_fails_and_says_so() {
    let stage = Stage::new();
    let wired = scripted(&stage, &[Step::Say("À neuf "), Step::Fail]).await;
    let told = events(&wired.post(PATH, &asked(json!({ "stream": true }))).await);
    let last = told.last().unwrap();
    assert_eq!(last["type"], "response.failed");
    let response = &last["response"];
    assert_eq!(
        (&response["status"], &response["error"]["code"]),
        (&json!("failed"), &json!("gateway-broken"))
    );
    assert_eq!(response["output"][0]["status"], "incomplete");
    assert!(response["trousseau"]["entry"].is_string(), "{response}");
    assert!(!types(&told).contains(&"completed"));
    let next = json!({ "previous_response_id": response["id"] });
    let refused = wired.post(PATH, &asked(next)).await;
    assert_eq!((refused.status, refused.code().as_str()), (400, "wire-invalid"));
    let whole = wired.post(PATH, &asked(json!({}))).await;
    assert_eq!((whole.status, whole.code().as_str()), (502, "gateway-broken"));
}

#[tokio::test]
async fn what_is_held_back_or_refused_is_told() {
    let stage = Stage::new();
    const SCRIPT: &[Step] = &[Step::Say("Son numéro : 2 55 08 14 168 025 38."), Step::End];
    let (gateway, _) = staged(&stage, &[("afar", SCRIPT)]).await;
    change(&gateway, |plan| {
        plan.targets = vec![unknown("afar")];
        plan.settings.routes[0].grounded = false;
        plan.settings.hold_back = Some("personal".parse().unwrap());
    });
    let wired = Wired::start(&stage, gateway, Settings::default()).await;
    let told = events(&wired.post(PATH, &asked(json!({ "stream": true }))).await);
    let last = told.last().unwrap();
    assert_eq!(last["type"], "response.incomplete");
    assert_eq!(last["response"]["incomplete_details"]["reason"], "content_filter");
    for stream in [false, true] {
        let more = json!({ "input": "jeanne.dupont@exemple.fr", "stream": stream });
        let denied = wired.post(PATH, &asked(more)).await;
        assert_eq!((denied.status, denied.code().as_str()), (403, "policy-denied"));
    }
}

#[tokio::test]
async fn what_cannot_be_honoured_is_refused_by_name() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    let item = |item: Value| json!({ "input": [item] });
    let cases = [
        (json!({ "background": true }), "wire-unsupported", "background"),
        (
            json!({ "conversation": "conv_1" }),
            "wire-unsupported",
            "conversation",
        ),
        (json!({ "prompt": { "id": "p" } }), "wire-unsupported", "prompt"),
        (json!({ "truncation": "auto" }), "wire-unsupported", "truncation"),
        (
            json!({ "include": ["reasoning.encrypted_content"] }),
            "wire-unsupported",
            "include",
        ),
        (json!({ "top_logprobs": 3 }), "wire-unsupported", "top_logprobs"),
        (json!({ "models": ["a"] }), "wire-unsupported", "models"),
        (
            json!({ "reasoning": { "summary": "detailed" } }),
            "wire-unsupported",
            "reasoning.summary",
        ),
        (
            json!({ "text": { "format": { "type": "grammar" } } }),
            "wire-unsupported",
            "text.format.type",
        ),
        (
            json!({ "tools": [{ "type": "web_search" }] }),
            "wire-runs-elsewhere",
            "tools[0].type",
        ),
        (
            json!({ "tools": [{ "type": "code_interpreter" }] }),
            "wire-runs-elsewhere",
            "tools[0].type",
        ),
        (
            json!({ "tools": [{ "type": "computer_use_preview" }] }),
            "wire-runs-elsewhere",
            "tools[0].type",
        ),
        (
            json!({ "tools": [{ "type": "mcp" }] }),
            "wire-runs-elsewhere",
            "tools[0].type",
        ),
        (
            json!({ "tools": [{ "type": "custom", "name": "x" }] }),
            "wire-runs-elsewhere",
            "tools[0].type",
        ),
        (
            item(json!({ "type": "item_reference", "id": "msg_1" })),
            "wire-unsupported",
            "input[0].type",
        ),
        (
            item(json!({ "type": "reasoning", "summary": [], "encrypted_content": "x" })),
            "wire-unsupported",
            "input[0].encrypted_content",
        ),
        (
            item(json!({ "role": "user", "content": [{ "type": "input_file", "file_url": "https://x" }] })),
            "wire-unsupported",
            "input[0].content[0].file_url",
        ),
        (
            item(json!({ "role": "user", "content": [{ "type": "input_image", "file_id": "f" }] })),
            "wire-unsupported",
            "input[0].content[0].file_id",
        ),
        (json!({ "store": false }), "gateway-must-keep", ""),
        (
            json!({ "store": false, "trousseau": { "conversation": "c" } }),
            "wire-invalid",
            "store",
        ),
        (
            json!({ "previous_response_id": "chatcmpl-1" }),
            "wire-invalid",
            "previous_response_id",
        ),
    ];
    for (more, code, param) in cases {
        let reply = wired.post(PATH, &asked(more.clone())).await;
        assert!((400..404).contains(&reply.status), "{more}: {reply:?}");
        assert_eq!(reply.code(), code, "{more}");
        assert_eq!(
            reply.json()["error"]["param"].as_str().unwrap_or_default(),
            param,
            "{more}"
        );
    }
}

#[tokio::test]
async fn a_response_that_is_not_stored_is_forgotten() {
    let stage = Stage::new();
    let (gateway, _) = staged(&stage, &[("local", ANSWER)]).await;
    change(&gateway, |plan| plan.settings.incognito = true);
    let wired = Wired::start(&stage, gateway, Settings::default()).await;
    let response = wired.post(PATH, &asked(json!({ "store": false }))).await.json();
    assert_eq!(response["store"], false);
    let entry = response["trousseau"]["entry"].as_str().unwrap();
    assert_eq!(wired.get(&format!("/api/records/{entry}")).await.status, 404);
    let next = json!({ "previous_response_id": response["id"] });
    let reply = wired.post(PATH, &asked(next)).await;
    assert_eq!((reply.status, reply.code().as_str()), (404, "gateway-no-entry"));
}

#[tokio::test]
async fn file_search_is_the_search_of_a_grounded_route() {
    let stage = Stage::new();
    let (gateway, models) = staged(&stage, &[("local", ANSWER)]).await;
    let wired = Wired::start(&stage, gateway, Settings::default()).await;
    let store = wired
        .post("/v1/vector_stores", &json!({ "name": "vide" }))
        .await
        .json();
    let search = |id: &Value| json!({ "tools": [{ "type": "file_search", "vector_store_ids": [id] }] });
    // A store without documents is searched alone: there is nothing to cite.
    let reply = wired.post(PATH, &asked(search(&store["id"]))).await;
    assert_ne!(reply.status, 400, "{reply:?}");
    assert!(models[0].calls()[0].request.passages.is_empty());
    let other = wired.post(PATH, &asked(search(&json!("vs_none")))).await;
    assert_eq!((other.status, other.code().as_str()), (404, "files-no-store"));
    change(&wired.server.gateway, |plan| {
        plan.settings.routes[0].grounded = false;
    });
    let reply = wired.post(PATH, &asked(search(&store["id"]))).await;
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (400, "wire-runs-elsewhere")
    );
}

#[tokio::test]
async fn the_oldest_form_is_answered_too() {
    const PATH: &str = "/v1/completions";
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    let mut asked = json!({ "model": "documents", "prompt": ["Quand ouvre le guichet ?"] });
    let whole = wired.post(PATH, &asked).await.json();
    assert_eq!(
        (&whole["object"], &whole["choices"][0]["text"]),
        (&json!("text_completion"), &json!("À neuf heures [1]."))
    );
    assert_eq!(
        (&whole["usage"]["total_tokens"], &whole["trousseau"]["route"]),
        (&json!(5), &json!("documents"))
    );
    asked["stream"] = json!(true);
    let reply = wired.post(PATH, &asked).await;
    let events = reply.events();
    let last: Value = serde_json::from_str(events[events.len() - 2]).unwrap();
    assert_eq!(
        (events.last(), &last["choices"][0]["finish_reason"]),
        (Some(&"[DONE]"), &json!("stop"))
    );
    assert!(last["trousseau"]["entry"].is_string());
    for (field, value) in [
        ("prompt", json!([[1, 2]])),
        ("suffix", json!("x")),
        ("logprobs", json!(2)),
        ("echo", json!(true)),
    ] {
        let refused = wired
            .post(
                PATH,
                &json!({ "model": "documents", "prompt": "x", (field): value }),
            )
            .await;
        assert_eq!(
            (refused.status, &refused.json()["error"]["param"]),
            (400, &json!(field))
        );
    }
}
