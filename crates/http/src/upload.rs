//! A file on its way in: a form read piece by piece, its bytes written as they come.
//!
//! No file is ever whole in memory. A client must keep up a pace: it gets the time of any body, and more for each byte
//! that it has sent.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;
use tokio::time::{Instant, timeout_at};
use trousseau_core::digest::Digest;
use trousseau_core::error::Explain as _;
use trousseau_core::label::Label;
use trousseau_retrieval::library::blocking;
use trousseau_retrieval::store::FileRow;
use trousseau_retrieval::uploads::{FileName, Incoming};
use trousseau_wire::Fault;
use trousseau_wire::server::multipart::{Decoder, Part, Piece, boundary};

use super::query::invalid;
use super::refusal::Refusal;
use super::{Caller, HttpError, Server};
use trousseau_gateway::error::GatewayError;

/// The least pace of a client, in bytes per second.
const PACE: u64 = 16 << 10;

/// How much of a file is written at once, in bytes.
const WRITE: usize = 256 << 10;

/// The most bytes of a form beside its file.
const REST: u64 = 16 << 10;

/// The longest value of a field, in bytes.
const FIELD: usize = 1 << 10;

/// What a file may be given for. The others are for OpenAI's own services.
const PURPOSES: [&str; 2] = ["assistants", "user_data"];

/// Takes in the file of a form and keeps it as `caller`'s.
pub(super) async fn receive(
    server: &Arc<Server>,
    caller: Caller,
    headers: &HeaderMap,
    body: Body,
    label: Label,
) -> Result<FileRow, Refusal> {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let boundary = boundary(kind)
        .map_err(|fault| Refusal::from(fault).with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE))?;
    let limit = server.gateway.plan().settings.limits.file_bytes;
    let declared = headers.get(header::CONTENT_LENGTH);
    let declared = declared.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limit.saturating_add(REST)) {
        return Err(HttpError::BodyTooLarge { limit }.into());
    }
    let mut form = Form {
        server: Arc::clone(server),
        caller,
        field: Field::None,
        purpose: None,
        file: None,
    };
    form.read(body, &boundary).await?;
    form.keep(label).await
}

/// A form that is being read.
struct Form {
    server: Arc<Server>,
    caller: Caller,
    field: Field,
    purpose: Option<String>,
    file: Option<Arriving>,
}

/// The field that is being read.
enum Field {
    None,
    Purpose(Vec<u8>),
    File,
}

/// The file of the form.
struct Arriving {
    id: String,
    name: FileName,
    incoming: Incoming,
    /// What is not written yet.
    buffer: Vec<u8>,
    checked: bool,
}

impl Form {
    async fn read(&mut self, mut body: Body, boundary: &str) -> Result<(), Refusal> {
        let (began, time) = (Instant::now(), self.server.settings.limits.body);
        let ended = self.caller.ended.clone();
        let mut decoder = Decoder::new(boundary);
        let mut came = 0;
        loop {
            let allowed = time + Duration::from_secs(came / PACE);
            let next = ended.run_until_cancelled(timeout_at(began + allowed, body.frame()));
            let frame = match next.await {
                None => return Err(HttpError::NoCredentials.into()),
                Some(Err(_)) => {
                    let seconds = allowed.as_secs();
                    return Err(HttpError::BodySlow { seconds }.into());
                }
                Some(Ok(None)) if decoder.is_over() => return Ok(()),
                Some(Ok(None | Some(Err(_)))) => return Err(HttpError::BodyCut.into()),
                Some(Ok(Some(Ok(frame)))) => frame,
            };
            let Ok(data) = frame.into_data() else {
                continue;
            };
            came += data.len() as u64;
            for piece in decoder.push(&data)? {
                self.take(piece).await?;
            }
            self.check_size(came)?;
        }
    }

    async fn take(&mut self, piece: Piece) -> Result<(), Refusal> {
        match piece {
            Piece::Part(part) => self.begin(part).await,
            Piece::Data(data) => match &mut self.field {
                Field::Purpose(value) if value.len() + data.len() <= FIELD => {
                    value.extend(data);
                    Ok(())
                }
                Field::Purpose(_) => Err(invalid("purpose", "too long").into()),
                Field::File => self.write(&data).await,
                Field::None => Ok(()),
            },
            Piece::End => self.end(),
        }
    }

    /// Begins a field. What cannot be honoured is refused by name.
    async fn begin(&mut self, part: Part) -> Result<(), Refusal> {
        match (part.name.as_str(), part.filename) {
            ("purpose", None) => self.field = Field::Purpose(Vec::new()),
            ("file", Some(_)) if self.file.is_some() => {
                return Err(invalid("file", "one file is wanted").into());
            }
            ("file", Some(name)) => {
                let name = FileName::new(&name).map_err(|error| invalid("file", &error.to_string()))?;
                let limit = self.server.settings.limits.files;
                let begun = self
                    .server
                    .gateway
                    .begin_upload(&self.caller.principal, &name, limit);
                let (id, incoming) = begun.await?;
                self.file = Some(Arriving {
                    id,
                    name,
                    incoming,
                    buffer: Vec::new(),
                    checked: false,
                });
                self.field = Field::File;
            }
            ("file", None) => return Err(invalid("file", "it has no name").into()),
            (name, _) => {
                let param = name.chars().take(64).collect();
                return Err(Fault::Unsupported { param }.into());
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Refusal> {
        if let Field::Purpose(value) = std::mem::replace(&mut self.field, Field::None) {
            let value = String::from_utf8_lossy(&value).into_owned();
            if !PURPOSES.contains(&value.as_str()) {
                return Err(invalid("purpose", "assistants or user_data is wanted").into());
            }
            self.purpose = Some(value);
        }
        Ok(())
    }

    async fn write(&mut self, data: &[u8]) -> Result<(), Refusal> {
        let Some(mut file) = self.file.take() else {
            return Ok(());
        };
        file.buffer.extend_from_slice(data);
        if file.buffer.len() >= WRITE || !file.checked {
            file = file.flush().await?;
        }
        if !file.checked && file.incoming.tells_format() {
            file.check()?;
        }
        self.file = Some(file);
        Ok(())
    }

    /// Fails when the file, or the form without it, has become too large.
    fn check_size(&self, came: u64) -> Result<(), HttpError> {
        let limit = self.server.gateway.plan().settings.limits.file_bytes;
        let file = self.file.as_ref().map_or(0, Arriving::size);
        if file > limit || came.saturating_sub(file) > REST {
            return Err(HttpError::BodyTooLarge { limit });
        }
        Ok(())
    }

    /// Keeps the file, once all of the form has come.
    async fn keep(self, label: Label) -> Result<FileRow, Refusal> {
        let missing = |param: &str| Fault::Missing {
            param: param.to_owned(),
        };
        let purpose = self.purpose.ok_or_else(|| missing("purpose"))?;
        let mut file = self.file.ok_or_else(|| missing("file"))?.flush().await?;
        file.check()?;
        let row = FileRow {
            id: file.id,
            owner: self.caller.principal.user.clone(),
            name: file.name.as_str().to_owned(),
            purpose,
            digest: Digest([0; 32]),
            size: 0,
            label,
            created: 0,
        };
        let (server, owner, incoming) = (Arc::clone(&self.server), self.caller.principal, file.incoming);
        let keeping = async move {
            let limit = server.settings.limits.files;
            server.gateway.keep_upload(&owner, incoming, row, limit).await
        };
        // A client that hangs up now has its file all the same, or nothing.
        self.server.see_through(keeping).await
    }
}

impl Arriving {
    fn size(&self) -> u64 {
        self.incoming.size() + self.buffer.len() as u64
    }

    /// Writes what is not written yet.
    async fn flush(mut self) -> Result<Self, Refusal> {
        let written = blocking(move || {
            let bytes = std::mem::take(&mut self.buffer);
            self.incoming.write(&bytes).map(|()| self)
        });
        let file = written.await.map_err(GatewayError::from)?;
        file.map_err(|error| Refusal::from(trousseau_gateway::files::FileError::from(error)))
    }

    /// Fails where no reader knows the format.
    fn check(&mut self) -> Result<(), Refusal> {
        self.checked = true;
        self.incoming.check_format(&self.name).map_err(|error| {
            let status = match error.code() {
                "extract-empty" => StatusCode::BAD_REQUEST,
                _ => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            };
            Refusal::new(error).with_status(status).about("file")
        })
    }
}
