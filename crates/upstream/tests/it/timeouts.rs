//! Each phase of a call has a limit of its own.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use trousseau_core::model::{ModelError, Phase};
use trousseau_upstream::server::Timeouts;

use crate::mock::{DONE, Mock, Step, chunk, finished, last_chunk, said, stream_head};
use crate::stage::{ask, hasty, question};

const SHORT: Duration = Duration::from_millis(150);
const LONG: Duration = Duration::from_secs(30);

fn patient() -> Timeouts {
    Timeouts {
        connect: LONG,
        first_byte: LONG,
        idle: LONG,
        total: LONG,
    }
}

async fn check(mock: &Mock, timeouts: Timeouts, expected: Phase, text: &str) {
    let began = Instant::now();
    let (answer, end) = ask(&hasty(&mock.url(), timeouts), question("Bonjour ?")).await;
    let error = end.unwrap_err();
    let ModelError::TimedOut { phase, limit_ms, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!((phase, limit_ms, answer.text.as_str()), (expected, 150, text));
    assert!(began.elapsed() >= SHORT && began.elapsed() < LONG / 2);
}

#[tokio::test]
async fn the_first_byte() {
    let silent = Mock::always(vec![Step::Hold]);
    check(
        &silent,
        Timeouts {
            first_byte: SHORT,
            ..patient()
        },
        Phase::FirstByte,
        "",
    )
    .await;
    // A head alone is no answer.
    let head = Mock::always(vec![stream_head(), Step::Hold]);
    check(
        &head,
        Timeouts {
            first_byte: SHORT,
            ..patient()
        },
        Phase::FirstByte,
        "",
    )
    .await;
}

#[tokio::test]
async fn the_next_byte() {
    let stuck = Mock::always(vec![stream_head(), chunk(said("Il")), Step::Hold]);
    check(
        &stuck,
        Timeouts {
            idle: SHORT,
            ..patient()
        },
        Phase::Idle,
        "Il",
    )
    .await;
    let half = Mock::always(vec![
        Step::Send(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{".to_vec(),
        ),
        Step::Hold,
    ]);
    check(
        &half,
        Timeouts {
            idle: SHORT,
            ..patient()
        },
        Phase::Idle,
        "",
    )
    .await;
}

#[tokio::test]
async fn the_whole_answer() {
    let Step::Send(comment) = chunk(":\n\n") else {
        unreachable!()
    };
    let drip = Mock::start(move |_, _| {
        let mut steps = vec![stream_head(), chunk(said("Il"))];
        for _ in 0..200 {
            steps.push(Step::Wait(Duration::from_millis(20)));
            steps.push(Step::Send(comment.clone()));
        }
        steps
    });
    check(
        &drip,
        Timeouts {
            total: SHORT,
            ..patient()
        },
        Phase::Total,
        "Il",
    )
    .await;
}

#[tokio::test]
async fn comments_keep_a_stream_alive() {
    let mut steps = vec![stream_head()];
    for _ in 0..10 {
        steps.push(chunk(": ping\n\n"));
        steps.push(Step::Wait(Duration::from_millis(60)));
    }
    steps.extend([
        chunk(said("Enfin.")),
        chunk(finished()),
        chunk(DONE),
        last_chunk(),
    ]);
    let mock = Mock::always(steps);
    let timeouts = Timeouts {
        idle: Duration::from_millis(400),
        ..patient()
    };
    let (answer, end) = ask(&hasty(&mock.url(), timeouts), question("Alors ?")).await;
    assert_eq!((answer.text.as_str(), end), ("Enfin.", Ok(())));
}

#[tokio::test]
async fn a_whole_answer_may_take_longer_than_a_first_byte() {
    let mut steps = vec![Step::Wait(Duration::from_millis(400))];
    steps.extend(crate::mock::json(&serde_json::json!({
        "choices": [{ "message": { "content": "Voilà." }, "finish_reason": "stop" }],
    })));
    let mock = Mock::always(steps);
    let timeouts = Timeouts {
        first_byte: SHORT,
        ..patient()
    };
    let whole = || trousseau_core::chat::ChatRequest {
        whole: true,
        ..question("Alors ?")
    };
    assert_eq!(ask(&hasty(&mock.url(), timeouts), whole()).await.0.text, "Voilà.");
    let timeouts = Timeouts {
        total: SHORT,
        ..patient()
    };
    let error = ask(&hasty(&mock.url(), timeouts), whole()).await.1.unwrap_err();
    assert!(
        matches!(
            error,
            ModelError::TimedOut {
                phase: Phase::Total,
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn the_connection() {
    // A server whose queue of connections is full answers no more of them.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let waiting = fill(address);
    assert!(!waiting.is_empty());
    let timeouts = Timeouts {
        connect: SHORT,
        ..patient()
    };
    let model = hasty(&format!("http://{address}/v1"), timeouts);
    let error = ask(&model, question("Bonjour ?")).await.1.unwrap_err();
    assert!(
        matches!(
            error,
            ModelError::TimedOut {
                phase: Phase::Connect,
                limit_ms: 150,
                ..
            }
        ),
        "{error:?}"
    );
}

/// Connects to a server that accepts nobody, until it takes no more.
fn fill(address: std::net::SocketAddr) -> Vec<std::net::TcpStream> {
    let mut waiting = Vec::new();
    while let Ok(stream) = std::net::TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
        waiting.push(stream);
        assert!(waiting.len() < 10_000, "the queue does not fill");
    }
    waiting
}

#[tokio::test]
async fn a_handshake_that_hangs_is_part_of_the_connection() {
    let mock = Mock::over(
        |_, _| Vec::new(),
        |stream| {
            std::thread::sleep(Duration::from_secs(3));
            drop(stream);
            None::<std::net::TcpStream>
        },
    );
    let timeouts = Timeouts {
        connect: SHORT,
        ..patient()
    };
    let model = hasty(&format!("https://{}/v1", mock.address()), timeouts);
    let error = ask(&model, question("Bonjour ?")).await.1.unwrap_err();
    assert!(
        matches!(
            error,
            ModelError::TimedOut {
                phase: Phase::Connect,
                ..
            }
        ),
        "{error:?}"
    );
}
