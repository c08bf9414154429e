//! `/v1/chat/completions` and `/v1/models` as OpenAI's clients see them.

use serde_json::Value;

use crate::scripted::Step;
use crate::stage::Stage;
use crate::wired::{question, scripted};

#[tokio::test]
async fn a_question_is_answered_with_its_proof() {
    let stage = Stage::new();
    let wired = scripted(&stage, &[Step::Say("À neuf heures [1]."), Step::Cite, Step::End]).await;
    let reply = wired.ask(&question(false)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let answer = reply.json();
    assert_eq!(answer["object"], "chat.completion");
    assert_eq!(answer["choices"][0]["message"]["content"], "À neuf heures [1].");
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    assert_eq!(
        answer["choices"][0]["message"]["annotations"][0]["filename"],
        "a.txt"
    );
    assert_eq!(answer["usage"]["total_tokens"], 5);
    let trousseau = &answer["trousseau"];
    assert_eq!(trousseau["decision"]["target"], "local");
    assert_eq!(
        (&trousseau["entry"], &trousseau["outcome"]),
        (&"main/1".into(), &"main/2".into())
    );
    assert_eq!(trousseau["label"]["class"], "internal");
    wired.end().await.close().await.unwrap();
}

#[tokio::test]
async fn a_stream_ends_with_its_proof_and_done() {
    let stage = Stage::new();
    let wired = scripted(
        &stage,
        &[
            Step::Say("À neuf "),
            Step::Say("heures [1]."),
            Step::Cite,
            Step::End,
        ],
    )
    .await;
    let reply = wired.ask(&question(true)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert!(reply.whole);
    assert_eq!(reply.header("x-accel-buffering"), Some("no"));
    let events = reply.events();
    let (done, chunks) = events.split_last().unwrap();
    assert_eq!(*done, "[DONE]");
    let chunks: Vec<Value> = chunks
        .iter()
        .map(|chunk| serde_json::from_str(chunk).unwrap())
        .collect();
    let text: String = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str())
        .collect();
    assert_eq!(text, "À neuf heures [1].");
    let last = chunks.last().unwrap();
    assert_eq!(last["choices"][0]["finish_reason"], "stop");
    assert_eq!(last["trousseau"]["entry"], "main/1");
    assert_eq!(last["choices"][0]["delta"]["annotations"][0]["filename"], "a.txt");
}

#[tokio::test]
async fn the_models_are_the_routes() {
    let stage = Stage::new();
    let wired = scripted(&stage, &[]).await;
    let models = wired.get("/v1/models").await.json();
    assert_eq!(
        (&models["object"], &models["data"][0]["id"]),
        (&"list".into(), &"documents".into())
    );
    let one = wired.get("/v1/models/documents").await;
    assert_eq!((one.status, &one.json()["object"]), (200, &"model".into()));
    let none = wired.get("/v1/models/gpt-4").await;
    assert_eq!((none.status, none.code().as_str()), (404, "model_not_found"));
}
