//! What each refusal of a server means, and that its words give nothing away.

use serde_json::json;
use trousseau_core::error::Explain as _;
use trousseau_core::model::ModelError;
use trousseau_upstream::secret::Secret;
use trousseau_upstream::{OpenAi, Server};

use crate::mock::{Mock, answer};
use crate::stage::{ask, client, failure, question, server, wording};

fn refusing(status: &str, headers: &str, body: &str) -> Mock {
    Mock::always(answer(status, "application/json", headers, body))
}

#[tokio::test]
async fn statuses_tell_what_to_do() {
    let body = json!({ "error": { "message": "Because.", "type": "x" } }).to_string();
    for (status, expected) in [
        ("400 Bad Request", "model-refused"),
        ("401 Unauthorized", "model-misconfigured"),
        ("402 Payment Required", "model-misconfigured"),
        ("403 Forbidden", "model-misconfigured"),
        ("404 Not Found", "model-misconfigured"),
        ("405 Method Not Allowed", "model-misconfigured"),
        ("408 Request Timeout", "model-unavailable"),
        ("413 Content Too Large", "model-refused"),
        ("422 Unprocessable Content", "model-refused"),
        ("429 Too Many Requests", "model-rate-limited"),
        ("500 Internal Server Error", "model-unavailable"),
        ("502 Bad Gateway", "model-unavailable"),
        ("503 Service Unavailable", "model-unavailable"),
        ("529 Overloaded", "model-unavailable"),
        ("699 Odd", "model-malformed"),
    ] {
        let mock = refusing(status, "", &body);
        let error = failure(&mock.url()).await;
        assert_eq!(error.code(), expected, "{status}");
        if matches!(
            expected,
            "model-refused" | "model-misconfigured" | "model-unavailable"
        ) {
            assert!(error.to_string().contains("Because."), "{error}");
        }
        assert_eq!(mock.asked().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_status_400_about_the_key_or_the_model_is_no_refusal_of_the_request() {
    for (kind, expected) in [
        ("no_db_connection", "model-misconfigured"),
        ("invalid_model", "model-misconfigured"),
        ("invalid_request_error", "model-refused"),
    ] {
        let body = json!({ "error": { "message": "Because.", "type": kind, "code": "400" } });
        let mock = refusing("400 Bad Request", "", &body.to_string());
        let error = failure(&mock.url()).await;
        assert_eq!(error.code(), expected, "{kind}");
        assert!(error.to_string().contains("Because."), "{error}");
        assert_eq!(error.fails_over(), expected == "model-misconfigured");
    }
}

#[tokio::test]
async fn a_model_that_is_being_loaded_is_told_from_a_server_that_is_down() {
    for (status, body, expected) in [
        (
            "503 Service Unavailable",
            r#"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#,
            "model-loading",
        ),
        (
            "503 Service Unavailable",
            r#"{"error":"Model m is currently loading","estimated_time":20.0}"#,
            "model-loading",
        ),
        (
            "503 Service Unavailable",
            r#"{"error":{"message":"overloaded"}}"#,
            "model-unavailable",
        ),
        (
            "500 Internal Server Error",
            r#"{"error":{"message":"Loading model failed"}}"#,
            "model-unavailable",
        ),
    ] {
        let mock = refusing(status, "", body);
        let error = failure(&mock.url()).await;
        assert_eq!(error.code(), expected, "{body}");
        assert!(error.fails_over());
    }
}

#[tokio::test]
async fn the_wait_of_a_rate_limit_is_read() {
    for (headers, expected) in [
        ("", None),
        ("Retry-After: 7\r\n", Some(7)),
        (
            "Date: Sat, 21 Nov 2026 10:00:00 GMT\r\nRetry-After: Sat, 21 Nov 2026 10:00:42 GMT\r\n",
            Some(42),
        ),
        ("Retry-After-Ms: 900\r\n", Some(1)),
    ] {
        let mock = refusing("429 Too Many Requests", headers, "{}");
        let error = failure(&mock.url()).await;
        let ModelError::RateLimited { retry_after, .. } = error else {
            panic!("{error:?}")
        };
        assert_eq!(retry_after, expected, "{headers}");
    }
}

#[tokio::test]
async fn a_redirect_carries_nothing_elsewhere() {
    let elsewhere = Mock::always(answer("200 OK", "application/json", "", "{}"));
    for status in [
        "301 Moved Permanently",
        "302 Found",
        "303 See Other",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let to = format!("Location: {}/chat/completions\r\n", elsewhere.url());
        let mock = refusing(status, &to, "");
        let error = failure(&mock.url()).await;
        assert!(matches!(error, ModelError::Misconfigured { .. }), "{error:?}");
        assert!(
            error.to_string().contains("redirects are not followed"),
            "{error}"
        );
        assert!(error.to_string().contains(&elsewhere.url()), "{error}");
    }
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn bodies_that_are_no_error_objects_are_put_on_one_line() {
    let html = "<html>\n<head><title>502\n Bad Gateway</title></head>\n</html>";
    let mock = Mock::always(answer("502 Bad Gateway", "text/html", "", html));
    assert!(
        failure(&mock.url())
            .await
            .to_string()
            .ends_with("502 Bad Gateway")
    );
    let mock = Mock::always(answer(
        "500 X",
        "text/plain",
        "",
        format!("a\r\nb\u{1b}[2J{}", "x".repeat(100_000)),
    ));
    let said = failure(&mock.url()).await.to_string();
    assert!(said.len() < 500 && !said.contains(['\n', '\u{1b}']), "{said}");
    let mock = refusing("500 X", "", "");
    assert!(failure(&mock.url()).await.to_string().contains("500"));
}

#[tokio::test]
async fn a_key_that_the_server_repeats_does_not_come_back() {
    const KEY: &str = "sk-proj-0123456789abcdef";
    for words in [
        format!("Incorrect API key provided: {KEY}."),
        format!("invalid header Authorization: Bearer {KEY}"),
        "Incorrect API key: sk-proj-****cdef and sk-proj-0123456".to_owned(),
    ] {
        for (status, headers) in [
            ("401 Unauthorized", String::new()),
            ("500 X", String::new()),
            ("302 Found", format!("Location: http://x/?key={KEY}\r\n")),
        ] {
            let body = json!({ "error": { "message": words } }).to_string();
            let mock = refusing(status, &headers, &body);
            let server = Server {
                secret: Some(Secret::value(KEY, "test").unwrap()),
                ..server(&mock.url())
            };
            let model = OpenAi::new(server, client(), wording()).unwrap();
            let error = ask(&model, question("Bonjour ?")).await.1.unwrap_err();
            let shown = format!("{error} {error:?} {:?}", error.fields());
            for window in KEY.as_bytes().windows(6) {
                let window = std::str::from_utf8(window).unwrap();
                assert!(!shown.contains(window), "{window} in {shown}");
            }
            assert_eq!(
                mock.asked()[0].header("authorization"),
                Some(format!("Bearer {KEY}").as_str())
            );
        }
    }
}

#[tokio::test]
async fn a_secret_header_that_the_server_repeats_does_not_come_back() {
    let mock = refusing(
        "500 X",
        "",
        r#"{"error":"tenant tk-987654321 is over its limit"}"#,
    );
    let mut server = server(&mock.url());
    let mut value: http::HeaderValue = "tk-987654321".parse().unwrap();
    value.set_sensitive(true);
    server.headers.insert("x-tenant-key", value);
    let model = OpenAi::new(server, client(), wording()).unwrap();
    let error = ask(&model, question("Bonjour ?")).await.1.unwrap_err();
    assert_eq!(
        error.to_string(),
        "vllm is not available: tenant [...] is over its limit"
    );
    assert_eq!(mock.asked()[0].header("x-tenant-key"), Some("tk-987654321"));
}

#[tokio::test]
async fn a_question_that_the_server_repeats_does_not_come_back() {
    let asked = "Mon numéro est le 1 85 05 78 006 084 36, ai-je droit au RSA ?";
    let body = json!({ "error": { "message": format!("cannot parse: {asked}") } }).to_string();
    let mock = refusing("400 Bad Request", "", &body);
    let model = OpenAi::new(server(&mock.url()), client(), wording()).unwrap();
    let error = ask(&model, question(asked)).await.1.unwrap_err();
    assert_eq!(error.to_string(), "vllm refused the request: cannot parse: [...]");
}

#[tokio::test]
async fn nobody_listens() {
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let error = failure(&format!("http://{closed}/v1")).await;
    assert!(matches!(error, ModelError::Unavailable { .. }), "{error:?}");
    assert!(!error.to_string().contains("/v1"), "{error}");
    let error = failure("http://no-such-host.invalid/v1").await;
    assert!(matches!(error, ModelError::Unavailable { .. }), "{error:?}");
}
