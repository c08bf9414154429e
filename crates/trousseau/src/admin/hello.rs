//! The first and, where a call is not answered, the last thing said on the admin socket.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::console::Screen;
use crate::messages::Language;

/// The version of this protocol. The fields `protocol` and `version` of [`Hello`] and [`Refused`] never change, so
/// that two programs always understand that they do not understand each other.
pub(crate) const PROTOCOL: u32 = 1;

/// Who calls, and what was typed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Hello {
    /// The protocol the client speaks.
    pub protocol: u32,
    /// The client's version.
    pub version: String,
    /// What was typed, the program's name included.
    pub arguments: Vec<Typed>,
    /// The folder it was typed in.
    pub folder: Typed,
    /// The configuration file that was named, if any.
    pub config: Option<Typed>,
    /// The language to answer in.
    pub language: Language,
    /// What the client's terminal can show.
    pub screen: Screen,
}

/// What every version of [`Hello`] and [`Refused`] has.
#[derive(Debug, Deserialize)]
pub(crate) struct Greeting {
    /// The protocol that is spoken.
    pub protocol: u32,
    /// The version of the program.
    pub version: String,
}

/// Why a call is not answered.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Refused {
    /// The protocol the server speaks.
    pub protocol: u32,
    /// The server's version.
    pub version: String,
    /// Why.
    pub reason: Reason,
}

/// Why a call is not answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", content = "detail", rename_all = "kebab-case")]
pub(crate) enum Reason {
    /// The client speaks another version of the protocol.
    Protocol,
    /// The client is neither the server's user nor root.
    Stranger,
    /// The client names another configuration than the server's, which is this one.
    Config(Option<String>),
    /// As many commands as may be are running.
    Busy,
    /// What was sent is not what the protocol says.
    Garbled,
    /// A reason of a later version.
    #[serde(other)]
    Unknown,
}

/// A word of the command line: any bytes, as JSON can say them.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Typed {
    /// One that is UTF-8.
    Text(String),
    /// One that is not.
    Bytes(Vec<u8>),
}

impl From<&OsStr> for Typed {
    fn from(word: &OsStr) -> Self {
        match word.to_str() {
            Some(text) => Self::Text(text.to_owned()),
            None => Self::Bytes(word.as_bytes().to_vec()),
        }
    }
}

impl From<Typed> for OsString {
    fn from(typed: Typed) -> Self {
        match typed {
            Typed::Text(text) => text.into(),
            Typed::Bytes(bytes) => Self::from_vec(bytes),
        }
    }
}

impl From<Typed> for PathBuf {
    fn from(typed: Typed) -> Self {
        OsString::from(typed).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_are_no_text_come_through() {
        let word = OsStr::from_bytes(b"caf\xe9.txt");
        let sent = serde_json::to_string(&Typed::from(word)).unwrap();
        let received: Typed = serde_json::from_str(&sent).unwrap();
        assert_eq!(OsString::from(received), word);
    }
}
