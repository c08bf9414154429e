//! C2SP signed notes: a text and the signature lines under it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::TextFault;
use super::key::{VerifierKey, is_key_name};

/// The most signature lines read; the specification asks for at least 16.
const MAX_SIGNATURES: usize = 100;

/// A signed note whose signatures were not looked at yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedNote<'a> {
    /// The signed text, with its final newline.
    pub text: &'a str,
    signatures: Vec<NoteSignature<'a>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct NoteSignature<'a> {
    name: &'a str,
    id: u32,
    bytes: Vec<u8>,
}

impl<'a> SignedNote<'a> {
    /// Reads a note.
    ///
    /// # Errors
    ///
    /// When it is written otherwise than the specification says.
    pub fn parse(note: &'a str) -> Result<Self, TextFault> {
        let line_of = |at: usize| note[..at].matches('\n').count() + 1;
        if let Some(at) = note.find(|c: char| c < ' ' && c != '\n') {
            return Err(fault(line_of(at), "control characters are not allowed"));
        }
        let at = note
            .rfind("\n\n")
            .ok_or(fault(1, "no blank line before the signatures"))?;
        let text = &note[..=at];
        let first = line_of(at) + 2;
        let lines = note[at + 2..]
            .strip_suffix('\n')
            .ok_or(fault(first, "no signature line that ends in a newline"))?;
        let signatures = lines
            .split('\n')
            .enumerate()
            .map(|(number, line)| signature_line(line).map_err(|reason| fault(first + number, reason)))
            .collect::<Result<Vec<_>, _>>()?;
        if signatures.len() > MAX_SIGNATURES {
            return Err(fault(first + MAX_SIGNATURES, "too many signatures"));
        }
        Ok(Self { text, signatures })
    }

    /// Whether `key` signed the text: at least one signature is under its name and id, and every such one is
    /// right. Signatures of other keys do not count.
    pub fn is_signed_by(&self, key: &VerifierKey) -> bool {
        let mut own = self
            .signatures
            .iter()
            .filter(|signature| signature.name == key.name() && signature.id == key.id())
            .peekable();
        own.peek().is_some() && own.all(|signature| key.is_signature_of(self.text, &signature.bytes))
    }
}

fn signature_line(line: &str) -> Result<NoteSignature<'_>, &'static str> {
    let (name, encoded) = line
        .strip_prefix("\u{2014} ")
        .and_then(|rest| rest.split_once(' '))
        .ok_or("a signature line is a dash, a name and a signature")?;
    if !is_key_name(name) {
        return Err("the name of a key is empty or holds spaces or plus signs");
    }
    let bytes = STANDARD
        .decode(encoded)
        .map_err(|_| "the signature is not base64")?;
    let (id, signature) = bytes.split_first_chunk().ok_or("the signature is too short")?;
    if signature.is_empty() {
        return Err("the signature is too short");
    }
    Ok(NoteSignature {
        name,
        id: u32::from_be_bytes(*id),
        bytes: signature.to_vec(),
    })
}

fn fault(line: usize, reason: &'static str) -> TextFault {
    TextFault {
        what: "signed note",
        line,
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::super::key::SigningKey;
    use super::*;

    // Written by golang.org/x/mod/sumdb/note (`tests/fsck`).
    const GO_PUBLIC: &str = "example.org/log+5e2cef00+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs";
    const GO_NOTE: &str = "A note.\nOf two lines.\n\n\
        \u{2014} example.org/log XizvABYzqiwrwMLL0hbYCPqmta9H+Zo8sOcEaYmvVk+3Vtb1n9ZFqA/HIzCIx19kQGSemU50d2Z4ZrvV6EUGUR2oOwI=\n";

    #[test]
    fn the_note_of_go_is_verified() {
        let key: VerifierKey = GO_PUBLIC.parse().unwrap();
        let note = SignedNote::parse(GO_NOTE).unwrap();
        assert!(note.is_signed_by(&key));
        assert_eq!(note.text.lines().count(), 2);
        let changed = GO_NOTE.replace("two", "six");
        assert!(!SignedNote::parse(&changed).unwrap().is_signed_by(&key));
    }

    #[test]
    fn foreign_signatures_neither_help_nor_harm() {
        let (ours, theirs) = (
            SigningKey::generate("a").unwrap(),
            SigningKey::generate("b").unwrap(),
        );
        let text = "text\n";
        let both = format!(
            "{}{}",
            ours.sign_note(text),
            &theirs.sign_note(text)[text.len() + 1..]
        );
        let note = SignedNote::parse(&both).unwrap();
        assert!(note.is_signed_by(&ours.verifier()) && note.is_signed_by(&theirs.verifier()));
        let stranger = SigningKey::generate("a").unwrap().verifier();
        assert!(!note.is_signed_by(&stranger));
        // A second, wrong signature under the known key spoils the note.
        let spoiled = format!(
            "{}{}",
            ours.sign_note(text),
            &ours.sign_note("other\n")["other\n".len() + 1..]
        );
        assert!(
            !SignedNote::parse(&spoiled)
                .unwrap()
                .is_signed_by(&ours.verifier())
        );
    }

    #[test]
    fn faults_name_the_line() {
        let check = |note: &str, line, reason| {
            assert_eq!(SignedNote::parse(note), Err(fault(line, reason)), "{note:?}");
        };
        check("", 1, "no blank line before the signatures");
        check("a\tb\n", 1, "control characters are not allowed");
        check("a\nb\r\n", 2, "control characters are not allowed");
        check("a\n\n", 3, "no signature line that ends in a newline");
        check(
            "a\n\n- k AAAAAAA=\n",
            3,
            "a signature line is a dash, a name and a signature",
        );
        check(
            "a\n\n\u{2014} k AAAAAAA=\n\u{2014} k ?\n",
            4,
            "the signature is not base64",
        );
        check("a\n\n\u{2014} k AAAA\n", 3, "the signature is too short");
        check("a\n\n\u{2014} k AAAAAA==\n", 3, "the signature is too short");
    }
}
