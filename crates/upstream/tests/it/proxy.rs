//! An HTTP proxy that knows `CONNECT` and notes whom it was asked for (RFC 9110, section 9.3.6).

use std::io::{BufReader, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::mock::head;
use crate::tls::copy;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// `CONNECT model.test:443`.
    pub line: String,
    /// What stands in `Proxy-Authorization`.
    pub authorization: Option<String>,
    /// Every header's name.
    pub headers: Vec<String>,
}

pub(crate) struct Proxy {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Proxy {
    /// Connects whoever asks to `to`, whatever the name, once `authorization` is what it wants.
    pub(crate) fn to(to: SocketAddr, authorization: Option<&str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (notes, wanted) = (Arc::clone(&requests), authorization.map(str::to_owned));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (notes, wanted) = (Arc::clone(&notes), wanted.clone());
                thread::spawn(move || tunnel(stream.unwrap(), to, wanted.as_deref(), &notes));
            }
        });
        Self { address, requests }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
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
