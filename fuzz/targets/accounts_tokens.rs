//! Cookies, keys, proofs of the page and tokens of identity providers come from strangers. Nothing but what was made by who
//! may make it is taken for it.

#![no_main]
#![expect(dead_code, reason = "the rooms are taken in whole")]

#[path = "../../crates/accounts/src/csrf.rs"]
mod csrf;
#[path = "../../crates/accounts/src/oidc/jose.rs"]
mod jose;
#[path = "../../crates/accounts/src/token.rs"]
mod token;

use libfuzzer_sys::fuzz_target;
use trousseau_core::digest::Digest;

/// What a provider publishes whose one token is [`SIGNED`].
const PUBLISHED: &str = r#"{"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": "first", "x": "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"}]}"#;

/// The one token that the provider has signed: header and claims.
const SIGNED: &str = "eyJhbGciOiAiRWREU0EiLCAia2lkIjogImZpcnN0In0.eyJpc3MiOiAiaHR0cHM6Ly9zc28uZXhhbXBsZSIsICJzdWIiOiAidS0xIiwgImF1ZCI6ICJ0cm91c3NlYXUiLCAibm9uY2UiOiAibiIsICJleHAiOiAxODAwMDAwMzAwLCAiaWF0IjogMTgwMDAwMDAwMH0";

fuzz_target!(|input: &str| {
    let mut lines = input.splitn(3, '\n');
    let (first, second, rest) = (
        lines.next().unwrap_or_default(),
        lines.next().unwrap_or_default(),
        lines.next().unwrap_or_default(),
    );
    for prefix in ["session-", "first-", "signin-", token::KEY_PREFIX] {
        if let Some(digest) = token::digest(prefix, first) {
            assert!(first.starts_with(prefix) && first.len() == prefix.len() + 43);
            assert_eq!(digest, Digest::of(first.as_bytes()));
        }
    }
    assert_eq!(csrf::check_csrf(first, second), csrf::csrf(first) == second);
    assert!(csrf::check_csrf(first, &csrf::csrf(first)));
    // Under keys of a stranger, a token is read or refused.
    if let Ok(keys) = jose::KeySet::parse(rest.as_bytes()) {
        let _ = keys.verify(first);
    }
    // Under the provider's, it is the one that the provider has signed.
    let keys = jose::KeySet::parse(PUBLISHED.as_bytes()).expect("the keys are good");
    for token in [first, second] {
        if keys.verify(token).is_ok() {
            assert_eq!(token.rsplit_once('.').map(|(signed, _)| signed), Some(SIGNED));
        }
    }
});
