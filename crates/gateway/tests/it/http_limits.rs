//! What clients that are slow, silent, greedy or many cost: no more than the limits say.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use trousseau_core::principal::Tenant;
use trousseau_http::Settings;

use crate::scripted::Step;
use crate::stage::Stage;
use crate::wired::{Reply, Wired, question, request, staged, until};

/// A piece of an answer that does not fit into many buffers.
const MUCH: &str = match str::from_utf8(&[b'a'; 64 << 10]) {
    Ok(text) => text,
    Err(_) => "",
};

const ANSWER: &[Step] = &[Step::Say("À neuf heures."), Step::End];

/// A server with these settings over one target with this script.
async fn limited(stage: &Stage, script: &[Step], change: impl FnOnce(&mut Settings)) -> Wired {
    let (gateway, _) = staged(stage, &[("local", script)]).await;
    let mut settings = Settings::default();
    change(&mut settings);
    Wired::start(stage, gateway, settings).await
}

/// Whether the server closes this connection soon.
async fn is_closed(socket: &mut TcpStream) -> bool {
    let mut buffer = [0; 1024];
    let closed = async {
        while let Ok(read) = socket.read(&mut buffer).await {
            if read == 0 {
                break;
            }
        }
    };
    timeout(Duration::from_secs(10), closed).await.is_ok()
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_before_it_is_read() {
    let stage = Stage::new();
    let wired = limited(&stage, ANSWER, |settings| settings.limits.body_bytes = 1000).await;
    let key = format!("authorization: Bearer {}", wired.key);
    let mut socket = wired.connect().await;
    let head =
        format!("POST /v1/chat/completions HTTP/1.1\r\nhost: t\r\n{key}\r\ncontent-length: 5000000\r\n\r\n");
    socket.write_all(head.as_bytes()).await.unwrap();
    // The client goes on sending and still reads why it was refused.
    let (mut reading, mut writing) = socket.split();
    let body = vec![b' '; 5_000_000];
    let (_sent, reply) = tokio::join!(writing.write_all(&body), Reply::read(&mut reading));
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (413, "http-body-too-large")
    );

    let chunk = format!("320\r\n{}\r\n", " ".repeat(0x320));
    let chunked = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: t\r\nconnection: close\r\n{key}\r\ntransfer-encoding: chunked\r\n\r\n{chunk}{chunk}0\r\n\r\n"
    );
    let reply = wired.send(chunked).await;
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (413, "http-body-too-large")
    );

    let small = question(false).to_string();
    let chunked = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: t\r\nconnection: close\r\n{key}\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{}\r\n{:x}\r\n{}\r\n0\r\n\r\n",
        &small[..5],
        small.len() - 5,
        &small[5..],
    );
    assert_eq!(wired.send(chunked).await.status, 200);
}

#[tokio::test]
async fn a_slow_body_is_refused() {
    let stage = Stage::new();
    let wired = limited(&stage, ANSWER, |settings| {
        settings.limits.body = Duration::from_millis(100);
    })
    .await;
    let key = format!("authorization: Bearer {}", wired.key);
    let mut socket = wired.connect().await;
    let head =
        format!("POST /v1/chat/completions HTTP/1.1\r\nhost: t\r\n{key}\r\ncontent-length: 100\r\n\r\n{{");
    socket.write_all(head.as_bytes()).await.unwrap();
    let reply = Reply::read(&mut socket).await;
    assert_eq!((reply.status, reply.code().as_str()), (408, "http-body-slow"));
}

#[tokio::test]
async fn a_body_that_breaks_off_costs_nothing() {
    let stage = Stage::new();
    let wired = limited(&stage, ANSWER, |settings| settings.limits.requests = 1).await;
    let key = format!("authorization: Bearer {}", wired.key);
    for _ in 0..3 {
        let mut socket = wired.connect().await;
        let head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: t\r\n{key}\r\ncontent-length: 100\r\n\r\n{{"
        );
        socket.write_all(head.as_bytes()).await.unwrap();
        drop(socket);
    }
    until(async || wired.ask(&question(false)).await.status == 200).await;
}

#[tokio::test]
async fn a_slow_head_and_a_silent_client_are_closed() {
    let stage = Stage::new();
    let wired = limited(&stage, ANSWER, |settings| {
        settings.limits.head = Duration::from_millis(100);
        settings.limits.idle = Duration::from_millis(300);
    })
    .await;
    let mut silent = wired.connect().await;
    assert!(is_closed(&mut silent).await);

    // A byte now and then does not put the end off.
    let mut slow = wired.connect().await;
    let began = Instant::now();
    while slow.write_all(b"G").await.is_ok() {
        sleep(Duration::from_millis(20)).await;
        assert!(began.elapsed() < Duration::from_secs(10), "still open");
    }

    let mut waiting = wired.connect().await;
    waiting
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: t\r\n\r\n")
        .await
        .unwrap();
    let reply = Reply::read(&mut waiting).await;
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let stage = Stage::new();
    let wired = limited(&stage, ANSWER, |settings| {
        settings.limits.head = Duration::from_millis(100);
    })
    .await;
    let mut socket = wired.connect().await;
    let mut buffer = [0; 4096];
    for pause in [0, 250, 0] {
        // A pause between two requests may be longer than a head may take.
        sleep(Duration::from_millis(pause)).await;
        socket
            .write_all(b"GET /healthz HTTP/1.1\r\nhost: t\r\n\r\n")
            .await
            .unwrap();
        let read = socket.read(&mut buffer).await.unwrap();
        assert!(buffer[..read].starts_with(b"HTTP/1.1 200"), "after {pause} ms");
    }
}

#[tokio::test]
async fn a_client_that_never_reads_is_given_up() {
    let stage = Stage::new();
    let wired = limited(&stage, &[Step::Say(MUCH); 2000], |settings| {
        settings.limits.write = Duration::from_millis(200);
        settings.limits.requests = 1;
    })
    .await;
    let unread = wired.open_stream().await;
    until(async || {
        let entries = stage.entries(&Tenant::default());
        entries.iter().any(|entry| entry["state"] == "cancelled")
    })
    .await;
    // Its place is free again.
    until(async || wired.get("/v1/models").await.status == 200).await;
    drop(unread);
}

#[tokio::test]
async fn a_client_that_reads_now_and_then_is_given_up() {
    let stage = Stage::new();
    let wired = limited(&stage, &[Step::Say(MUCH); 2000], |settings| {
        settings.limits.write = Duration::from_secs(1);
        settings.limits.pace = 1 << 30;
        settings.limits.requests = 1;
    })
    .await;
    let mut slow = wired.open_stream().await;
    // Each pause is shorter than what a client may make the server wait; together they are not.
    let mut buffer = vec![0; 256 << 10];
    let (mut read, mut pauses) = (0, 0);
    while let Ok(bytes) = slow.socket.read(&mut buffer).await
        && bytes > 0
    {
        (read, pauses) = (read + bytes, pauses + 1);
        assert!(pauses < 400, "still open after {read} bytes");
        sleep(Duration::from_millis(50)).await;
    }
    until(async || {
        let entries = stage.entries(&Tenant::default());
        entries.iter().any(|entry| entry["state"] == "cancelled")
    })
    .await;
    until(async || wired.get("/v1/models").await.status == 200).await;
}

#[tokio::test]
async fn a_client_that_reads_fast_enough_has_the_whole_answer() {
    let stage = Stage::new();
    let script = [&[Step::Say(MUCH); 300][..], &[Step::End]].concat();
    let wired = limited(&stage, &script, |settings| {
        settings.limits.write = Duration::from_secs(1);
    })
    .await;
    let mut slow = wired.open_stream().await;
    let mut buffer = vec![0; 256 << 10];
    let (mut read, mut tail) = (0, Vec::new());
    // Longer in all than a client may make the server wait at once.
    loop {
        let bytes = slow.socket.read(&mut buffer).await.unwrap();
        if bytes == 0 || tail.ends_with(b"0\r\n\r\n") {
            break;
        }
        read += bytes;
        tail = buffer[bytes.saturating_sub(64)..bytes].to_vec();
        sleep(Duration::from_millis(20)).await;
    }
    let tail = String::from_utf8_lossy(&tail).into_owned();
    assert!(tail.contains("[DONE]"), "{read} bytes, then {tail}");
}

#[tokio::test]
async fn one_request_too_many_is_told_to_come_back() {
    let stage = Stage::new();
    let wired = limited(&stage, &[Step::Say("À "), Step::Hang], |settings| {
        settings.limits.requests = 2;
    })
    .await;
    let streams = [wired.open_stream().await, wired.open_stream().await];
    let refused = wired.get("/v1/models").await;
    assert_eq!((refused.status, refused.code().as_str()), (503, "http-busy"));
    assert_eq!(refused.header("retry-after"), Some("5"));
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(wired.get(path).await.status, 200, "{path}");
    }
    drop(streams);
    until(async || wired.get("/v1/models").await.status == 200).await;
}

#[tokio::test]
async fn thousands_of_idle_connections_do_no_harm() {
    const MANY: usize = 4000;
    let stage = Stage::new();
    let wired = limited(&stage, ANSWER, |settings| settings.limits.connections = 1000).await;
    let mut idle = Vec::with_capacity(MANY);
    for at in 0..MANY {
        let mut socket = wired.connect().await;
        if at % 2 == 0 {
            socket
                .write_all(b"GET /healthz HTTP/1.1\r\nhost: t\r\n\r\n")
                .await
                .unwrap();
        }
        idle.push(socket);
    }
    let reply = wired.ask(&question(false)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    // The oldest made room for the newest.
    assert!(is_closed(&mut idle[0]).await);
    let newest = idle.last_mut().unwrap();
    newest
        .write_all(request("GET", "/healthz", &[], "").as_bytes())
        .await
        .unwrap();
    assert_eq!(Reply::read(newest).await.status, 200);
    let metrics = wired.get("/metrics").await.body;
    let open = metrics
        .lines()
        .find_map(|line| line.strip_prefix("trousseau_connections_open "));
    let open: usize = open.unwrap().parse().unwrap();
    assert!((500..=1100).contains(&open), "{open}");
}

#[tokio::test]
async fn an_end_lets_what_runs_finish_and_closes_the_rest() {
    let stage = Stage::new();
    let wired = limited(
        &stage,
        &[Step::Say("À "), Step::Wait, Step::Say("neuf."), Step::End],
        |_| {},
    )
    .await;
    let mut idle = wired.connect().await;
    let mut running = wired.open_stream().await;
    running.read_until("À ").await;
    wired.shutdown.cancel();
    assert!(is_closed(&mut idle).await);
    until(async || TcpStream::connect(wired.address).await.is_err()).await;
    let rest = running.read_until("[DONE]").await;
    assert!(rest.contains("neuf."), "{rest}");
    wired.end().await.close().await.unwrap();
    let entries = stage.entries(&Tenant::default());
    assert_eq!(entries.last().unwrap()["state"], "answered");
}

#[tokio::test]
async fn an_end_does_not_wait_for_ever() {
    let stage = Stage::new();
    let wired = limited(&stage, &[Step::Say("À "), Step::Hang], |settings| {
        settings.limits.drain = Duration::from_millis(200);
    })
    .await;
    let mut running = wired.open_stream().await;
    running.read_until("À ").await;
    wired.end().await.close().await.unwrap();
    assert!(is_closed(&mut running.socket).await);
    let entries = stage.entries(&Tenant::default());
    assert_eq!(entries.last().unwrap()["state"], "cancelled");
}

#[tokio::test]
async fn bytes_that_are_no_http_are_refused() {
    let stage = Stage::new();
    let wired = limited(&stage, ANSWER, |_| {}).await;
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"\0\0\0\0\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: t\r\nbad header\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: t\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        b"GET /v1/models HTTP/9.9\r\n\r\n",
    ] {
        let reply = wired.send(bytes).await;
        assert_eq!(reply.status, 400, "{reply:?}");
    }
    let long = format!(
        "GET /healthz HTTP/1.1\r\nhost: t\r\nx: {}\r\n\r\n",
        "a".repeat(100_000)
    );
    assert_eq!(wired.send(long).await.status, 431);
    assert_eq!(wired.get("/v1/models").await.json()["object"], json!("list"));
}
