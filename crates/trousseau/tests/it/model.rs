//! A model server that a test runs: it answers every question with one sentence, and notes what it was sent.

use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

use trousseau_testing::authority::Tls;
use trousseau_testing::proxy::head;

use crate::service::PATIENCE;

/// A server that cites the first passage, after some reasoning.
pub(crate) struct Model {
    pub(crate) address: SocketAddr,
    received: Receiver<String>,
}

impl Model {
    pub(crate) fn plain() -> Self {
        Self::over(Some)
    }

    pub(crate) fn secure(tls: Tls) -> Self {
        Self::over(move |stream| tls.wrap(stream))
    }

    /// Behind whatever `wrap` makes of a connection; `None` gives it up.
    fn over<S: Read + Write>(wrap: impl Fn(TcpStream) -> Option<S> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, received) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if let Some(stream) = wrap(stream.unwrap())
                    && let Some(asked) = answer(stream)
                {
                    let _gone = sender.send(asked);
                }
            }
        });
        Self { address, received }
    }

    /// The base address for a client.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// What it was sent next: its head, names in lower case, and its body.
    pub(crate) fn next(&self) -> String {
        self.received.recv_timeout(PATIENCE).unwrap()
    }

    /// Whether it was asked nothing more.
    pub(crate) fn is_idle(&self) -> bool {
        self.received.try_recv().is_err()
    }
}

/// Answers the one request of a connection; what was asked.
fn answer(stream: impl Read + Write) -> Option<String> {
    let mut stream = BufReader::new(stream);
    let (_, headers) = head(&mut stream)?;
    let length = headers.iter().find(|(name, _)| name == "content-length")?;
    let mut body = vec![0; length.1.parse().unwrap()];
    stream.read_exact(&mut body).ok()?;
    let mut events = String::new();
    for delta in [
        r#"{"role":"assistant","reasoning":"Cherchons."}"#,
        r#"{"content":"Il ouvre à "}"#,
        r#"{"content":"huit heures [1]."}"#,
    ] {
        events.push_str(&format!(
            "data: {{\"choices\":[{{\"index\":0,\"delta\":{delta}}}]}}\n\n"
        ));
    }
    events.push_str(
        "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
    );
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{events}",
        events.len()
    );
    let stream = stream.get_mut();
    stream
        .write_all(answer.as_bytes())
        .and_then(|()| stream.flush())
        .ok()?;
    let headers: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\n"))
        .collect();
    Some(format!("{headers}\n{}", String::from_utf8(body).unwrap()))
}
