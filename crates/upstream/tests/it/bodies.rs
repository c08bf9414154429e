//! Answers as they should not be: what a server may send instead of one.

use std::time::Duration;

use serde_json::json;
use trousseau_core::model::ModelError;
use trousseau_upstream::OpenAi;
use trousseau_upstream::server::{Limits, Server, Timeouts};

use crate::mock::{DONE, Mock, Step, answer, chunk, event, finished, last_chunk, said, stream_head};
use crate::stage::{ask, client, failure, model, question, server, wording};

fn malformed(error: &ModelError, reason: &str) {
    match error {
        ModelError::Malformed { reason: found, .. } => assert!(found.contains(reason), "{found:?}"),
        other => panic!("{other:?}"),
    }
}

/// A model whose server may send little, and must be left soon.
fn small(url: &str) -> OpenAi {
    let limits = Limits {
        whole: 10_000,
        event: 1_000,
        stream: 50_000,
    };
    let timeouts = Timeouts {
        total: Duration::from_secs(20),
        ..Timeouts::default()
    };
    let server = Server {
        limits,
        timeouts,
        ..server(url)
    };
    OpenAi::new(server, client(), wording()).unwrap()
}

#[tokio::test]
async fn html_and_other_content_types() {
    let html = "<html><head><title>Sign in</title></head></html>";
    for (kind, reason) in [
        ("text/html; charset=utf-8", "text/html"),
        ("text/plain", "text/plain"),
        ("application/x-ndjson", "ndjson"),
    ] {
        let mock = Mock::always(answer("200 OK", kind, "", html));
        malformed(&failure(&mock.url()).await, reason);
    }
    let nothing = Mock::always(vec![Step::Send(
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}".to_vec(),
    )]);
    malformed(&failure(&nothing.url()).await, "none");
    let odd = Mock::always(answer("204 No Content", "application/json", "", ""));
    malformed(&failure(&odd.url()).await, "204");
    let packed = Mock::always(answer(
        "200 OK",
        "application/json",
        "Content-Encoding: gzip\r\n",
        "x",
    ));
    malformed(&failure(&packed.url()).await, "compressed");
}

#[tokio::test]
async fn half_a_json_and_other_json() {
    for body in [
        r#"{"choices":[{"mess"#,
        "",
        "[]",
        "null",
        r#"{"choices":[]}"#,
        r#"{"object":"list"}"#,
    ] {
        let mock = Mock::always(answer("200 OK", "application/json", "", body));
        malformed(&failure(&mock.url()).await, "");
    }
    let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(5000), "]".repeat(5000));
    let mock = Mock::always(answer("200 OK", "application/json", "", deep));
    malformed(&failure(&mock.url()).await, "nested more than 127 deep");
}

#[tokio::test]
async fn a_body_shorter_than_announced_is_cut() {
    let mock = Mock::always(vec![
        Step::Send(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"choices\":"
                .to_vec(),
        ),
        Step::Close,
    ]);
    assert!(matches!(failure(&mock.url()).await, ModelError::Cut { .. }));
}

#[tokio::test]
async fn no_http_at_all() {
    for bytes in [
        &b"SSH-2.0-OpenSSH_9.2\r\n"[..],
        b"\x15\x03\x01\x00\x02\x02\x16",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
    ] {
        let mock = Mock::always(vec![Step::Send(bytes.to_vec()), Step::Close]);
        let error = failure(&mock.url()).await;
        assert!(matches!(error, ModelError::Unavailable { .. }), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gigabyte_is_refused_when_it_is_announced() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1073741824\r\n\r\n";
    let mock = Mock::always(vec![Step::Send(head.into()), Step::Forever(vec![b' '; 65_536])]);
    malformed(&failure(&mock.url()).await, "1073741824 bytes announced");
    assert_eq!(tokio::task::block_in_place(|| mock.hung_up()), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_body_is_left() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    let Step::Send(blanks) = chunk(vec![b' '; 4_096]) else {
        unreachable!()
    };
    let mock = Mock::always(vec![Step::Send(head.into()), Step::Forever(blanks)]);
    let (_, end) = ask(&small(&mock.url()), question("Bonjour ?")).await;
    malformed(&end.unwrap_err(), "more than 10000 bytes");
    assert_eq!(tokio::task::block_in_place(|| mock.hung_up()), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_stream_is_left() {
    for bytes in [
        said("encore "),
        ": ping\n\n".to_owned(),
        "\n".repeat(100),
        "event: x\n".to_owned(),
    ] {
        let Step::Send(bytes) = chunk(bytes) else {
            unreachable!()
        };
        let mock = Mock::always(vec![stream_head(), Step::Forever(bytes)]);
        let (_, end) = ask(&small(&mock.url()), question("Bonjour ?")).await;
        malformed(&end.unwrap_err(), "more than 50000 bytes");
        assert_eq!(tokio::task::block_in_place(|| mock.hung_up()), Some(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_event_is_left() {
    for start in ["data: ", "x", "data: a\ndata: b\n"] {
        let Step::Send(bytes) = chunk("a".repeat(100)) else {
            unreachable!()
        };
        let mock = Mock::always(vec![stream_head(), chunk(start), Step::Forever(bytes)]);
        let (_, end) = ask(&small(&mock.url()), question("Bonjour ?")).await;
        malformed(&end.unwrap_err(), "longer than 1000 bytes");
        assert_eq!(tokio::task::block_in_place(|| mock.hung_up()), Some(0));
    }
}

#[tokio::test]
async fn endless_headers_are_left() {
    let mock = Mock::always(vec![
        Step::Send(b"HTTP/1.1 200 OK\r\n".to_vec()),
        Step::Forever(b"X-A: bbbbbbbbbbbbbbbbbbbbbbbb\r\n".to_vec()),
    ]);
    let error = failure(&mock.url()).await;
    assert!(matches!(error, ModelError::Unavailable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_stream_may_be_split_anywhere_and_end_its_lines_as_it_likes() {
    for ends in ["\n", "\r\n", "\r"] {
        let text =
            format!(": bonjour{ends}{ends}{}{}{}", said("Été 🌞"), finished(), DONE).replace('\n', ends);
        let mut steps = vec![stream_head()];
        steps.extend(text.as_bytes().iter().map(|byte| chunk([*byte])));
        steps.push(last_chunk());
        let mock = Mock::always(steps);
        let (answer, end) = ask(&model(&mock.url()), question("Bonjour ?")).await;
        assert_eq!((answer.text.as_str(), end), ("Été 🌞", Ok(())), "{ends:?}");
    }
}

#[tokio::test]
async fn a_character_may_arrive_in_two_packets() {
    let text = format!("{}{}{}", said("Été"), finished(), DONE).into_bytes();
    let within = text.iter().position(|byte| *byte == 0xc3).unwrap() + 1;
    let (first, second) = text.split_at(within);
    let pause = Step::Wait(Duration::from_millis(50));
    let mock = Mock::always(vec![
        stream_head(),
        chunk(first),
        pause,
        chunk(second),
        last_chunk(),
    ]);
    assert_eq!(
        ask(&model(&mock.url()), question("Bonjour ?")).await.0.text,
        "Été"
    );
}

#[tokio::test]
async fn invalid_utf8_does_not_get_through() {
    let mut bad = br#"data: {"choices":[{"index":0,"delta":{"content":"a"#.to_vec();
    bad.extend_from_slice(b"\xff\xfe\"}}]}\n\n");
    let mock = Mock::always(vec![
        stream_head(),
        chunk(bad),
        chunk(finished()),
        chunk(DONE),
        last_chunk(),
    ]);
    let (answer, end) = ask(&model(&mock.url()), question("Bonjour ?")).await;
    assert_eq!((answer.text.as_str(), end), ("a\u{fffd}\u{fffd}", Ok(())));
    let mock = Mock::always(answer_in_latin_1());
    malformed(&failure(&mock.url()).await, "");
}

fn answer_in_latin_1() -> Vec<Step> {
    answer(
        "200 OK",
        "application/json",
        "",
        b"{\"choices\":[{\"message\":{\"content\":\"\xe9t\xe9\"},\"finish_reason\":\"stop\"}]}",
    )
}

#[tokio::test]
async fn a_stream_that_breaks_is_cut_and_never_ends_silently() {
    let breaks: [(&str, Vec<Step>); 5] = [
        (
            "closed",
            vec![stream_head(), chunk(said("Il était")), Step::Close],
        ),
        (
            "ended",
            vec![stream_head(), chunk(said("Il était")), last_chunk()],
        ),
        (
            "within an event",
            vec![
                stream_head(),
                chunk(said("Il était")),
                chunk("data: {\"choi"),
                last_chunk(),
            ],
        ),
        (
            "within a chunk",
            vec![
                stream_head(),
                chunk(said("Il était")),
                Step::Send(b"ff\r\ndata: ".to_vec()),
                Step::Close,
            ],
        ),
        (
            "after a half",
            vec![
                stream_head(),
                chunk(said("Il était")),
                chunk(finished().trim_end()),
                last_chunk(),
            ],
        ),
    ];
    for (how, script) in breaks {
        let mock = Mock::always(script);
        let (answer, end) = ask(&model(&mock.url()), question("Racontez.")).await;
        assert_eq!(answer.text, "Il était", "{how}");
        assert!(matches!(end, Err(ModelError::Cut { .. })), "{how}: {end:?}");
    }
    let mock = Mock::always(vec![stream_head(), last_chunk()]);
    assert!(matches!(failure(&mock.url()).await, ModelError::Cut { .. }));
    // Dropped in favour of another request, as the server of llama-cpp-python does.
    let script = vec![stream_head(), chunk(said("Il était")), chunk(DONE), last_chunk()];
    let mock = Mock::always(script);
    let (answer, end) = ask(&model(&mock.url()), question("Racontez.")).await;
    assert_eq!((answer.text.as_str(), &answer.end), ("Il était", &None));
    malformed(&end.unwrap_err(), "without a finish reason");
    let mock = Mock::always(vec![stream_head(), chunk(DONE), last_chunk()]);
    malformed(&failure(&mock.url()).await, "before its answer began");
}

#[tokio::test]
async fn an_error_in_a_stream_is_an_error() {
    let error = |code: serde_json::Value| {
        event(&json!({ "error": { "message": "Out of memory", "type": "x", "code": code } }))
    };
    for (code, expected) in [
        (json!(500), "unavailable"),
        (json!(null), "unavailable"),
        (json!(400), "refused"),
        (json!("429"), "limited"),
        (json!(404), "misconfigured"),
    ] {
        let mock = Mock::always(vec![
            stream_head(),
            chunk(said("Il était")),
            chunk(error(code.clone())),
            chunk(DONE),
            last_chunk(),
        ]);
        let (answer, end) = ask(&model(&mock.url()), question("Racontez.")).await;
        assert_eq!(answer.text, "Il était");
        let found = match end.unwrap_err() {
            ModelError::Unavailable { reason, .. } if reason == "Out of memory" => "unavailable",
            ModelError::Refused { status: 400, .. } => "refused",
            ModelError::RateLimited {
                retry_after: None, ..
            } => "limited",
            ModelError::Misconfigured { status: 404, .. } => "misconfigured",
            other => panic!("{other:?}"),
        };
        assert_eq!(found, expected, "{code}");
    }
    let mock = Mock::always(answer(
        "200 OK",
        "application/json",
        "",
        r#"{"error":{"message":"no such model","code":404}}"#,
    ));
    assert!(matches!(
        failure(&mock.url()).await,
        ModelError::Misconfigured { status: 404, .. }
    ));
}
