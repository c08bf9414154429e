//! Ed25519 keys in the text form of C2SP signed notes and of Go's `sumdb/note`.

use std::fmt;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _};
use fs_err::os::unix::fs::OpenOptionsExt as _;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::TextFault;
use crate::error::{At as _, LedgerError};

/// The type byte of Ed25519 note signatures.
const ED25519: u8 = 1;

/// The key that signs a log's checkpoints.
///
/// Written as `PRIVATE+KEY+name+hash+base64`; the secret is wiped from memory when the key goes.
#[derive(Clone)]
pub struct SigningKey {
    name: String,
    secret: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// Makes a new key from the operating system's random bytes.
    ///
    /// # Errors
    ///
    /// [`LedgerError::KeyName`] for an empty name or one with spaces or plus signs; [`LedgerError::Random`].
    pub fn generate(name: &str) -> Result<Self, LedgerError> {
        if !is_key_name(name) {
            return Err(LedgerError::KeyName {
                name: name.to_owned(),
            });
        }
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut()).map_err(|error| LedgerError::Random(error.to_string()))?;
        Ok(Self {
            name: name.to_owned(),
            secret: ed25519_dalek::SigningKey::from_bytes(&seed),
        })
    }

    /// Reads the key named `name` from the file `path`, or makes it and writes it there with mode 0600.
    ///
    /// Two processes that arrive at once get the same key.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or written, holds no key or one of another name, or may be read by
    /// every user of the machine.
    pub fn load_or_create(path: &Path, name: &str) -> Result<Self, LedgerError> {
        if !path.try_exists().at(path)? {
            Self::generate(name)?.save_new(path)?;
        }
        let mode = fs_err::metadata(path).at(path)?.permissions().mode() & 0o777;
        if mode & 0o007 != 0 {
            return Err(LedgerError::KeyExposed {
                path: path.to_owned(),
                mode,
            });
        }
        let text = Zeroizing::new(fs_err::read_to_string(path).at(path)?);
        let key = Self::parse(text.trim_end()).at(path)?;
        if key.name != name {
            return Err(LedgerError::OtherKey {
                path: path.to_owned(),
                found: key.name,
                expected: name.to_owned(),
            });
        }
        Ok(key)
    }

    /// Reads `PRIVATE+KEY+name+hash+base64`.
    ///
    /// # Errors
    ///
    /// When the text is written otherwise, or the hash is not that of the key.
    pub fn parse(text: &str) -> Result<Self, TextFault> {
        let rest = text
            .strip_prefix("PRIVATE+KEY+")
            .ok_or(fault("PRIVATE+KEY+ is missing"))?;
        let (name, id, bytes) = split_key(rest)?;
        let seed: &[u8; 32] = match bytes.split_first() {
            Some((&ED25519, seed)) => seed.try_into().map_err(|_| fault("a seed has 32 bytes"))?,
            _ => return Err(fault("not an Ed25519 key")),
        };
        let key = Self {
            name: name.to_owned(),
            secret: ed25519_dalek::SigningKey::from_bytes(seed),
        };
        if key.verifier().id != id {
            return Err(fault("the hash is not that of the key"));
        }
        Ok(key)
    }

    /// The key's name, which is the log's origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The public half.
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey::new(self.name.clone(), self.secret.verifying_key())
    }

    /// Signs a text that ends in a newline, and gives back the whole signed note.
    pub(crate) fn sign_note(&self, text: &str) -> String {
        let mut signature = self.verifier().id.to_be_bytes().to_vec();
        signature.extend_from_slice(&self.secret.sign(text.as_bytes()).to_bytes());
        format!("{text}\n\u{2014} {} {}\n", self.name, STANDARD.encode(signature))
    }

    fn to_text(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(vec![ED25519]);
        bytes.extend_from_slice(self.secret.as_bytes());
        let encoded = Zeroizing::new(STANDARD.encode(bytes.as_slice()));
        let id = self.verifier().id;
        Zeroizing::new(format!(
            "PRIVATE+KEY+{}+{id:08x}+{}\n",
            self.name,
            encoded.as_str()
        ))
    }

    /// Writes the key to a file that does not exist yet; whoever was first wins.
    fn save_new(&self, path: &Path) -> Result<(), LedgerError> {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        fs_err::create_dir_all(folder).at(folder)?;
        let mut suffix = [0; 8];
        getrandom::fill(&mut suffix).map_err(|error| LedgerError::Random(error.to_string()))?;
        let draft = path.with_extension(format!("{:016x}.tmp", u64::from_be_bytes(suffix)));
        let written = fs_err::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)
            .and_then(|mut file| {
                file.write_all(self.to_text().as_bytes())?;
                file.sync_all()?;
                fs_err::hard_link(&draft, path)
            });
        // The draft may be gone or never have been; what counts is the link.
        let _ = fs_err::remove_file(&draft);
        match written {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
            other => other.at(path),
        }?;
        fs_err::File::open(folder)
            .and_then(|folder| folder.sync_all())
            .at(folder)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The public half of a [`SigningKey`], written as `name+hash+base64`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: u32,
    public: ed25519_dalek::VerifyingKey,
}

impl VerifierKey {
    fn new(name: String, public: ed25519_dalek::VerifyingKey) -> Self {
        let digest = Sha256::new()
            .chain_update(&name)
            .chain_update([b'\n', ED25519])
            .chain_update(public.as_bytes())
            .finalize();
        let id = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
        Self { name, id, public }
    }

    /// The key's name, which is the log's origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first four bytes of the key's hash, as signature lines carry it.
    pub fn id(&self) -> u32 {
        self.id
    }

    pub(crate) fn is_signature_of(&self, text: &str, signature: &[u8]) -> bool {
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.public.verify_strict(text.as_bytes(), &signature).is_ok())
    }
}

impl FromStr for VerifierKey {
    type Err = TextFault;

    fn from_str(text: &str) -> Result<Self, TextFault> {
        let (name, id, bytes) = split_key(text)?;
        let public: &[u8; 32] = match bytes.split_first() {
            Some((&ED25519, public)) => public
                .try_into()
                .map_err(|_| fault("a public key has 32 bytes"))?,
            _ => return Err(fault("not an Ed25519 key")),
        };
        let public = ed25519_dalek::VerifyingKey::from_bytes(public)
            .map_err(|_| fault("not a point of the Ed25519 curve"))?;
        let key = Self::new(name.to_owned(), public);
        if key.id != id {
            return Err(fault("the hash is not that of the key"));
        }
        Ok(key)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&[ED25519], self.public.as_bytes().as_slice()].concat();
        write!(f, "{}+{:08x}+{}", self.name, self.id, STANDARD.encode(bytes))
    }
}

/// Whether a name is not empty and holds neither spaces nor plus signs nor control characters.
pub(crate) fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}

/// Splits `name+hash+base64`.
fn split_key(text: &str) -> Result<(&str, u32, Zeroizing<Vec<u8>>), TextFault> {
    let (name, rest) = text
        .split_once('+')
        .ok_or(fault("not of the form name+hash+key"))?;
    let (id, key) = rest
        .split_once('+')
        .ok_or(fault("not of the form name+hash+key"))?;
    if !is_key_name(name) {
        return Err(fault("the name is empty or holds spaces"));
    }
    let hexadecimal = id.len() == 8 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let id = u32::from_str_radix(id, 16)
        .ok()
        .filter(|_| hexadecimal)
        .ok_or(fault("the hash has 8 digits"))?;
    let bytes = STANDARD.decode(key).map_err(|_| fault("the key is not base64"))?;
    Ok((name, id, Zeroizing::new(bytes)))
}

fn fault(reason: &'static str) -> TextFault {
    TextFault {
        what: "key",
        line: 1,
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Written by golang.org/x/mod/sumdb/note from a seed of 32 times the byte 7 (`tests/fsck`).
    const GO_SECRET: &str =
        "PRIVATE+KEY+example.org/log+5e2cef00+AQcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";
    const GO_PUBLIC: &str = "example.org/log+5e2cef00+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs";

    #[test]
    fn the_keys_of_go_are_read() {
        let key = SigningKey::parse(GO_SECRET).unwrap();
        assert_eq!(key.verifier().to_string(), GO_PUBLIC);
        assert_eq!(GO_PUBLIC.parse::<VerifierKey>().unwrap(), key.verifier());
        assert_eq!(key.to_text().trim_end(), GO_SECRET);
        assert!(!format!("{key:?}").contains("BwcHBw"));
    }

    #[test]
    fn a_key_is_made_once_and_kept_from_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/log.key");
        let made = SigningKey::load_or_create(&path, "example.org/log").unwrap();
        let read = SigningKey::load_or_create(&path, "example.org/log").unwrap();
        assert_eq!(made.verifier(), read.verifier());
        assert_eq!(
            fs_err::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(fs_err::read_dir(path.parent().unwrap()).unwrap().count(), 1);

        let other = SigningKey::load_or_create(&path, "example.org/other").unwrap_err();
        assert_eq!(other.code(), "ledger-other-key");
        fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let exposed = SigningKey::load_or_create(&path, "example.org/log").unwrap_err();
        assert_eq!(exposed.code(), "ledger-key-exposed");
    }

    #[test]
    fn wrong_keys_are_refused_with_the_reason() {
        let check = |text: &str, reason| assert_eq!(text.parse::<VerifierKey>().unwrap_err().reason, reason);
        check("", "not of the form name+hash+key");
        check("a+b", "not of the form name+hash+key");
        check("a b+c74f20a3+AQ==", "the name is empty or holds spaces");
        check("a+c74f20+AQ==", "the hash has 8 digits");
        check("a++c74f20a+AQ==", "the hash has 8 digits");
        check("a+c74f20a3+?", "the key is not base64");
        check("a+c74f20a3+Ag==", "not an Ed25519 key");
        check("a+c74f20a3+AQ==", "a public key has 32 bytes");
        check(
            &GO_PUBLIC.replace("example", "sample"),
            "the hash is not that of the key",
        );
        assert_eq!(
            SigningKey::parse(GO_PUBLIC).unwrap_err().reason,
            "PRIVATE+KEY+ is missing"
        );
        assert_eq!(
            SigningKey::generate("two words").unwrap_err().code(),
            "ledger-key-name"
        );
    }
}
