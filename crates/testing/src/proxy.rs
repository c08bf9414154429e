//! An HTTP proxy that knows `CONNECT` and notes whom it was asked for (RFC 9110, section 9.3.6).

#![expect(clippy::unwrap_used, reason = "what a test takes for granted fails the test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// What the proxy was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `CONNECT model.test:443`.
    pub line: String,
    /// What stands in `Proxy-Authorization`.
    pub authorization: Option<String>,
    /// Every header's name.
    pub headers: Vec<String>,
}

/// A proxy that runs as long as the process does.
pub struct Proxy {
    address: SocketAddr,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    connections: AtomicUsize,
    requests: Mutex<Vec<Request>>,
}

impl Proxy {
    /// Connects whoever asks to `to`, whatever the name, once `authorization` is what it wants.
    pub fn to(to: SocketAddr, authorization: Option<&str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen: Arc<Seen> = Arc::default();
        let (notes, wanted) = (Arc::clone(&seen), authorization.map(str::to_owned));
        thread::spawn(move || {
            for stream in listener.incoming() {
                notes.connections.fetch_add(1, Ordering::SeqCst);
                let (notes, wanted) = (Arc::clone(&notes), wanted.clone());
                thread::spawn(move || tunnel(stream.unwrap(), to, wanted.as_deref(), &notes.requests));
            }
        });
        Self { address, seen }
    }

    /// Its address, for the configuration.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything that it was asked so far.
    pub fn requests(&self) -> Vec<Request> {
        self.seen.requests.lock().unwrap().clone()
    }

    /// How many connections it has taken so far, whether or not anything was asked on them.
    pub fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }
}

fn tunnel(stream: TcpStream, to: SocketAddr, wanted: Option<&str>, notes: &Mutex<Vec<Request>>) {
    let mut client = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    let Some((line, headers)) = head(&mut reader) else {
        return;
    };
    let line = line.trim_end_matches(" HTTP/1.1").to_owned();
    let authorization = headers.iter().find(|(name, _)| name == "proxy-authorization");
    let authorization = authorization.map(|(_, value)| value.clone());
    let accepted = wanted.is_none_or(|wanted| authorization.as_deref() == Some(wanted));
    notes.lock().unwrap().push(Request {
        line: line.clone(),
        authorization,
        headers: headers.into_iter().map(|(name, _)| name).collect(),
    });
    let answer = if !line.starts_with("CONNECT ") {
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
    } else if accepted {
        "HTTP/1.1 200 Connection established\r\n\r\n"
    } else {
        "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    };
    client.write_all(answer.as_bytes()).unwrap();
    if !answer.contains(" 200 ") {
        return;
    }
    let server = TcpStream::connect(to).unwrap();
    let upwards = server.try_clone().unwrap();
    let up = thread::spawn(move || {
        copy(reader, &upwards);
        let _end = upwards.shutdown(Shutdown::Write);
    });
    copy(&server, &client);
    let _end = client.shutdown(Shutdown::Both);
    let _end = up.join();
}

/// Copies one way until it ends.
fn copy(mut from: impl Read, mut to: impl Write) {
    let _copied = std::io::copy(&mut from, &mut to);
}

/// Reads the head of a request or of an answer, names in lower case; `None` at the end of the stream.
pub fn head(stream: &mut impl BufRead) -> Option<(String, Vec<(String, String)>)> {
    let mut line = String::new();
    if stream.read_line(&mut line).ok()? == 0 {
        return None;
    }
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        stream.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim().split_once(':') else {
            return Some((line.trim().to_owned(), headers));
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}
