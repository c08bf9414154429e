//! A server that runs for the length of a test, and a client for its HTTP.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Dir, Ran};

/// How long a test waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// `trousseau serve` in a folder's data folder.
pub(crate) struct Service {
    child: Option<Child>,
    /// What it listens on: `127.0.0.1:PORT`.
    pub(crate) address: String,
    /// Whether it speaks TLS.
    pub(crate) is_tls: bool,
    /// The key that it made at its first start.
    pub(crate) key: Option<String>,
}

impl Service {
    /// Starts a server and waits until it listens.
    pub(crate) fn start(dir: &Dir, arguments: &[&str]) -> Self {
        let mut all = vec!["serve", "--listen", "127.0.0.1:0"];
        all.extend(arguments);
        Self::of(&mut dir.command(&all))
    }

    pub(crate) fn of(command: &mut Command) -> Self {
        let mut child = command
            .env("TROUSSEAU_LOG", "warn")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        out.read_line(&mut first).unwrap();
        let Some((before, address)) = first.trim_end().split_once("://") else {
            let ran = Ran::from(child.wait_with_output().unwrap());
            panic!("the server did not start: {ran:#?}");
        };
        let (address, is_tls) = (address.to_owned(), before.ends_with("https"));
        let mut second = String::new();
        if !is_tls {
            // The key, if any, is written before the server answers.
            let ready = get(&address, "/readyz", None);
            assert!(ready.starts_with("HTTP/1.1 200 "), "{ready}");
            if !out.buffer().is_empty() || rustix::io::ioctl_fionread(out.get_ref()).unwrap() > 0 {
                out.read_line(&mut second).unwrap();
            }
        }
        let key = second.trim_end().strip_prefix("key: ").map(str::to_owned);
        // Nothing more is written there; what would be must not stop the server.
        std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        Self {
            child: Some(child),
            address,
            is_tls,
            key,
        }
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let process = i32::try_from(self.process()).unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(process).unwrap(), signal).unwrap();
    }

    /// What it logs from now on; its end is then told without it.
    pub(crate) fn log(&mut self) -> impl std::io::BufRead + use<> {
        BufReader::new(self.child.as_mut().unwrap().stderr.take().unwrap())
    }

    /// Ends the server as systemd does, and tells how it ended.
    pub(crate) fn stop(mut self) -> Ran {
        self.signal(rustix::process::Signal::TERM);
        self.wait()
    }

    /// Waits for the server's end.
    pub(crate) fn wait(&mut self) -> Ran {
        let mut child = self.child.take().unwrap();
        let began = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if began.elapsed() > PATIENCE {
                child.kill().unwrap();
                panic!("the server does not end");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ran::from(child.wait_with_output().unwrap())
    }

    /// Asks over HTTP as an OpenAI client does, with the key of the first start.
    pub(crate) fn ask(&self, body: &Value) -> (u16, Value) {
        let key = self.key.as_deref().unwrap();
        ask(&self.address, key, body)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ended = child.kill();
            let _reaped = child.wait();
        }
    }
}

/// `POST /v1/chat/completions`.
pub(crate) fn ask(address: &str, key: &str, body: &Value) -> (u16, Value) {
    let body = body.to_string();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let answer = exchange(address, &(head + &body));
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let body = body
        .find('{')
        .map_or("null", |start| &body[start..=body.rfind('}').unwrap()]);
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

/// `GET` of a path; the whole answer.
pub(crate) fn get(address: &str, path: &str, key: Option<&str>) -> String {
    let key = key.map_or_else(String::new, |key| format!("Authorization: Bearer {key}\r\n"));
    exchange(
        address,
        &format!("GET {path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n{key}\r\n"),
    )
}

/// `POST` of JSON; the whole answer.
pub(crate) fn post(address: &str, path: &str, key: &str, body: &str) -> String {
    let length = body.len();
    exchange(
        address,
        &format!(
            "POST {path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        ),
    )
}

fn exchange(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8(answer).unwrap()
}
