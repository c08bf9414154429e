//! Vectors and relevance from servers.

use std::sync::Arc;

use serde_json::{Value, json};
use trousseau_core::embedding::{Embedder, EmbeddingRequest, Side, Vectors};
use trousseau_core::model::ModelError;
use trousseau_core::permit::Purpose;
use trousseau_core::reranking::{Reranker as _, RerankingRequest};
use trousseau_testing::embedding::NgramEmbedder;
use trousseau_upstream::embedding::EmbedderOptions;
use trousseau_upstream::{HttpReranker, OpenAiEmbedder};

use crate::mock::{Mock, answer, json as answer_json, stream};
use crate::stage::{TARGET, client, permit, server};

/// A server whose vector of a text is its length and a one, given in reverse order.
fn measuring() -> Mock {
    Mock::start(|_, asked| {
        let asked = asked.json();
        let texts = asked["input"].as_array().unwrap();
        let data: Vec<Value> = texts
            .iter()
            .enumerate()
            .rev()
            .map(|(index, text)| json!({ "object": "embedding", "index": index, "embedding": [text.as_str().unwrap().len(), 1.0] }))
            .collect();
        answer_json(
            &json!({ "object": "list", "data": data, "usage": { "prompt_tokens": texts.len(), "total_tokens": texts.len() } }),
        )
    })
}

async fn embed(
    mock: &Mock,
    options: EmbedderOptions,
    side: Side,
    texts: &[&str],
) -> Result<Vectors, ModelError> {
    let embedder = OpenAiEmbedder::new(server(&mock.url()), client(), options).unwrap();
    let texts = texts.iter().map(|text| (*text).to_owned()).collect();
    let request = Arc::new(EmbeddingRequest {
        side,
        texts,
        dimensions: None,
    });
    let permit = permit(Purpose::Embedding, request.digest());
    embedder.embed(&permit, request).await
}

#[tokio::test]
async fn texts_become_vectors_in_their_order() {
    let mock = measuring();
    let options = EmbedderOptions {
        batch: 2,
        dimensions: Some(2),
        ..EmbedderOptions::default()
    };
    let vectors = embed(
        &mock,
        options,
        Side::Passage,
        &["a", "bb", "ccc", "dddd", "eeeee"],
    )
    .await
    .unwrap();
    assert_eq!(vectors.dimensions, 2);
    let firsts: Vec<f32> = vectors.iter().map(|vector| vector[0]).collect();
    assert_eq!(firsts, [1.0, 2.0, 3.0, 4.0, 5.0]);
    assert_eq!(vectors.usage.input, 5);
    let asked = mock.asked();
    assert_eq!(asked.len(), 3);
    assert_eq!(asked[0].line, "POST /v1/embeddings");
    assert_eq!(
        asked[0].json(),
        json!({ "model": "mistral-small", "input": ["a", "bb"], "dimensions": 2 })
    );
}

#[tokio::test]
async fn a_model_is_told_the_side() {
    let mock = measuring();
    let options = || EmbedderOptions {
        before_question: "query: ".to_owned(),
        before_passage: "passage: ".to_owned(),
        ..EmbedderOptions::default()
    };
    embed(&mock, options(), Side::Question, &["a"]).await.unwrap();
    embed(&mock, options(), Side::Passage, &["a"]).await.unwrap();
    let inputs: Vec<Value> = mock
        .asked()
        .iter()
        .map(|asked| asked.json()["input"][0].clone())
        .collect();
    assert_eq!(inputs, ["query: a", "passage: a"]);
    let none = embed(&mock, options(), Side::Passage, &[]).await.unwrap();
    assert_eq!((none.iter().len(), mock.asked().len()), (0, 2));
}

#[tokio::test]
async fn vectors_that_do_not_fit_are_refused() {
    let vector = |index: usize, numbers: &str| format!(r#"{{"index":{index},"embedding":{numbers}}}"#);
    for data in [
        vector(0, "[1,2]"),
        format!("{},{}", vector(0, "[1,2]"), vector(1, "[1]")),
        format!("{},{}", vector(0, "[1,2]"), vector(0, "[1,2]")),
        format!("{},{}", vector(0, "[1,2]"), vector(7, "[1,2]")),
        format!("{},{}", vector(0, "[]"), vector(1, "[]")),
        format!("{},{}", vector(0, "[1e999,0]"), vector(1, "[1,2]")),
        format!("{},{}", vector(0, "\"AAAA\""), vector(1, "\"AAAA\"")),
    ] {
        let body = format!(r#"{{"data":[{data}]}}"#);
        let mock = Mock::always(answer("200 OK", "application/json", "", body));
        let error = embed(&mock, EmbedderOptions::default(), Side::Passage, &["a", "b"])
            .await
            .unwrap_err();
        assert!(matches!(error, ModelError::Malformed { .. }), "{data}: {error:?}");
    }
    let mock = Mock::always(stream(&["non"]));
    let error = embed(&mock, EmbedderOptions::default(), Side::Passage, &["a"])
        .await
        .unwrap_err();
    assert!(matches!(error, ModelError::Malformed { .. }), "{error:?}");
}

#[tokio::test]
async fn two_calls_of_one_request_must_agree_on_the_length() {
    let mock = Mock::start(|number, _| {
        let numbers = vec![1.0; number + 1];
        answer_json(&json!({ "data": [{ "index": 0, "embedding": numbers }] }))
    });
    let options = EmbedderOptions {
        batch: 1,
        ..EmbedderOptions::default()
    };
    let error = embed(&mock, options, Side::Passage, &["a", "b"])
        .await
        .unwrap_err();
    assert!(matches!(error, ModelError::Malformed { .. }), "{error:?}");
}

async fn rerank(mock: &Mock, texts: &[&str]) -> Result<Vec<f32>, ModelError> {
    let reranker = HttpReranker::new(server(&mock.url()), client()).unwrap();
    let request = Arc::new(RerankingRequest {
        question: "Qui ?".to_owned(),
        texts: texts.iter().map(|text| (*text).to_owned()).collect(),
    });
    let permit = permit(Purpose::Reranking, request.digest());
    reranker.rerank(&permit, request).await
}

#[tokio::test]
async fn texts_are_weighed_in_their_order() {
    let mock = Mock::always(answer_json(&json!({ "results": [
        { "index": 1, "relevance_score": 0.9 }, { "index": 0, "relevance_score": -2.5 },
    ] })));
    assert_eq!(rerank(&mock, &["a", "b"]).await.unwrap(), [-2.5, 0.9]);
    let asked = &mock.asked()[0];
    assert_eq!(asked.line, "POST /v1/rerank");
    assert_eq!(
        (&asked.json()["query"], &asked.json()["documents"]),
        (&json!("Qui ?"), &json!(["a", "b"]))
    );
    assert_eq!(rerank(&mock, &[]).await.unwrap(), [0.0; 0]);
    assert_eq!(mock.asked().len(), 1);
    let error = rerank(&mock, &["a", "b", "c"]).await.unwrap_err();
    assert!(matches!(error, ModelError::Malformed { .. }), "{error:?}");
}

#[tokio::test]
async fn embedders_of_both_kinds_are_used_in_the_same_way() {
    let mock = measuring();
    let embedders: [Box<dyn Embedder>; 2] = [
        Box::new(OpenAiEmbedder::new(server(&mock.url()), client(), EmbedderOptions::default()).unwrap()),
        Box::new(NgramEmbedder::new(TARGET, 64)),
    ];
    for embedder in embedders {
        let texts = vec!["La cantine".to_owned(), "Le musée".to_owned()];
        let request = Arc::new(EmbeddingRequest {
            side: Side::Passage,
            texts,
            dimensions: None,
        });
        let granted = permit(Purpose::Embedding, request.digest());
        let vectors = embedder.embed(&granted, Arc::clone(&request)).await.unwrap();
        assert_eq!(vectors.iter().len(), 2, "{}", embedder.name());
        let wrong = permit(Purpose::Chat, request.digest());
        let refused = embedder.embed(&wrong, request).await;
        assert!(matches!(refused, Err(ModelError::NotPermitted { .. })));
    }
}

#[tokio::test]
async fn without_a_permit_no_text_leaves() {
    let mock = measuring();
    let request = Arc::new(EmbeddingRequest {
        side: Side::Question,
        texts: vec!["secret".to_owned()],
        dimensions: None,
    });
    let embedder = OpenAiEmbedder::new(server(&mock.url()), client(), EmbedderOptions::default()).unwrap();
    let other = Arc::new(EmbeddingRequest {
        side: Side::Passage,
        ..(*request).clone()
    });
    for permit in [
        permit(Purpose::Embedding, other.digest()),
        permit(Purpose::Chat, request.digest()),
    ] {
        let refused = embedder.embed(&permit, Arc::clone(&request)).await;
        assert!(matches!(refused, Err(ModelError::NotPermitted { .. })));
    }
    let reranker = HttpReranker::new(server(&mock.url()), client()).unwrap();
    let weighed = Arc::new(RerankingRequest {
        question: "a".to_owned(),
        texts: vec!["b".to_owned()],
    });
    let permit = permit(Purpose::Embedding, weighed.digest());
    assert!(matches!(
        reranker.rerank(&permit, weighed).await,
        Err(ModelError::NotPermitted { .. })
    ));
    assert!(mock.asked().is_empty());
}
