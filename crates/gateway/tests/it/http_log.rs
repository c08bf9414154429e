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

impl Kept {
    /// Keeps one line.
    fn keep(&self, line: Line) {
        writeln!(self.0.lock().unwrap(), "{}", line.0).unwrap();
    }
}

#[derive(Default)]
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Kept {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("trousseau")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut line = Line::default();
        span.record(&mut line);
        self.keep(line);
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, values: &Record<'_>) {
        let mut line = Line::default();
        values.record(&mut line);
        self.keep(line);
    }

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        self.keep(line);
    }

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

#[tokio::test]
async fn the_log_finds_a_request_again_and_tells_no_content() {
    let kept = Kept::default();
    // The log of every test of this process: one that is of one thread alone can miss what another thread said first.
    tracing::subscriber::set_global_default(kept.clone()).unwrap();
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
    let mut lines = log.lines().filter(|line| line.contains("message=request "));
    let line = lines.find(|line| line.contains("find-me")).unwrap();
    for part in [
        r#"method="POST""#,
        r#"path="/v1/chat/completions""#,
        "status=200",
        "client=127.0.0.1",
    ] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
    assert!(log.contains(r#"code="gateway-broken""#), "{log}");
    let said = [
        "réponsesecrète",
        "questionsecrète",
        "cookiesecret",
        "nomsecret",
        "querysecret",
    ];
    for secret in said.into_iter().chain([wired.key.as_str(), "À neuf heures"]) {
        let told = log.lines().find(|line| line.contains(secret));
        assert_eq!(told, None, "{secret}");
    }
}
