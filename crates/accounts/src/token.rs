//! Random values that let somebody in: made from 256 bits of the operating system, kept as SHA-256.
//!
//! With that many random bits nobody finds a value by trying, so a fast digest is enough, and a look-up
//! by the digest tells nothing about a value by how long it takes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use trousseau_core::digest::Digest;
use zeroize::Zeroizing;

/// What every API key begins with.
pub const KEY_PREFIX: &str = "trs-";

/// How many characters 256 bits take in base64url without padding.
const LENGTH: usize = 43;

/// A fresh value, and the digest it is kept as.
pub(super) struct Token {
    /// What its holder is given, once.
    pub(super) text: Zeroizing<String>,
    /// What is kept.
    pub(super) digest: Digest,
}

impl Token {
    /// Fresh random bytes from the operating system, written after `prefix`.
    pub(super) fn generate(prefix: &str) -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut_slice())?;
        let mut text = Zeroizing::new(prefix.to_owned());
        URL_SAFE_NO_PAD.encode_string(bytes.as_slice(), &mut text);
        let digest = Digest::of(text.as_bytes());
        Ok(Self { text, digest })
    }
}

/// The digest of a presented value, when it has the form of one with this prefix.
pub(super) fn digest(prefix: &str, presented: &str) -> Option<Digest> {
    let random = presented.strip_prefix(prefix)?;
    let written = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (random.len() == LENGTH && random.bytes().all(written)).then(|| Digest::of(presented.as_bytes()))
}

/// A short random name for a row, after `prefix`.
pub(super) fn id(prefix: &str) -> Result<String, getrandom::Error> {
    let mut bytes = [0; 9];
    getrandom::fill(&mut bytes)?;
    let mut id = prefix.to_owned();
    for byte in bytes {
        id.push_str(&format!("{byte:02x}"));
    }
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_recognised_by_its_form() {
        let token = Token::generate(KEY_PREFIX).unwrap();
        assert_eq!(token.text.len(), 47);
        assert_eq!(digest(KEY_PREFIX, &token.text), Some(token.digest));
        assert_ne!(Token::generate(KEY_PREFIX).unwrap().digest, token.digest);
        for bad in [
            "",
            "trs-",
            &token.text[1..],
            &token.text[..46],
            &"trs-é".repeat(8),
        ] {
            assert_eq!(digest(KEY_PREFIX, bad), None, "{bad}");
        }
    }
}
