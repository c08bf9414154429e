//! One connection to one server: its TLS, one request after the other, each with a deadline and a limit on what is read.

use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

use crate::ber;
use crate::error::DirectoryError;
use crate::message::{Entry, Outcome, Request, Response, Search, code};
use crate::settings::{Address, Transport};

/// The largest message that is read, and the most that is read for one request, in bytes.
const MESSAGE: usize = 4 << 20;
const ANSWER: usize = 16 << 20;

/// Bytes both ways, protected or not.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection.
pub(crate) struct Connection<S = Box<dyn Stream>> {
    stream: S,
    server: String,
    /// What was read and is not yet taken.
    read: Vec<u8>,
    last: u32,
    patience: Duration,
}

/// What a search found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) entries: Vec<Entry>,
    /// Whether there are more.
    pub(crate) more: bool,
}

impl Connection {
    /// Connects, with TLS as the address says, within `patience`.
    pub(crate) async fn open(
        address: &Address,
        tls: &Arc<ClientConfig>,
        patience: Duration,
    ) -> Result<Self, DirectoryError> {
        let server = address.to_string();
        let deadline = Instant::now() + patience;
        let fault = |error: std::io::Error| unreachable(&server, &error);
        let connecting = TcpStream::connect((address.host.as_str(), address.port));
        let stream = in_time(&server, deadline, connecting).await?.map_err(fault)?;
        stream.set_nodelay(true).map_err(fault)?;
        let stream = match address.transport {
            Transport::Tls => stream,
            Transport::Plain => return Ok(Self::over(Box::new(stream), server, patience)),
            Transport::StartTls => begin_tls(stream, &server, patience).await?,
        };
        let name =
            ServerName::try_from(address.host.clone()).map_err(|error| unreachable(&server, &error))?;
        let connector = TlsConnector::from(Arc::clone(tls));
        let connecting = connector.connect(name, stream);
        let stream = in_time(&server, deadline, connecting).await?.map_err(fault)?;
        Ok(Self::over(Box::new(stream), server, patience))
    }
}

impl<S: Stream> Connection<S> {
    fn over(stream: S, server: String, patience: Duration) -> Self {
        Self {
            stream,
            server,
            read: Vec::new(),
            last: 0,
            patience,
        }
    }

    /// Shows who asks. An empty password would ask as nobody and is refused here already.
    pub(crate) async fn bind(&mut self, name: &str, password: &str) -> Result<Outcome, DirectoryError> {
        if name.is_empty() != password.is_empty() {
            return Ok(Outcome {
                code: code::INVALID_CREDENTIALS,
                told: String::new(),
            });
        }
        let deadline = self.ask(&Request::Bind(name, password)).await?;
        match self.answer(deadline, &mut 0).await? {
            Response::Bound(outcome) => Ok(outcome),
            _ => Err(self.malformed()),
        }
    }

    /// Looks for entries. What other servers are named is left alone.
    pub(crate) async fn search(&mut self, search: Search<'_>) -> Result<Found, DirectoryError> {
        let deadline = self.ask(&Request::Search(search)).await?;
        let mut found = Found::default();
        let mut taken = 0;
        loop {
            match self.answer(deadline, &mut taken).await? {
                Response::Entry(entry) => found.entries.push(entry),
                Response::Reference | Response::Other => {}
                Response::Found(outcome) => {
                    found.more = match outcome.code {
                        code::SUCCESS => false,
                        code::SIZE_LIMIT => true,
                        code::NO_SUCH_OBJECT => {
                            let name = search.base.to_owned();
                            return Err(DirectoryError::NoEntry { name });
                        }
                        _ => return Err(self.refused("search", outcome)),
                    };
                    return Ok(found);
                }
                Response::Bound(_) | Response::Extended(_) => return Err(self.malformed()),
            }
            if found.entries.len() > search.entries as usize {
                return Err(self.fault("it sends more entries than were asked for"));
            }
        }
    }

    /// Ends the connection. A server that is gone needs no farewell.
    pub(crate) async fn close(mut self) {
        let id = self.last + 1;
        let goodbye = async {
            self.stream.write_all(&Request::Unbind.write(id)).await?;
            self.stream.shutdown().await
        };
        let _closed = tokio::time::timeout(Duration::from_millis(200), goodbye).await;
    }

    /// An outcome that is no success, as an error of whoever asked `what`.
    pub(crate) fn refused(&self, what: &'static str, outcome: Outcome) -> DirectoryError {
        match outcome.code {
            code::BUSY | code::UNAVAILABLE | code::TIME_LIMIT => self.fault(&format!(
                "it says that it cannot answer now (code {})",
                outcome.code
            )),
            number => DirectoryError::Refused {
                server: self.server.clone(),
                what,
                code: number,
                reason: match number {
                    code::REFERRAL => "it refers to another server, which is not followed".to_owned(),
                    _ => plain(&outcome.told),
                },
            },
        }
    }

    fn fault(&self, reason: &str) -> DirectoryError {
        DirectoryError::Unreachable {
            server: self.server.clone(),
            reason: reason.to_owned(),
        }
    }

    fn malformed(&self) -> DirectoryError {
        self.fault(&ber::Malformed.to_string())
    }

    /// Sends a request, and gives back until when its answer is waited for.
    async fn ask(&mut self, request: &Request<'_>) -> Result<Instant, DirectoryError> {
        self.last += 1;
        let deadline = Instant::now() + self.patience;
        let bytes = zeroize::Zeroizing::new(request.write(self.last));
        let sending = async {
            self.stream.write_all(&bytes).await?;
            self.stream.flush().await
        };
        let sent = in_time(&self.server, deadline, sending).await?;
        sent.map_err(|error| unreachable(&self.server, &error))?;
        Ok(deadline)
    }

    /// The next answer to the last request; `taken` counts its bytes.
    async fn answer(&mut self, deadline: Instant, taken: &mut usize) -> Result<Response, DirectoryError> {
        loop {
            let message = self.message(deadline).await?;
            *taken += message.len();
            if *taken > ANSWER {
                return Err(self.fault("its answer is too long"));
            }
            let (id, response) = Response::read(&message).map_err(|_| self.malformed())?;
            match id {
                id if id == self.last => return Ok(response),
                // Said without being asked: it is about to close the connection (RFC 4511, section 4.4.1).
                0 => return Err(self.fault("it ends the connection")),
                // Something left over of an earlier request.
                _ => {}
            }
        }
    }

    /// The next whole message.
    async fn message(&mut self, deadline: Instant) -> Result<Vec<u8>, DirectoryError> {
        loop {
            if self.read.first().is_some_and(|first| *first != ber::SEQUENCE) {
                return Err(self.malformed());
            }
            match ber::length(&self.read).map_err(|_| self.malformed())? {
                Some(length) if length > MESSAGE => return Err(self.fault("its answer is too long")),
                Some(length) if length <= self.read.len() => {
                    let rest = self.read.split_off(length);
                    return Ok(std::mem::replace(&mut self.read, rest));
                }
                _ => {}
            }
            let reading = self.stream.read_buf(&mut self.read);
            let read = in_time(&self.server, deadline, reading).await?;
            if read.map_err(|error| unreachable(&self.server, &error))? == 0 {
                return Err(self.fault("it has closed the connection"));
            }
        }
    }
}

/// Has a server begin TLS on this connection (RFC 4511, section 4.14).
async fn begin_tls(stream: TcpStream, server: &str, patience: Duration) -> Result<TcpStream, DirectoryError> {
    let mut connection = Connection::over(stream, server.to_owned(), patience);
    let deadline = connection.ask(&Request::StartTls).await?;
    match connection.answer(deadline, &mut 0).await? {
        Response::Extended(outcome) if outcome.code == code::SUCCESS => {}
        Response::Extended(outcome) => return Err(connection.refused("StartTLS", outcome)),
        _ => return Err(connection.malformed()),
    }
    // Whoever is in between could have put words of its own here, to be taken for the server's under TLS.
    if !connection.read.is_empty() {
        return Err(connection.fault("it says more before TLS than it was asked"));
    }
    Ok(connection.stream)
}

/// What comes before `deadline`.
async fn in_time<T>(
    server: &str,
    deadline: Instant,
    coming: impl Future<Output = T>,
) -> Result<T, DirectoryError> {
    timeout_at(deadline, coming)
        .await
        .map_err(|_| DirectoryError::Unreachable {
            server: server.to_owned(),
            reason: "no answer in time".to_owned(),
        })
}

fn unreachable(server: &str, error: &dyn std::fmt::Display) -> DirectoryError {
    DirectoryError::Unreachable {
        server: server.to_owned(),
        reason: error.to_string(),
    }
}

/// A server's own words, as far as they can stand in a line.
fn plain(told: &str) -> String {
    told.chars().filter(|c| !c.is_control()).take(200).collect()
}
