//! A client of the service: one request a connection, and everything that came back, with or without its end.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// No answer takes that long, whatever goes wrong: the service has limits for all of it.
const PATIENCE: Duration = Duration::from_secs(90);

/// What came back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    /// None where not even that came.
    pub(crate) status: Option<u16>,
    pub(crate) body: Vec<u8>,
    /// Whether the body came to the end that HTTP gives it.
    pub(crate) whole: bool,
}

/// A request to a path of the service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    /// Whole lines.
    pub(crate) headers: &'a str,
    pub(crate) body: &'a [u8],
    /// Hangs up when so many bytes have come.
    pub(crate) hangs_up: Option<usize>,
}

/// Sends a request. Nothing where nobody listens; then nothing was sent.
pub(crate) fn call(address: SocketAddr, call: Call<'_>) -> Result<Option<Reply>> {
    let Ok(mut stream) = TcpStream::connect(address) else {
        return Ok(None);
    };
    stream.set_read_timeout(Some(PATIENCE))?;
    let head = format!(
        "{} {} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{}\r\n",
        call.method,
        call.path,
        call.body.len(),
        call.headers
    );
    // A server that refuses a body early is still heard.
    let _sent = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(call.body));
    let mut bytes = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        if call.hangs_up.is_some_and(|after| bytes.len() >= after) {
            let _gone = stream.shutdown(Shutdown::Both);
            return Ok(Some(Reply::default()));
        }
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => bytes.extend(&buffer[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                bail!("no end of an answer came in {PATIENCE:?}")
            }
            Err(_) => break,
        }
    }
    read(&bytes).map(Some)
}

fn read(bytes: &[u8]) -> Result<Reply> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(Reply::default());
    };
    let head = std::str::from_utf8(&bytes[..end])
        .context("a head that is no text")?
        .to_ascii_lowercase();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(':'));
        lines
            .find(|(found, _)| *found == name)
            .map(|(_, value)| value.trim())
    };
    let rest = &bytes[end + 4..];
    let (body, whole) = match header("content-length").map(str::parse::<usize>) {
        Some(length) => (rest.to_vec(), rest.len() == length?),
        None if header("transfer-encoding") == Some("chunked") => chunks(rest),
        None => (rest.to_vec(), false),
    };
    Ok(Reply { status, body, whole })
}

/// The body that comes in chunks, and whether the last one came.
fn chunks(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    loop {
        let Some(end) = rest.windows(2).position(|two| two == b"\r\n") else {
            return (body, false);
        };
        let size = std::str::from_utf8(&rest[..end]).ok();
        let size = size.and_then(|size| usize::from_str_radix(size.split(';').next()?.trim(), 16).ok());
        rest = &rest[end + 2..];
        match size {
            Some(0) => return (body, true),
            Some(size) if rest.len() >= size + 2 => {
                body.extend(&rest[..size]);
                rest = &rest[size + 2..];
            }
            _ => {
                body.extend(rest);
                return (body, false);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_body_with_its_end_is_whole() {
        let whole = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        let reply = read(whole).unwrap();
        assert_eq!(
            (reply.status, reply.body.as_slice(), reply.whole),
            (Some(200), &b"abcde"[..], true)
        );
        for end in 0..whole.len() - 5 {
            assert!(!read(&whole[..end]).unwrap().whole, "{end}");
        }
        assert!(
            read(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab")
                .unwrap()
                .whole
        );
        assert!(
            !read(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab")
                .unwrap()
                .whole
        );
    }
}
