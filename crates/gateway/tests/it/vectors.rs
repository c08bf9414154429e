//! `/v1/embeddings` and `/v1/rerank`: decided, recorded and sent like a question, and nothing of it without a permit.

use std::sync::{Arc, Mutex};

use futures_util::future::{BoxFuture, FutureExt as _};
use serde_json::{Value, json};
use trousseau_core::chat::Usage;
use trousseau_core::embedding::{Embedder, EmbeddingRequest, Side, Vectors};
use trousseau_core::model::ModelError;
use trousseau_core::permit::{Permit, Purpose};
use trousseau_core::principal::{Role, Tenant};
use trousseau_core::reranking::{Reranker, RerankingRequest};
use trousseau_gateway::service::Gateway;
use trousseau_http::Settings;

use crate::scripted::Step;
use crate::stage::{Stage, change, own, route, unknown};
use crate::wired::{Wired, new_key, staged};

const ANSWER: &[Step] = &[Step::Say("Oui."), Step::End];
const EMBEDDINGS: &str = "/v1/embeddings";
const RERANK: &str = "/v1/rerank";

/// How a target of a name fails.
type Failure = fn(String) -> ModelError;

/// A model that measures: as vectors the lengths of texts, as relevance how many words they share with the question.
pub(crate) struct Measures {
    target: String,
    failure: Option<Failure>,
    folder: std::path::PathBuf,
    /// What was asked, and the ledger as it was then.
    calls: Mutex<Vec<(Vec<String>, Vec<Value>)>>,
    sides: Mutex<Vec<(Side, Option<u32>)>>,
}

impl Measures {
    fn new(stage: &Stage, target: &str, failure: Option<Failure>) -> Arc<Self> {
        Arc::new(Self {
            target: target.to_owned(),
            failure,
            folder: stage.data(),
            calls: Mutex::default(),
            sides: Mutex::default(),
        })
    }

    pub(crate) fn calls(&self) -> Vec<(Vec<String>, Vec<Value>)> {
        self.calls.lock().unwrap().clone()
    }

    fn note(&self, texts: Vec<String>) -> Result<(), ModelError> {
        let ledger = crate::stage::entries(&self.folder, &Tenant::default());
        self.calls.lock().unwrap().push((texts, ledger));
        self.failure
            .map_or(Ok(()), |failure| Err(failure(self.target.clone())))
    }
}

impl Embedder for Measures {
    fn name(&self) -> &str {
        "lengths/1"
    }

    fn embed<'a>(
        &'a self,
        permit: &'a Permit,
        request: Arc<EmbeddingRequest>,
    ) -> BoxFuture<'a, Result<Vectors, ModelError>> {
        async move {
            request.check_permit(permit, &self.target)?;
            self.note(request.texts.clone())?;
            self.sides
                .lock()
                .unwrap()
                .push((request.side, request.dimensions));
            let mut vectors = Vectors {
                usage: Usage {
                    input: 7,
                    ..Usage::default()
                },
                ..Vectors::default()
            };
            for text in &request.texts {
                vectors.push(&[text.len() as f32, 0.5]).unwrap();
            }
            Ok(vectors)
        }
        .boxed()
    }
}

impl Reranker for Measures {
    fn name(&self) -> &str {
        "words/1"
    }

    fn rerank<'a>(
        &'a self,
        permit: &'a Permit,
        request: Arc<RerankingRequest>,
    ) -> BoxFuture<'a, Result<Vec<f32>, ModelError>> {
        async move {
            request.check_permit(permit, &self.target)?;
            self.note(request.texts.clone())?;
            let shared = |text: &String| {
                let words = text.split(' ').filter(|word| request.question.contains(word));
                words.count() as f32
            };
            Ok(request.texts.iter().map(shared).collect())
        }
        .boxed()
    }
}

/// A server whose first route goes to these targets: a scripted one that chats, then those that measure.
async fn measuring(stage: &Stage, measures: &[(&str, Option<Failure>)]) -> (Wired, Vec<Arc<Measures>>) {
    let (gateway, _) = staged(stage, &[("local", ANSWER)]).await;
    change(&gateway, |plan| {
        plan.targets[0].serves = vec![Purpose::Chat];
        plan.settings.routes.clear();
    });
    let models = measures
        .iter()
        .map(|(name, failure)| add_measure(stage, &gateway, name, *failure));
    let models: Vec<_> = models.collect();
    let names = measures.iter().map(|(name, _)| *name);
    add_route(
        &gateway,
        "documents",
        &["local"].into_iter().chain(names).collect::<Vec<_>>(),
    );
    (Wired::start(stage, gateway, Settings::default()).await, models)
}

/// Puts a target that measures, and nothing else, into the plan.
pub(crate) fn add_measure(
    stage: &Stage,
    gateway: &Gateway,
    name: &str,
    failure: Option<Failure>,
) -> Arc<Measures> {
    let model = Measures::new(stage, name, failure);
    change(gateway, |plan| {
        let mut target = own(name);
        target.serves = vec![Purpose::Embedding, Purpose::Reranking];
        plan.targets.push(target);
        plan.embedders
            .insert(name.to_owned(), Arc::clone(&model) as Arc<dyn Embedder>);
        plan.rerankers
            .insert(name.to_owned(), Arc::clone(&model) as Arc<dyn Reranker>);
    });
    model
}

/// Adds a route without documents.
pub(crate) fn add_route(gateway: &Gateway, name: &str, targets: &[&str]) {
    change(gateway, |plan| {
        let mut route = route(name, targets);
        route.grounded = false;
        plan.settings.routes.push(route);
    });
}

fn texts(more: Value) -> Value {
    let mut asked = json!({ "model": "documents", "input": ["un", "quatre"] });
    for (name, value) in more.as_object().unwrap() {
        asked[name] = value.clone();
    }
    asked
}

fn weighed(more: Value) -> Value {
    let mut asked = json!({ "model": "documents", "query": "le guichet ouvre", "documents": ["la mer", "le guichet", { "text": "le sel" }] });
    for (name, value) in more.as_object().unwrap() {
        asked[name] = value.clone();
    }
    asked
}

#[tokio::test]
async fn texts_become_vectors_with_their_proof() {
    let stage = Stage::new();
    let (wired, models) = measuring(&stage, &[("vecteurs", None)]).await;
    let reply = wired
        .post(
            EMBEDDINGS,
            &texts(json!({ "input_type": "query", "dimensions": 2 })),
        )
        .await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let list = reply.json();
    assert_eq!(
        list["data"][1],
        json!({ "object": "embedding", "index": 1, "embedding": [6.0, 0.5] })
    );
    assert_eq!(list["usage"], json!({ "prompt_tokens": 7, "total_tokens": 7 }));
    let trousseau = &list["trousseau"];
    assert_eq!(trousseau["decision"]["target"], "vecteurs");
    let refused = &trousseau["decision"]["rejected"][0];
    assert_eq!(
        (&refused["target"], &refused["reasons"][0]["code"]),
        (&json!("local"), &json!("does-not-serve"))
    );
    // The decision stood in the ledger before the texts were sent, without a word of them.
    let (sent, ledger) = models[0].calls().remove(0);
    assert_eq!(sent, ["un", "quatre"]);
    let decision = ledger.last().unwrap();
    assert_eq!(
        (&decision["type"], &decision["purpose"]),
        (&json!("decision"), &json!("embedding"))
    );
    assert!(
        !stage
            .entries(&Tenant::default())
            .iter()
            .any(|entry| entry.to_string().contains("quatre"))
    );
    assert_eq!(*models[0].sides.lock().unwrap(), [(Side::Question, Some(2))]);
    // What was asked is kept, and how many vectors came.
    let entry = trousseau["entry"].as_str().unwrap();
    let record = wired.get(&format!("/api/records/{entry}")).await.json();
    assert_eq!(record["answer"], "{\"vectors\":2,\"dimensions\":2}");
    assert_eq!(
        (&record["messages"][0]["content"], &record["question"]),
        (&json!("un"), &json!("quatre"))
    );
    let usage = wired.get("/api/usage?by=target").await.json();
    assert_eq!(
        (&usage["items"][0]["key"], &usage["items"][0]["prompt_tokens"]),
        (&json!("vecteurs"), &json!(7)),
        "{usage}"
    );
    let metrics = wired.get("/metrics").await.body;
    assert!(
        metrics.contains("target=\"vecteurs\",direction=\"input\"} 7"),
        "{metrics}"
    );

    let bytes = wired
        .post(
            EMBEDDINGS,
            &texts(json!({ "input": "un", "encoding_format": "base64" })),
        )
        .await
        .json();
    assert_eq!(bytes["data"][0]["embedding"], "AAAAQAAAAD8=");
}

#[tokio::test]
async fn texts_are_ranked_with_their_proof() {
    let stage = Stage::new();
    let (wired, models) = measuring(&stage, &[("rang", None)]).await;
    let reply = wired
        .post(RERANK, &weighed(json!({ "top_n": 2, "return_documents": true })))
        .await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let ranked = reply.json();
    assert_eq!(
        ranked["results"],
        json!([
            { "index": 1, "relevance_score": 2.0, "document": { "text": "le guichet" } },
            { "index": 2, "relevance_score": 1.0, "document": { "text": "le sel" } },
        ])
    );
    let (_, ledger) = models[0].calls().remove(0);
    assert_eq!(ledger.last().unwrap()["purpose"], "reranking");
    let entry = ranked["trousseau"]["entry"].as_str().unwrap();
    let record = wired.get(&format!("/api/records/{entry}")).await.json();
    assert_eq!(
        (&record["question"], &record["answer"]),
        (
            &json!("le guichet ouvre"),
            &json!("{\"relevances\":[0.0,2.0,1.0]}")
        )
    );
}

#[tokio::test]
async fn a_target_that_fails_is_followed_by_the_next() {
    let down = |target| ModelError::Unavailable {
        target,
        reason: "down".to_owned(),
    };
    let wrong = |target| ModelError::Refused {
        target,
        status: 400,
        reason: "too long".to_owned(),
    };
    let stage = Stage::new();
    let (wired, models) = measuring(&stage, &[("un", Some(down)), ("deux", None)]).await;
    let list = wired.post(EMBEDDINGS, &texts(json!({}))).await.json();
    assert_eq!(list["trousseau"]["decision"]["target"], "deux", "{list}");
    assert_eq!(models[0].calls().len(), 1);
    let outcome = stage.entries(&Tenant::default()).pop().unwrap();
    assert_eq!(
        outcome["attempts"],
        json!([{ "target": "un", "error": "model-unavailable" }])
    );

    for (failure, status, code, state) in [
        (down as Failure, 503, "gateway-exhausted", "failed"),
        (wrong, 400, "gateway-declined", "failed"),
    ] {
        let stage = Stage::new();
        let (wired, _) = measuring(&stage, &[("un", Some(failure))]).await;
        for (path, asked) in [(EMBEDDINGS, texts(json!({}))), (RERANK, weighed(json!({})))] {
            let reply = wired.post(path, &asked).await;
            assert_eq!((reply.status, reply.code().as_str()), (status, code), "{path}");
            assert_eq!(stage.entries(&Tenant::default()).pop().unwrap()["state"], state);
        }
    }
}

#[tokio::test]
async fn only_targets_that_are_made_for_it_are_asked() {
    let stage = Stage::new();
    let (wired, models) = measuring(&stage, &[("vecteurs", None)]).await;
    change(&wired.server.gateway, |plan| {
        plan.settings.routes = vec![
            route("documents", &["local"]),
            route("tous", &["vecteurs", "local"]),
        ];
        plan.settings
            .routes
            .iter_mut()
            .for_each(|route| route.grounded = false);
    });
    for (path, asked) in [(EMBEDDINGS, texts(json!({}))), (RERANK, weighed(json!({})))] {
        let reply = wired.post(path, &asked).await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (403, "policy-denied"),
            "{path}"
        );
        let reasons = &reply.json()["error"]["trousseau"]["rejected"][0]["reasons"];
        assert_eq!(
            (&reasons[0]["code"], &reasons[1]),
            (&json!("does-not-serve"), &Value::Null)
        );
    }
    // Nor does a model of vectors answer a question.
    let chat = json!({ "model": "tous", "messages": [{ "role": "user", "content": "Oui ?" }] });
    let answer = wired.ask(&chat).await.json();
    assert_eq!(answer["trousseau"]["decision"]["permitted"], json!(["local"]));
    assert_eq!(
        answer["trousseau"]["decision"]["rejected"][0]["target"],
        "vecteurs"
    );
    assert!(models[0].calls().is_empty());
}

#[tokio::test]
async fn nothing_personal_is_measured_afar() {
    let stage = Stage::new();
    let (wired, models) = measuring(&stage, &[("vecteurs", None)]).await;
    change(&wired.server.gateway, |plan| {
        let serves = plan.targets[1].serves.clone();
        plan.targets[1] = unknown("vecteurs");
        plan.targets[1].serves = serves;
    });
    for text in [
        "1 85 05 78 006 084 91",
        "1\u{a0}85\u{202f}05\u{a0}78\u{a0}006\u{a0}084\u{a0}91",
        "１８５０５７８００６０８４９１",
    ] {
        for (path, asked) in [
            (EMBEDDINGS, texts(json!({ "input": text }))),
            (EMBEDDINGS, texts(json!({ "input": ["un", text] }))),
            (RERANK, weighed(json!({ "query": text }))),
            (RERANK, weighed(json!({ "documents": ["un", text] }))),
            (RERANK, weighed(json!({ "documents": [{ "text": text }] }))),
        ] {
            let reply = wired.post(path, &asked).await;
            assert_eq!(
                (reply.status, reply.code().as_str()),
                (403, "policy-denied"),
                "{asked}"
            );
            let told = &reply.json()["error"]["trousseau"];
            assert_eq!(
                (&told["label"]["class"], &told["label"]["tags"][0]),
                (&json!("personal"), &json!("nir"))
            );
        }
    }
    assert!(models[0].calls().is_empty());
    assert_eq!(wired.post(EMBEDDINGS, &texts(json!({}))).await.status, 200);
    assert_eq!(wired.post(RERANK, &weighed(json!({}))).await.status, 200);
    // The header and the request raise as well.
    let stated = wired
        .post(
            EMBEDDINGS,
            &texts(json!({ "trousseau": { "label": "personal" } })),
        )
        .await;
    assert_eq!(stated.status, 403);
    let headers = ["content-type: application/json", "x-trousseau-label: personal"];
    let stated = wired
        .call("POST", RERANK, &headers, &weighed(json!({})).to_string())
        .await;
    assert_eq!(stated.status, 403);
}

#[tokio::test]
async fn what_cannot_be_measured_is_refused_by_name() {
    let stage = Stage::new();
    let (wired, models) = measuring(&stage, &[("vecteurs", None)]).await;
    for (path, asked, code, param) in [
        (
            EMBEDDINGS,
            texts(json!({ "input": [1, 2, 3] })),
            "wire-invalid",
            "input[0]",
        ),
        (
            EMBEDDINGS,
            texts(json!({ "input": [[1, 2], [3]] })),
            "wire-invalid",
            "input[0]",
        ),
        (EMBEDDINGS, texts(json!({ "input": 7 })), "wire-invalid", "input"),
        (
            EMBEDDINGS,
            texts(json!({ "input": ["a", ""] })),
            "wire-missing",
            "input[1]",
        ),
        (EMBEDDINGS, texts(json!({ "input": [] })), "wire-missing", "input"),
        (
            EMBEDDINGS,
            texts(json!({ "encoding_format": "int8" })),
            "wire-unsupported",
            "encoding_format",
        ),
        (
            EMBEDDINGS,
            texts(json!({ "api_base": "https://x" })),
            "wire-unsupported",
            "api_base",
        ),
        (
            EMBEDDINGS,
            texts(json!({ "input_type": "clustering" })),
            "wire-unsupported",
            "input_type",
        ),
        (
            EMBEDDINGS,
            texts(json!({ "trousseau": { "collections": [] } })),
            "wire-unsupported",
            "trousseau.collections",
        ),
        (
            EMBEDDINGS,
            texts(json!({ "trousseau": { "keep": false } })),
            "gateway-must-keep",
            "",
        ),
        (
            RERANK,
            weighed(json!({ "documents": [] })),
            "wire-missing",
            "documents",
        ),
        (RERANK, weighed(json!({ "query": " " })), "wire-missing", "query"),
        (
            RERANK,
            weighed(json!({ "documents": [{ "text": "a", "image": "b" }] })),
            "wire-unsupported",
            "documents[0].image",
        ),
        (
            RERANK,
            weighed(json!({ "rank_fields": ["a"] })),
            "wire-unsupported",
            "rank_fields",
        ),
    ] {
        let reply = wired.post(path, &asked).await;
        assert_eq!(reply.code(), code, "{asked}");
        assert_eq!(
            reply.json()["error"]["param"].as_str().unwrap_or_default(),
            param,
            "{asked}"
        );
    }
    assert!(models[0].calls().is_empty());
    let key = new_key(&wired.server, Role::User, |grants| {
        grants.routes = Some(["autre".to_owned()].into());
    })
    .await;
    let reply = wired.post_as(&key, EMBEDDINGS, &texts(json!({}))).await;
    assert_eq!((reply.status, reply.code().as_str()), (404, "model_not_found"));
}
