//! Records as the journal holds them: a length, a check, a running number, and the fields one after the other.
//!
//! ```text
//! length of the rest  u32   | check  8 bytes of SHA-256 over what follows | number  u64 | kind  u8 | fields
//! ```
//!
//! Numbers are little-endian. A text is preceded by its length (u32); one that may be missing by a byte that is 0 or 1.

use trousseau_core::digest::Digest;
use trousseau_core::principal::Tenant;
use trousseau_entries::commitment::Secret;
use trousseau_entries::name::EntryId;

use crate::rows::{KeepRow, OpenRow};

const OPEN: u8 = 1;
const KEEP: u8 = 2;

/// The bytes before the number.
const HEAD: usize = 12;

/// What a frame holds.
#[derive(Debug, PartialEq, Eq)]
pub enum Framed {
    /// A decision.
    Open(Box<OpenRow>),
    /// What the calls brought.
    Keep(Box<KeepRow>),
}

/// Appends a frame to `bytes`.
pub fn put(bytes: &mut Vec<u8>, number: u64, framed: FramedRef<'_>) {
    let start = bytes.len();
    bytes.extend_from_slice(&[0; HEAD]);
    bytes.extend_from_slice(&number.to_le_bytes());
    match framed {
        FramedRef::Open(row) => put_open(bytes, row),
        FramedRef::Keep(row) => put_keep(bytes, row),
    }
    let rest = &bytes[start + HEAD..];
    let (length, check) = (rest.len() as u32, check(rest));
    bytes[start..start + 4].copy_from_slice(&length.to_le_bytes());
    bytes[start + 4..start + HEAD].copy_from_slice(&check);
}

/// What is to be framed.
#[derive(Clone, Copy, Debug)]
pub enum FramedRef<'a> {
    /// A decision.
    Open(&'a OpenRow),
    /// What the calls brought.
    Keep(&'a KeepRow),
}

fn put_open(bytes: &mut Vec<u8>, row: &OpenRow) {
    bytes.push(OPEN);
    put_row(bytes, &row.tenant, &row.entry);
    bytes.extend_from_slice(&row.created.to_le_bytes());
    put_text(bytes, &row.actor);
    put_optional(bytes, row.conversation.as_deref());
    put_text(bytes, &row.route);
    put_text(bytes, &row.label);
    bytes.extend_from_slice(&row.secret.0);
    for text in [&row.question, &row.messages, &row.passages, &row.decision] {
        put_text(bytes, text);
    }
    // What was written before there were branches ends here, and so does what follows nothing.
    if let Some(parent) = &row.parent {
        put_text(bytes, parent);
    }
}

fn put_keep(bytes: &mut Vec<u8>, row: &KeepRow) {
    bytes.push(KEEP);
    put_row(bytes, &row.tenant, &row.entry);
    let (target, model) = row
        .made_by
        .as_ref()
        .map(|(target, model)| (target, model))
        .unzip();
    let (answer, digest) = row
        .answer
        .as_ref()
        .map(|(answer, digest)| (answer, digest))
        .unzip();
    for text in [target, model, answer, digest, row.usage.as_ref()] {
        put_optional(bytes, text.map(String::as_str));
    }
    for text in [&row.attempts, &row.citations, &row.label] {
        put_text(bytes, text);
    }
    // What was written before reasoning was kept ends here, and so does what has none; before seams, the empty one is none.
    if row.reasoning.is_some() || row.seams.is_some() {
        put_text(bytes, row.reasoning.as_deref().unwrap_or_default());
    }
    if let Some(seams) = &row.seams {
        put_text(bytes, seams);
    }
}

fn put_row(bytes: &mut Vec<u8>, tenant: &Tenant, entry: &EntryId) {
    put_text(bytes, tenant.as_str());
    put_text(bytes, &entry.replica);
    bytes.extend_from_slice(&entry.index.to_le_bytes());
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

fn put_optional(bytes: &mut Vec<u8>, text: Option<&str>) {
    bytes.push(u8::from(text.is_some()));
    if let Some(text) = text {
        put_text(bytes, text);
    }
}

fn check(rest: &[u8]) -> [u8; 8] {
    let Digest([a, b, c, d, e, f, g, h, ..]) = Digest::of(rest);
    [a, b, c, d, e, f, g, h]
}

/// Takes the frames off the beginning of `bytes`, up to the first that is not whole.
pub fn read(bytes: &[u8]) -> Vec<(u64, Framed)> {
    let (mut taker, mut found) = (Taker(bytes), Vec::new());
    while let Some(frame) = taker.frame() {
        found.push(frame);
    }
    found
}

/// What has not been read yet.
struct Taker<'a>(&'a [u8]);

impl<'a> Taker<'a> {
    fn frame(&mut self) -> Option<(u64, Framed)> {
        let length = self.length()?;
        let expected: [u8; 8] = self.array()?;
        let rest = self.bytes(length)?;
        if check(rest) != expected {
            return None;
        }
        let mut rest = Taker(rest);
        let number = u64::from_le_bytes(rest.array()?);
        let [kind] = rest.array()?;
        let framed = match kind {
            OPEN => Framed::Open(Box::new(rest.open()?)),
            KEEP => Framed::Keep(Box::new(rest.keep()?)),
            _ => return None,
        };
        rest.0.is_empty().then_some((number, framed))
    }

    fn open(&mut self) -> Option<OpenRow> {
        let (tenant, entry) = self.row()?;
        Some(OpenRow {
            tenant,
            entry,
            created: i64::from_le_bytes(self.array()?),
            actor: self.text()?,
            conversation: self.optional()?,
            route: self.text()?,
            label: self.text()?,
            secret: Secret(self.array()?),
            question: self.text()?,
            messages: self.text()?,
            passages: self.text()?,
            decision: self.text()?,
            parent: self.last()?,
        })
    }

    fn keep(&mut self) -> Option<KeepRow> {
        let (tenant, entry) = self.row()?;
        let (target, model) = (self.optional()?, self.optional()?);
        let (answer, digest) = (self.optional()?, self.optional()?);
        Some(KeepRow {
            tenant,
            entry,
            made_by: target.zip(model),
            answer: answer.zip(digest),
            usage: self.optional()?,
            attempts: self.text()?,
            citations: self.text()?,
            label: self.text()?,
            reasoning: self.last()?.filter(|reasoning| !reasoning.is_empty()),
            seams: self.last()?,
        })
    }

    /// A text that stands at the end or not at all.
    fn last(&mut self) -> Option<Option<String>> {
        match self.0.is_empty() {
            true => Some(None),
            false => self.text().map(Some),
        }
    }

    fn row(&mut self) -> Option<(Tenant, EntryId)> {
        let tenant = Tenant::new(self.text()?).ok()?;
        let replica = self.text()?;
        let index = u64::from_le_bytes(self.array()?);
        Some((tenant, EntryId { replica, index }))
    }

    fn optional(&mut self) -> Option<Option<String>> {
        match self.array()? {
            [0] => Some(None),
            [1] => self.text().map(Some),
            _ => None,
        }
    }

    fn text(&mut self) -> Option<String> {
        let length = self.length()?;
        String::from_utf8(self.bytes(length)?.to_vec()).ok()
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(u32::from_le_bytes(self.array()?)).ok()
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn write(bytes: &mut Vec<u8>, number: u64, framed: &Framed) {
        let framed = match framed {
            Framed::Open(row) => FramedRef::Open(row),
            Framed::Keep(row) => FramedRef::Keep(row),
        };
        put(bytes, number, framed);
    }

    fn open(index: u64, question: &str, conversation: Option<String>, parent: Option<&str>) -> Framed {
        Framed::Open(Box::new(OpenRow {
            tenant: Tenant::default(),
            entry: EntryId {
                replica: "main".to_owned(),
                index,
            },
            created: -3,
            actor: "alice".to_owned(),
            conversation,
            route: "documents".to_owned(),
            label: "internal".to_owned(),
            secret: Secret([7; 32]),
            question: question.to_owned(),
            messages: "[]".to_owned(),
            passages: "[]".to_owned(),
            decision: "{}".to_owned(),
            parent: parent.map(str::to_owned),
        }))
    }

    fn keep(index: u64, answer: Option<String>, reasoning: Option<String>, seams: Option<String>) -> Framed {
        Framed::Keep(Box::new(KeepRow {
            tenant: Tenant::default(),
            entry: EntryId {
                replica: "main".to_owned(),
                index,
            },
            made_by: answer.as_ref().map(|_| ("local".to_owned(), "m".to_owned())),
            attempts: "[]".to_owned(),
            answer: answer.map(|answer| (answer, "0a".repeat(32))),
            citations: "[]".to_owned(),
            usage: None,
            reasoning,
            seams,
            label: "internal".to_owned(),
        }))
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_and_a_torn_end_is_left(
            question in ".{0,40}",
            conversation in proptest::option::of("[a-f0-9]{8}"),
            answer in proptest::option::of(".{0,40}"),
            reasoning in proptest::option::of(".{1,40}"),
            seams in proptest::option::of(".{0,40}"),
            torn in 0usize..400,
        ) {
            let writes = [open(4, &question, conversation, None), keep(4, answer, reasoning, seams), open(5, &question, None, Some("main/4"))];
            let (mut bytes, mut ends) = (Vec::new(), Vec::new());
            for (number, framed) in writes.iter().enumerate() {
                write(&mut bytes, number as u64 + 9, framed);
                ends.push(bytes.len());
            }
            let shown = |found: &[(u64, Framed)]| format!("{found:?}");
            let whole: Vec<(u64, Framed)> = read(&bytes);
            prop_assert_eq!(whole.len(), 3);
            prop_assert_eq!(whole[2].0, 11);
            for ((_, found), framed) in whole.iter().zip(&writes) {
                prop_assert_eq!(found, framed);
            }
            let cut = bytes.len().saturating_sub(torn);
            let kept = ends.iter().filter(|end| **end <= cut).count();
            prop_assert_eq!(shown(&read(&bytes[..cut])), shown(&whole[..kept]));
        }

        #[test]
        fn a_changed_byte_ends_the_reading(at in 0usize..1000, flip in 1u8..) {
            let mut bytes = Vec::new();
            write(&mut bytes, 1, &open(4, "Oui ?", None, Some("main/2")));
            write(&mut bytes, 2, &keep(4, Some("Oui.".to_owned()), Some("{}".to_owned()), Some("[]".to_owned())));
            let at = at % bytes.len();
            bytes[at] ^= flip;
            prop_assert!(read(&bytes).len() < 2);
        }

        #[test]
        fn anything_is_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            read(&bytes);
        }
    }
}
