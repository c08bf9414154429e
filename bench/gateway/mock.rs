//! An upstream that answers at once: what a gateway adds is then all there is to measure.
//!
//! It speaks as much of OpenAI's API as the comparison needs: a fixed answer, or the same as a stream.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use clap::Parser;
use futures_util::{StreamExt as _, stream};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

#[derive(Clone, Copy, Debug, Parser)]
struct Mock {
    /// The port on 127.0.0.1.
    #[arg(long, default_value_t = 9100)]
    port: u16,
    /// How many tokens an answer has.
    #[arg(long, default_value_t = 64)]
    tokens: usize,
    /// How long it thinks before it answers, in milliseconds.
    #[arg(long, default_value_t = 0)]
    delay_ms: u64,
    /// How long it waits between two pieces of a stream, in milliseconds.
    #[arg(long, default_value_t = 0)]
    gap_ms: u64,
}

/// The answers, written once.
#[derive(Clone)]
struct Answers {
    delay: Duration,
    gap: Duration,
    whole: Bytes,
    chunks: Vec<Bytes>,
}

fn main() -> Result<()> {
    let mock = Mock::parse();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(mock))
}

async fn serve(mock: Mock) -> Result<()> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, mock.port))).await?;
    let answers = Answers {
        delay: Duration::from_millis(mock.delay_ms),
        gap: Duration::from_millis(mock.gap_ms),
        whole: whole(mock.tokens),
        chunks: chunks(mock.tokens),
    };
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let answers = answers.clone();
        let service = service_fn(move |request| answer(request, answers.clone()));
        connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        while connections.try_join_next().is_some() {}
    }
}

async fn answer(
    request: Request<Incoming>,
    answers: Answers,
) -> Result<Response<BoxBody<Bytes, Infallible>>, hyper::Error> {
    let body = request.into_body().collect().await?.to_bytes();
    if !answers.delay.is_zero() {
        tokio::time::sleep(answers.delay).await;
    }
    let streams = body.windows(13).any(|window| window == br#""stream":true"#);
    let (kind, body) = if streams {
        ("text/event-stream", streamed(answers))
    } else {
        ("application/json", Full::new(answers.whole).boxed())
    };
    let mut response = Response::new(body);
    response
        .headers_mut()
        .insert(CONTENT_TYPE, http::HeaderValue::from_static(kind));
    Ok(response)
}

/// The pieces of a stream, each after its pause.
fn streamed(answers: Answers) -> BoxBody<Bytes, Infallible> {
    let gap = answers.gap;
    let frames = stream::iter(answers.chunks).map(|chunk| Ok(Frame::data(chunk)));
    if gap.is_zero() {
        return BoxBody::new(StreamBody::new(frames));
    }
    let paced = frames.enumerate().then(move |(number, frame)| async move {
        if number > 0 {
            tokio::time::sleep(gap).await;
        }
        frame
    });
    BoxBody::new(StreamBody::new(Box::pin(paced)))
}

fn token(number: usize) -> String {
    format!("mot{number} ")
}

fn usage(tokens: usize) -> serde_json::Value {
    serde_json::json!({ "prompt_tokens": 32, "completion_tokens": tokens, "total_tokens": 32 + tokens })
}

fn whole(tokens: usize) -> Bytes {
    let text: String = (0..tokens).map(token).collect();
    let answer = serde_json::json!({
        "id": "chatcmpl-mock", "object": "chat.completion", "created": 1_700_000_000, "model": "mock-model",
        "choices": [{ "index": 0, "message": { "role": "assistant", "content": text }, "finish_reason": "stop" }],
        "usage": usage(tokens),
    });
    answer.to_string().into()
}

/// Two tokens a chunk, each chunk in a frame of its own.
fn chunks(tokens: usize) -> Vec<Bytes> {
    let chunk = |delta: serde_json::Value, finish: Option<&str>, usage: Option<serde_json::Value>| {
        let mut chunk = serde_json::json!({
            "id": "chatcmpl-mock", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "mock-model",
            "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }],
        });
        if let (Some(usage), Some(fields)) = (usage, chunk.as_object_mut()) {
            fields.insert("usage".to_owned(), usage);
        }
        Bytes::from(format!("data: {chunk}\n\n"))
    };
    let begin = chunk(
        serde_json::json!({ "role": "assistant", "content": "" }),
        None,
        None,
    );
    let middle = (0..tokens).step_by(2).map(|number| {
        let content = [token(number), token(number + 1)].concat();
        chunk(serde_json::json!({ "content": content }), None, None)
    });
    let end = chunk(serde_json::json!({}), Some("stop"), Some(usage(tokens)));
    let done = Bytes::from_static(b"data: [DONE]\n\n");
    std::iter::once(begin).chain(middle).chain([end, done]).collect()
}
