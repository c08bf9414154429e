//! A load generator with a fixed number of connections, each of which asks again as soon as it is answered.
//!
//! Prints one line of JSON: answers per second, faults, and percentiles of the time to the whole answer and to its first byte.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use clap::Parser;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

#[derive(Clone, Debug, Parser)]
struct Load {
    /// Where to send the requests: http://HOST:PORT/PATH.
    #[arg(long)]
    url: String,
    /// How many connections.
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// How long to measure, in seconds.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// How long to ask before that, in seconds.
    #[arg(long, default_value_t = 2.0)]
    warm_up: f64,
    /// Ask for streams.
    #[arg(long)]
    stream: bool,
    /// The model to ask for.
    #[arg(long, default_value = "mock-model")]
    model: String,
    /// A header, as NAME: VALUE.
    #[arg(long)]
    header: Vec<String>,
}

/// What one connection saw, in microseconds.
#[derive(Default)]
struct Seen {
    whole: Vec<u32>,
    first: Vec<u32>,
    refused: usize,
    broken: usize,
}

fn main() -> Result<()> {
    let load = Load::parse();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run(load))
}

async fn run(load: Load) -> Result<()> {
    let rest = load
        .url
        .strip_prefix("http://")
        .context("only http:// is measured")?;
    let (host, path) = rest.split_once('/').context("the URL has no path")?;
    let request = Ask::new(&load, host, path)?;
    let begin = Instant::now();
    let measured = begin + Duration::from_secs_f64(load.warm_up);
    let end = measured + Duration::from_secs_f64(load.seconds);
    let mut connections = JoinSet::new();
    for _ in 0..load.connections {
        connections.spawn(connection(request.clone(), measured, end));
    }
    let mut all = Seen::default();
    while let Some(seen) = connections.join_next().await {
        let seen = seen?;
        all.whole.extend(seen.whole);
        all.first.extend(seen.first);
        all.refused += seen.refused;
        all.broken += seen.broken;
    }
    ensure!(
        !all.whole.is_empty(),
        "no request was answered: {} refused, {} broken",
        all.refused,
        all.broken
    );
    all.whole.sort_unstable();
    all.first.sort_unstable();
    let at = |sorted: &[u32], share: f64| {
        let place = (sorted.len() as f64 * share) as usize;
        f64::from(sorted.get(place).or(sorted.last()).copied().unwrap_or_default()) / 1000.0
    };
    let line = serde_json::json!({
        "answered": all.whole.len(),
        "refused": all.refused,
        "broken": all.broken,
        "per_second": all.whole.len() as f64 / load.seconds,
        "p50_ms": at(&all.whole, 0.5),
        "p99_ms": at(&all.whole, 0.99),
        "first_p50_ms": at(&all.first, 0.5),
        "first_p99_ms": at(&all.first, 0.99),
    });
    #[expect(clippy::print_stdout, reason = "the line is the result")]
    {
        println!("{line}");
    }
    Ok(())
}

/// The request that every connection repeats.
#[derive(Clone)]
struct Ask {
    host: String,
    request: Request<Full<Bytes>>,
}

impl Ask {
    fn new(load: &Load, host: &str, path: &str) -> Result<Self> {
        let mut body = serde_json::json!({
            "model": load.model,
            "max_tokens": 64,
            "messages": [
                { "role": "system", "content": "You answer the questions of a town's staff, briefly." },
                { "role": "user", "content": "In three sentences: on what conditions may a resident obtain a copy of an \
                  administrative document, and to whom can they turn when it is refused?" },
            ],
        });
        if let (true, Some(fields)) = (load.stream, body.as_object_mut()) {
            fields.insert("stream".to_owned(), true.into());
        }
        let mut builder = Request::post(format!("/{path}"))
            .header("host", host)
            .header("content-type", "application/json");
        for header in &load.header {
            let (name, value) = header.split_once(':').context("a header is NAME: VALUE")?;
            builder = builder.header(name.trim(), value.trim());
        }
        Ok(Self {
            host: host.to_owned(),
            request: builder.body(Full::new(Bytes::from(body.to_string())))?,
        })
    }
}

async fn connect(host: &str) -> Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(host).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    #[expect(clippy::disallowed_methods, reason = "it ends with the program")]
    tokio::task::spawn(connection);
    Ok(sender)
}

async fn connection(ask: Ask, measured: Instant, end: Instant) -> Seen {
    let mut seen = Seen::default();
    let mut sender = None;
    while Instant::now() < end {
        let mut open = match sender.take() {
            Some(open) => open,
            None => match connect(&ask.host).await {
                Ok(open) => open,
                Err(_) => {
                    seen.broken += 1;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
            },
        };
        let begin = Instant::now();
        let answered = once(&mut open, &ask).await;
        let counts = begin >= measured;
        match answered {
            Ok((first, true)) => {
                if counts {
                    seen.whole.push(begin.elapsed().as_micros() as u32);
                    seen.first.push(first.duration_since(begin).as_micros() as u32);
                }
                sender = Some(open);
            }
            Ok((_, false)) => {
                seen.refused += usize::from(counts);
                sender = Some(open);
            }
            Err(_) => seen.broken += usize::from(counts),
        }
    }
    seen
}

/// One question: when the first byte of its answer came, and whether it was answered.
async fn once(open: &mut SendRequest<Full<Bytes>>, ask: &Ask) -> Result<(Instant, bool)> {
    open.ready().await?;
    let response = open.send_request(ask.request.clone()).await?;
    let answered = response.status().is_success();
    let mut body = response.into_body();
    let mut first = None;
    while let Some(frame) = body.frame().await {
        frame?;
        first.get_or_insert_with(Instant::now);
    }
    Ok((first.unwrap_or_else(Instant::now), answered))
}
