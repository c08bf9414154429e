//! A load generator: a fixed number of connections, each of which asks again as soon as it is answered, or with `--starts` so
//! many requests a second, whatever is still open.
//!
//! Prints one line of JSON: answers per second, faults, percentiles of the time to the whole answer and to its first text,
//! and how many requests were open at once.

use std::sync::{Arc, Mutex, PoisonError};
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
    /// How many requests to begin each second, instead of when others end.
    #[arg(long)]
    starts: Option<f64>,
    /// How many words to put before everything, in the instructions: a question itself has a limit.
    #[arg(long, default_value_t = 0)]
    words: usize,
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
    /// The most requests that were open at once.
    open: usize,
}

impl Seen {
    /// Notes how a request went that began at `begin`, if that was not before what is measured.
    fn note(&mut self, answered: Result<(Instant, bool)>, begin: Instant, measured: Instant) {
        let counts = begin >= measured;
        match answered {
            Ok((first, true)) if counts => {
                self.whole.push(begin.elapsed().as_micros() as u32);
                self.first.push(first.duration_since(begin).as_micros() as u32);
            }
            Ok((_, true)) => {}
            Ok((_, false)) => self.refused += usize::from(counts),
            Err(_) => self.broken += usize::from(counts),
        }
    }

    fn add(&mut self, other: Self) {
        self.whole.extend(other.whole);
        self.first.extend(other.first);
        self.refused += other.refused;
        self.broken += other.broken;
        self.open = self.open.max(other.open);
    }
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
    let ask = Arc::new(Ask::new(&load, host, path)?);
    let begin = Instant::now();
    let measured = begin + Duration::from_secs_f64(load.warm_up);
    let end = measured + Duration::from_secs_f64(load.seconds);
    let mut all = match load.starts {
        None => closed(&ask, load.connections, (measured, end)).await?,
        Some(starts) => open(&ask, starts, (measured, end)).await?,
    };
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
        "open": all.open,
    });
    #[expect(clippy::print_stdout, reason = "the line is the result")]
    {
        println!("{line}");
    }
    Ok(())
}

/// So many connections, each with one request after the other.
async fn closed(ask: &Arc<Ask>, count: usize, (measured, end): (Instant, Instant)) -> Result<Seen> {
    let mut connections = JoinSet::new();
    for _ in 0..count {
        connections.spawn(connection(Arc::clone(ask), measured, end));
    }
    let mut all = Seen {
        open: count,
        ..Seen::default()
    };
    while let Some(seen) = connections.join_next().await {
        all.add(seen?);
    }
    Ok(all)
}

/// So many requests a second, on connections that are free or new.
async fn open(ask: &Arc<Ask>, starts: f64, (measured, end): (Instant, Instant)) -> Result<Seen> {
    let free = Arc::new(Mutex::new(Vec::new()));
    let mut ticks = tokio::time::interval(Duration::from_secs_f64(1.0 / starts));
    let (mut asking, mut all) = (JoinSet::new(), Seen::default());
    while Instant::now() < end {
        ticks.tick().await;
        asking.spawn(on_a_free_connection(Arc::clone(ask), Arc::clone(&free), measured));
        while let Some(seen) = asking.try_join_next() {
            all.add(seen?);
        }
        all.open = all.open.max(asking.len());
    }
    while let Some(seen) = asking.join_next().await {
        all.add(seen?);
    }
    Ok(all)
}

/// One question; its connection is free for another when it is answered.
async fn on_a_free_connection(
    ask: Arc<Ask>,
    free: Arc<Mutex<Vec<SendRequest<Full<Bytes>>>>>,
    measured: Instant,
) -> Seen {
    let mut seen = Seen::default();
    let hold = || free.lock().unwrap_or_else(PoisonError::into_inner);
    let begin = Instant::now();
    let kept = hold().pop();
    let asked = async {
        let mut open = match kept {
            Some(open) => open,
            None => connect(&ask.host).await?,
        };
        let answered = once(&mut open, &ask).await?;
        hold().push(open);
        Ok::<_, anyhow::Error>(answered)
    };
    seen.note(asked.await, begin, measured);
    seen
}

/// The request that every connection repeats.
struct Ask {
    host: String,
    stream: bool,
    request: Request<Full<Bytes>>,
}

impl Ask {
    fn new(load: &Load, host: &str, path: &str) -> Result<Self> {
        let before = prose(load.words);
        let question = "In three sentences: on what conditions may a resident obtain a copy of an administrative document, and \
                        to whom can they turn when it is refused?";
        let mut body = serde_json::json!({
            "model": load.model,
            "max_tokens": 64,
            "messages": [
                { "role": "system", "content": format!("{before}You answer the questions of a town's staff, briefly.") },
                { "role": "user", "content": question },
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
            stream: load.stream,
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

async fn connection(ask: Arc<Ask>, measured: Instant, end: Instant) -> Seen {
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
        if answered.is_ok() {
            sender = Some(open);
        }
        seen.note(answered, begin, measured);
    }
    seen
}

/// One question: when the first of its answer came, and whether it was answered.
async fn once(open: &mut SendRequest<Full<Bytes>>, ask: &Ask) -> Result<(Instant, bool)> {
    open.ready().await?;
    let response = open.send_request(ask.request.clone()).await?;
    let answered = response.status().is_success();
    let mut body = response.into_body();
    let mut first = None;
    while let Some(frame) = body.frame().await {
        let frame = frame?;
        if first.is_none() && (!ask.stream || frame.data_ref().is_some_and(|data| says_something(data))) {
            first = Some(Instant::now());
        }
    }
    Ok((first.unwrap_or_else(Instant::now), answered))
}

/// Whether these bytes of a stream hold text of the answer: models begin with an event that names who speaks, and is empty.
fn says_something(data: &[u8]) -> bool {
    const TEXT: &[u8] = b"\"content\":\"";
    data.windows(TEXT.len() + 1)
        .any(|at| at.starts_with(TEXT) && at.last() != Some(&b'"'))
}

/// So many words of prose, one in sixteen of them a number.
fn prose(words: usize) -> String {
    const WORDS: &[&str] = &[
        "la", "mairie", "délivre", "une", "copie", "du", "dossier", "à", "toute", "personne", "qui", "en",
        "fait", "demande", "par", "écrit",
    ];
    let mut text = String::new();
    for number in 0..words {
        match number % 16 {
            15 => text.push_str(&(number % 2_000).to_string()),
            _ => text.push_str(WORDS[(number + number / 16) * 7 % WORDS.len()]),
        }
        text.push(' ');
    }
    text
}
