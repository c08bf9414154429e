//! The server of names: a process of its own that answers for `*.modeles.test`, counts what it is asked, and fails at times.
//!
//! It speaks as much of RFC 1035 as a stub resolver needs: one question, one answer of type A.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::journal::Journal;
use crate::random::Random;

/// The domain of all targets.
pub(crate) const DOMAIN: &str = "modeles.test";

/// Where nobody listens.
const NOBODY: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 9);

/// How the names of targets fare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Manner {
    /// They are found.
    Found,
    /// Now and then no server of names knows them.
    Lost,
    /// Now and then they lead to a closed port.
    Closed,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Names {
    #[arg(long)]
    seed: u64,
    /// Where what it is asked is noted.
    #[arg(long)]
    journal: PathBuf,
    /// `name=manner`, for each that is known.
    #[arg(long)]
    name: Vec<String>,
}

/// A question that was asked.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Asked {
    pub(crate) name: String,
    pub(crate) fails: bool,
}

const OF_ADDRESS: u16 = 1;
const SERVER_FAILURE: u8 = 2;
const NO_SUCH_NAME: u8 = 3;

pub(crate) fn serve(names: &Names) -> Result<()> {
    crate::alone::end_with_parent();
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 53)).context("cannot bind port 53")?;
    let mut journal = Journal::open(&names.journal)?;
    let known: BTreeMap<String, &str> = names
        .name
        .iter()
        .filter_map(|known| known.split_once('='))
        .map(|(name, manner)| (format!("{name}.{DOMAIN}"), manner))
        .collect();
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    let mut packet = [0; 512];
    loop {
        let (length, from) = socket.recv_from(&mut packet)?;
        let Some(question) = Question::parse(&packet[..length]) else {
            continue;
        };
        let manner = known.get(&question.name).copied();
        let time = times.entry(question.name.clone()).or_default();
        // The two questions for one name, of an address in either version, are one look-up.
        let fails = matches!(manner, Some("lost" | "closed"))
            && Random::of(names.seed, &[&question.name, &time.to_string()]).percent(40);
        if question.kind == OF_ADDRESS {
            *time += 1;
            journal.note(&Asked {
                name: question.name.clone(),
                fails,
            })?;
        }
        let answer = match (manner, fails) {
            (None, _) => question.refuse(NO_SUCH_NAME),
            (Some("lost"), true) if time.is_multiple_of(2) => question.refuse(NO_SUCH_NAME),
            (Some("lost"), true) => question.refuse(SERVER_FAILURE),
            (Some(_), true) => question.answer(NOBODY),
            (Some(_), false) => question.answer(Ipv4Addr::LOCALHOST),
        };
        socket.send_to(&answer, from)?;
    }
}

struct Question {
    id: [u8; 2],
    name: String,
    kind: u16,
    /// As it was asked, which the answer repeats.
    bytes: Vec<u8>,
}

impl Question {
    fn parse(packet: &[u8]) -> Option<Self> {
        let id = packet.get(..2)?.try_into().ok()?;
        let mut at = 12;
        let mut labels = Vec::new();
        loop {
            let length = usize::from(*packet.get(at)?);
            at += 1;
            if length == 0 {
                break;
            }
            labels.push(String::from_utf8_lossy(packet.get(at..at + length)?).to_lowercase());
            at += length;
        }
        let kind = u16::from_be_bytes(packet.get(at..at + 2)?.try_into().ok()?);
        let bytes = packet.get(12..at + 4)?.to_vec();
        Some(Self {
            id,
            name: labels.join("."),
            kind,
            bytes,
        })
    }

    fn head(&self, code: u8, answers: u8) -> Vec<u8> {
        let mut head = self.id.to_vec();
        head.extend([0x81, 0x80 | code, 0, 1, 0, answers, 0, 0, 0, 0]);
        head.extend(&self.bytes);
        head
    }

    fn refuse(&self, code: u8) -> Vec<u8> {
        self.head(code, 0)
    }

    fn answer(&self, address: Ipv4Addr) -> Vec<u8> {
        if self.kind != OF_ADDRESS {
            return self.head(0, 0);
        }
        let mut answer = self.head(0, 1);
        // The name of the question, type A, class IN, no time to live, four bytes.
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]);
        answer.extend(address.octets());
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_read_and_answered() {
        let packet =
            b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x02T0\x07modeles\x04test\x00\x00\x01\x00\x01";
        let question = Question::parse(packet).unwrap();
        assert_eq!(
            (question.name.as_str(), question.kind),
            ("t0.modeles.test", OF_ADDRESS)
        );
        let answer = question.answer(Ipv4Addr::LOCALHOST);
        assert_eq!(answer[..4], [0x12, 0x34, 0x81, 0x80]);
        assert!(answer.ends_with(&[127, 0, 0, 1]));
        assert_eq!(question.refuse(NO_SUCH_NAME)[3], 0x83);
        for end in 0..packet.len() {
            assert!(Question::parse(&packet[..end]).is_none());
        }
    }
}
