//! A server that answers each request with a script, byte by byte, and notes what it was asked.

use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use trousseau_testing::proxy::head;

/// How long a test waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// One step of the answer to a request.
#[derive(Clone)]
pub(crate) enum Step {
    /// Sends bytes.
    Send(Vec<u8>),
    /// Waits.
    Wait(Duration),
    /// Sends bytes again and again, until the other end hangs up.
    Forever(Vec<u8>),
    /// Waits until the other end hangs up.
    Hold,
    /// Hangs up.
    Close,
}

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Which connection it came on, counted from 0.
    pub connection: usize,
    /// `POST /v1/chat/completions`.
    pub line: String,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

type Scripts = Arc<dyn Fn(usize, &Asked) -> Vec<Step> + Send + Sync>;

pub(crate) struct Mock {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    hung_up: Mutex<Receiver<usize>>,
}

impl Mock {
    /// Answers every request with the same script.
    pub(crate) fn always(script: Vec<Step>) -> Self {
        Self::start(move |_, _| script.clone())
    }

    /// Answers the nth request with what `script` gives for it.
    pub(crate) fn start(script: impl Fn(usize, &Asked) -> Vec<Step> + Send + Sync + 'static) -> Self {
        Self::over(script, Some)
    }

    /// The same, behind whatever `wrap` makes of a connection; `None` gives it up.
    pub(crate) fn over<S: Read + Write>(
        script: impl Fn(usize, &Asked) -> Vec<Step> + Send + Sync + 'static,
        wrap: impl Fn(TcpStream) -> Option<S> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (tell, hung_up) = channel();
        let (notes, script): (_, Scripts) = (Arc::clone(&asked), Arc::new(script));
        let serve_one = move |connection: usize, stream: TcpStream, tell: &Sender<usize>| {
            stream.set_nodelay(true).unwrap();
            if let Some(stream) = wrap(stream) {
                serve(stream, connection, &notes, &script, tell);
            }
        };
        let serve_one = Arc::new(serve_one);
        thread::spawn(move || {
            for (connection, stream) in listener.incoming().enumerate() {
                let (serve_one, tell) = (Arc::clone(&serve_one), tell.clone());
                thread::spawn(move || serve_one(connection, stream.unwrap(), &tell));
            }
        });
        Self {
            address,
            asked,
            hung_up: Mutex::new(hung_up),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base address for a client.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Everything that was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Waits until the other end of a connection that is held or written to hangs up; which connection that was.
    pub(crate) fn hung_up(&self) -> Option<usize> {
        self.hung_up.lock().unwrap().recv_timeout(PATIENCE).ok()
    }
}

fn serve<S: Read + Write>(
    stream: S,
    connection: usize,
    notes: &Mutex<Vec<Asked>>,
    script: &Scripts,
    tell: &Sender<usize>,
) {
    let mut stream = BufReader::new(stream);
    while let Some(asked) = read(&mut stream, connection) {
        let number = {
            let mut notes = notes.lock().unwrap();
            notes.push(asked.clone());
            notes.len() - 1
        };
        for step in script(number, &asked) {
            let done = match step {
                Step::Send(bytes) => send(&mut stream, &bytes),
                Step::Wait(time) => {
                    thread::sleep(time);
                    true
                }
                Step::Forever(bytes) => {
                    while send(&mut stream, &bytes) {}
                    let _told = tell.send(connection);
                    false
                }
                Step::Hold => {
                    let mut rest = Vec::new();
                    let _end = stream.read_to_end(&mut rest);
                    let _told = tell.send(connection);
                    false
                }
                Step::Close => false,
            };
            if !done {
                return;
            }
        }
    }
}

fn send<S: Read + Write>(stream: &mut BufReader<S>, bytes: &[u8]) -> bool {
    let stream = stream.get_mut();
    stream.write_all(bytes).and_then(|()| stream.flush()).is_ok()
}

fn read<S: Read + Write>(stream: &mut BufReader<S>, connection: usize) -> Option<Asked> {
    let (line, headers) = head(stream)?;
    let line = line.trim_end_matches(" HTTP/1.1").to_owned();
    let mut asked = Asked {
        connection,
        line,
        headers,
        body: Vec::new(),
    };
    let length = asked
        .header("content-length")
        .map_or(0, |length| length.parse().unwrap());
    asked.body.resize(length, 0);
    stream.read_exact(&mut asked.body).ok()?;
    Some(asked)
}

/// A whole answer with a body of known length.
pub(crate) fn answer(status: &str, content_type: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<Step> {
    let body = body.as_ref();
    let length = body.len();
    let mut bytes = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n{headers}Content-Length: {length}\r\n\r\n"
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    vec![Step::Send(bytes)]
}

/// A whole answer in JSON.
pub(crate) fn json(value: &Value) -> Vec<Step> {
    answer("200 OK", "application/json", "", value.to_string())
}

/// The head of a stream.
pub(crate) fn stream_head() -> Step {
    Step::Send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec())
}

/// One chunk of a body.
pub(crate) fn chunk(bytes: impl AsRef<[u8]>) -> Step {
    let bytes = bytes.as_ref();
    let mut framed = format!("{:x}\r\n", bytes.len()).into_bytes();
    framed.extend_from_slice(bytes);
    framed.extend_from_slice(b"\r\n");
    Step::Send(framed)
}

/// The end of a body in chunks.
pub(crate) fn last_chunk() -> Step {
    Step::Send(b"0\r\n\r\n".to_vec())
}

/// The event of a piece of text.
pub(crate) fn said(text: &str) -> String {
    event(
        &serde_json::json!({ "id": "c1", "object": "chat.completion.chunk", "choices": [{ "index": 0, "delta": { "content": text }, "finish_reason": null }] }),
    )
}

/// The event of the end.
pub(crate) fn finished() -> String {
    event(
        &serde_json::json!({ "id": "c1", "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] }),
    )
}

/// The event of the tokens.
pub(crate) fn tokens(input: u64, output: u64) -> String {
    event(
        &serde_json::json!({ "id": "c1", "choices": [], "usage": { "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output } }),
    )
}

pub(crate) fn event(value: &Value) -> String {
    format!("data: {value}\n\n")
}

/// The last event.
pub(crate) const DONE: &str = "data: [DONE]\n\n";

/// A whole stream that says `pieces`, an event each.
pub(crate) fn stream(pieces: &[&str]) -> Vec<Step> {
    let mut steps = vec![stream_head()];
    steps.extend(pieces.iter().map(|piece| chunk(said(piece))));
    steps.push(chunk(finished()));
    steps.push(chunk(tokens(7, 3)));
    steps.push(chunk(DONE));
    steps.push(last_chunk());
    steps
}
