//! Parts of the tour of [`openapi`](crate::openapi): responses that were kept, withdrawals and drills.

use serde_json::json;

use crate::openapi::Tour;

pub(crate) async fn kept_responses(tour: &mut Tour) {
    let path = "/v1/responses/{response}";
    for (model, status, kept) in [("documents", 200, "completed"), ("outside", 403, "failed")] {
        let asked = json!({ "model": model, "input": "Quand ouvre le guichet ?", "instructions": "Court." });
        let told = tour.post("POST /v1/responses", &[], &asked, status).await;
        let entry = if status == 200 { &told } else { &told["error"] }["trousseau"]["entry"].clone();
        let id = format!("resp_{}", entry.as_str().unwrap().replace('/', "_"));
        let back = tour.get(&format!("GET {path}"), &[&id, "stream=false"]).await;
        assert_eq!(back["status"], kept, "{back}");
        tour.get(&format!("DELETE {path}"), &[&id]).await;
        for call in [format!("GET {path}"), format!("DELETE {path}")] {
            assert_eq!(tour.call(&call, &[&id], &[], "").await.status, 404);
        }
    }
    let count = "POST /v1/messages/count_tokens";
    let said = json!([{ "role": "user", "content": "Quand ?" }]);
    let told = tour
        .post(
            count,
            &[],
            &json!({ "model": "documents", "messages": said }),
            200,
        )
        .await;
    assert_eq!(told["input_tokens"], 3, "{told}");
    tour.post(count, &[], &json!({ "model": "nowhere", "messages": said }), 404)
        .await;
    tour.post(count, &[], &json!({ "model": "documents" }), 400).await;
}

pub(crate) async fn withdrawals(tour: &mut Tour) {
    let us = json!({ "what": "country", "name": "us", "until": "2999-12-31T00:00:00Z", "running": "finish" });
    let made = tour.post("POST /api/withdrawals", &[], &us, 201).await;
    tour.post(
        "POST /api/withdrawals",
        &[],
        &json!({ "what": "upstream", "name": "x" }),
        201,
    )
    .await;
    let listed = tour.get("GET /api/withdrawals", &[]).await;
    assert_eq!(listed["withdrawals"][0], made);
    let lift = "DELETE /api/withdrawals/{withdrawal}";
    let id = made["id"].as_str().unwrap();
    assert_eq!(tour.get(lift, &[id]).await, made);
    assert_eq!(tour.call(lift, &[id], &[], "").await.status, 404);
    let cut = json!([{ "what": "country", "name": "us" }, { "what": "provider", "name": "Acme" }]);
    tour.post("POST /api/drills", &[], &json!({ "cut": cut }), 200)
        .await;
    let since = json!({ "cut": cut, "since": "2026-11-01T00:00:00Z" });
    tour.post("POST /api/drills", &[], &since, 200).await;
    for wrong in [json!([]), json!([{ "what": "country", "name": "USA" }])] {
        tour.post("POST /api/drills", &[], &json!({ "cut": wrong }), 400)
            .await;
    }
    let nowhere = json!({ "what": "country", "name": "Utopia" });
    tour.post("POST /api/withdrawals", &[], &nowhere, 400).await;
}
