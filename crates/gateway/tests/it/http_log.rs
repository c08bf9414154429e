//! What the log says of requests: enough to find them again, and nothing of what was asked or answered.

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};

use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::scripted::Step;
use crate::stage::Stage;
use crate::wired::scripted;

/// Keeps every event and span of this program, at every level, as text.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<String>>);

impl Visit for Kept {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0.lock().unwrap(), " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Kept {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("trousseau")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut self.clone());
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        writeln!(self.0.lock().unwrap()).unwrap();
        event.record(&mut self.clone());
    }

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

#[tokio::test]
async fn the_log_finds_a_request_again_and_tells_no_content() {
    let kept = Kept::default();
    let _guard = tracing::subscriber::set_default(kept.clone());
    let stage = Stage::new();
    let wired = scripted(&stage, &[Step::Say("réponsesecrète"), Step::Fail]).await;
    let asked = json!({
        "model": "documents",
        "stream": true,
        "messages": [{ "role": "user", "content": "questionsecrète" }],
    });
    let headers = ["x-request-id: find-me", "cookie: cookiesecret"];
    let reply = wired
        .call("POST", "/v1/chat/completions", &headers, &asked.to_string())
        .await;
    assert_eq!(reply.status, 200);
    wired.get("/v1/models/nomsecret?querysecret").await;
    let log = kept.0.lock().unwrap().clone();
    let line = log
        .lines()
        .find(|line| line.contains("message=request "))
        .unwrap();
    for part in [
        r#"request_id="find-me""#,
        r#"method="POST""#,
        r#"path="/v1/chat/completions""#,
        "status=200",
        "client=127.0.0.1",
    ] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
    assert!(log.contains(r#"code="gateway-broken""#), "{log}");
    for secret in ["secr", wired.key.as_str(), "guichet"] {
        assert!(!log.contains(secret), "{secret} is in {log}");
    }
}
