//! Signed tokens of an identity provider: JWS in compact form (RFC 7515) under a JWK set (RFC 7517).
//!
//! Only public-key signatures are known here, so a token cannot name `none`, nor take a public key for a shared
//! secret: there is no code that would check either. A token's algorithm must fit the key's type and, if it says so,
//! the key's own algorithm; keys in a token's header are never looked at.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The longest token, in bytes.
const LONGEST: usize = 64 * 1024;

/// How many keys of a set are looked at.
const KEYS: usize = 64;

/// Claims of a token whose signature is good.
pub(crate) type Claims = Map<String, Value>;

/// The algorithms that are accepted (RFC 7518, section 3.1; RFC 8037, section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// RSA, PKCS #1 v1.5, SHA-256.
    Rs256,
    /// RSA, PSS, SHA-256.
    Ps256,
    /// ECDSA, P-256, SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    fn named(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            "PS256" => Some(Self::Ps256),
            "ES256" => Some(Self::Es256),
            "EdDSA" | "Ed25519" => Some(Self::EdDsa),
            _ => None,
        }
    }
}

/// Why a token or a set of keys is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JoseFault {
    /// Not a token in compact form, or not JSON in it.
    #[error("it is not a signed token")]
    Malformed,
    /// Signed in a way that is not accepted, or not at all.
    #[error("its algorithm is not accepted")]
    Algorithm,
    /// It asks for something that is not understood (`crit`), or is a token of another kind (`typ`).
    #[error("it is a token of another kind")]
    Kind,
    /// None of the keys has its name.
    #[error("it is signed with a key that the provider does not publish")]
    UnknownKey,
    /// No key verifies it.
    #[error("its signature is wrong")]
    Signature,
}

/// The keys that a provider publishes and that can verify a signature here.
#[derive(Debug, Default)]
pub(crate) struct KeySet(Vec<Key>);

#[derive(Debug)]
struct Key {
    id: Option<String>,
    algorithm: Option<Algorithm>,
    material: Material,
}

#[derive(Debug)]
enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Value>,
}

impl KeySet {
    /// Reads a JWK set. Keys that cannot verify one of the accepted signatures are passed over.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, JoseFault> {
        let set: Jwks = serde_json::from_slice(bytes).map_err(|_| JoseFault::Malformed)?;
        let keys = set.keys.into_iter().take(KEYS);
        Ok(Self(keys.filter_map(|key| Key::read(&key)).collect()))
    }

    /// The claims of a token that one of the keys has signed.
    pub(crate) fn verify(&self, token: &str) -> Result<(Claims, Algorithm), JoseFault> {
        if token.len() > LONGEST {
            return Err(JoseFault::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(JoseFault::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(JoseFault::Malformed)?;
        if claims.contains('.') {
            return Err(JoseFault::Malformed);
        }
        let header: Header = decoded(header)?;
        let algorithm = Algorithm::named(&header.alg).ok_or(JoseFault::Algorithm)?;
        let is_jwt = |kind: &String| kind.eq_ignore_ascii_case("JWT");
        if header.crit.is_some() || !header.typ.as_ref().is_none_or(is_jwt) {
            return Err(JoseFault::Kind);
        }
        let signature = bytes(signature).ok_or(JoseFault::Malformed)?;
        let mut of_name = self.of_name(header.kid.as_deref()).peekable();
        if of_name.peek().is_none() {
            return Err(JoseFault::UnknownKey);
        }
        let mut fitting = of_name.filter(|key| key.fits(algorithm));
        if !fitting.any(|key| key.verifies(algorithm, signed.as_bytes(), &signature)) {
            return Err(JoseFault::Signature);
        }
        Ok((decoded(claims)?, algorithm))
    }

    /// The keys of this name; all when a token names none.
    fn of_name<'a>(&'a self, id: Option<&'a str>) -> impl Iterator<Item = &'a Key> {
        let named = move |key: &&Key| id.is_none() || key.id.as_deref() == id;
        self.0.iter().filter(named)
    }
}

impl Key {
    fn read(key: &Value) -> Option<Self> {
        let key = Jwk::deserialize(key).ok()?;
        let signs = key.purpose.as_deref().is_none_or(|purpose| purpose == "sig");
        let verifies = |ops: &Vec<String>| ops.iter().any(|op| op == "verify");
        if !signs || !key.key_ops.as_ref().is_none_or(verifies) {
            return None;
        }
        let algorithm = match &key.alg {
            Some(name) => Some(Algorithm::named(name)?),
            None => None,
        };
        Some(Self {
            algorithm,
            material: Material::read(&key)?,
            id: key.kid,
        })
    }

    fn fits(&self, algorithm: Algorithm) -> bool {
        let of_type = matches!(
            (&self.material, algorithm),
            (Material::Rsa { .. }, Algorithm::Rs256 | Algorithm::Ps256)
                | (Material::P256(_), Algorithm::Es256)
                | (Material::Ed25519(_), Algorithm::EdDsa)
        );
        of_type && self.algorithm.is_none_or(|own| own == algorithm)
    }

    fn verifies(&self, algorithm: Algorithm, signed: &[u8], signature: &[u8]) -> bool {
        let verified = match (&self.material, algorithm) {
            (Material::Rsa { n, e }, Algorithm::Rs256) => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature)
            }
            (Material::Rsa { n, e }, Algorithm::Ps256) => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PSS_2048_8192_SHA256, signed, signature)
            }
            (Material::P256(point), Algorithm::Es256) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, signature)
            }
            (Material::Ed25519(point), Algorithm::EdDsa) => {
                UnparsedPublicKey::new(&ED25519, point).verify(signed, signature)
            }
            _ => return false,
        };
        verified.is_ok()
    }
}

impl Material {
    fn read(key: &Jwk) -> Option<Self> {
        let part = |part: &Option<String>| bytes(part.as_deref()?);
        match (key.kty.as_str(), key.crv.as_deref()) {
            ("RSA", None) => Some(Self::Rsa {
                n: number(part(&key.n)?),
                e: number(part(&key.e)?),
            }),
            ("EC", Some("P-256")) => {
                let (x, y) = (part(&key.x)?, part(&key.y)?);
                let whole = x.len() == 32 && y.len() == 32;
                whole.then(|| Self::P256([&[4], x.as_slice(), y.as_slice()].concat()))
            }
            ("OKP", Some("Ed25519")) => part(&key.x).filter(|x| x.len() == 32).map(Self::Ed25519),
            _ => None,
        }
    }
}

/// A big-endian number without the zeros in front that some write.
fn number(mut bytes: Vec<u8>) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.drain(..zeros);
    bytes
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

fn decoded<T: for<'a> Deserialize<'a>>(part: &str) -> Result<T, JoseFault> {
    let bytes = bytes(part).ok_or(JoseFault::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| JoseFault::Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// Keys and tokens made by the npm package `jose` 6.2, all with the same claims.
    fn vectors() -> Value {
        serde_json::from_str(include_str!("vectors.json")).unwrap()
    }

    fn keys() -> KeySet {
        KeySet::parse(json!({ "keys": vectors()["keys"] }).to_string().as_bytes()).unwrap()
    }

    fn token(name: &str) -> String {
        vectors()["tokens"][name].as_str().unwrap().to_owned()
    }

    #[test]
    fn tokens_of_another_implementation_are_verified() {
        for (name, algorithm) in [
            ("RS256", Algorithm::Rs256),
            ("PS256", Algorithm::Ps256),
            ("ES256", Algorithm::Es256),
            ("EdDSA", Algorithm::EdDsa),
            ("unnamed", Algorithm::Rs256),
        ] {
            let (claims, used) = keys().verify(&token(name)).unwrap();
            assert_eq!(
                (claims["sub"].as_str(), used),
                (Some("alice"), algorithm),
                "{name}"
            );
        }
    }

    #[test]
    fn forged_tokens_are_not() {
        for (name, fault) in [
            ("none", JoseFault::Algorithm),
            ("None", JoseFault::Algorithm),
            ("public key as secret", JoseFault::Algorithm),
            ("modulus as secret", JoseFault::Algorithm),
            ("RS512", JoseFault::Algorithm),
            ("other kind", JoseFault::Kind),
            ("crit", JoseFault::Kind),
            ("unknown name", JoseFault::UnknownKey),
            ("wrong name", JoseFault::Signature),
            ("other key", JoseFault::Signature),
            ("own key in header", JoseFault::Signature),
            ("DER signature", JoseFault::Signature),
        ] {
            assert_eq!(keys().verify(&token(name)), Err(fault), "{name}");
        }
        let token = token("RS256");
        let parts: Vec<&str> = token.split('.').collect();
        for bad in [
            "",
            "..",
            "a.b.c",
            &parts[..2].join("."),
            &format!("{token}."),
            &"a.".repeat(40_000),
        ] {
            assert_eq!(keys().verify(bad), Err(JoseFault::Malformed), "{}", bad.len());
        }
    }

    #[test]
    fn a_key_is_used_only_for_what_it_says() {
        let only = |change: &dyn Fn(&mut Value)| {
            let mut key = vectors()["keys"][0].clone();
            change(&mut key);
            KeySet::parse(json!({ "keys": [key] }).to_string().as_bytes()).unwrap()
        };
        let rs256 = only(&|key| key["alg"] = "RS256".into());
        assert!(rs256.verify(&token("RS256")).is_ok());
        assert_eq!(rs256.verify(&token("PS256")), Err(JoseFault::Signature));
        for unfit in [
            only(&|key| key["use"] = "enc".into()),
            only(&|key| key["alg"] = "RSA-OAEP".into()),
            only(&|key| key["key_ops"] = json!(["encrypt"])),
            only(&|key| key["kty"] = "oct".into()),
            only(&|key| key["n"] = "!".into()),
        ] {
            assert_eq!(unfit.verify(&token("RS256")), Err(JoseFault::UnknownKey));
        }
        let short = only(&|key| key["n"] = "AQAB".into());
        assert_eq!(short.verify(&token("RS256")), Err(JoseFault::Signature));
        for bad in ["", "[]", "{}", r#"{"keys":{}}"#] {
            assert!(KeySet::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn one_changed_character_breaks_a_token(which in 0..4_usize, at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_.-]") {
            let mut token = token(["RS256", "PS256", "ES256", "EdDSA"][which]);
            let at = at.index(token.len());
            prop_assume!(token[at..=at] != to);
            token.replace_range(at..=at, &to);
            prop_assert!(keys().verify(&token).is_err());
        }

        #[test]
        fn whatever_comes_is_read_to_an_end(token in "\\PC{0,200}", set in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(keys().verify(&token).is_err());
            let _ = KeySet::parse(&set);
        }
    }
}
