//! What a page of this site can know and no other: the token that a changing request of a session brings.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;
use trousseau_core::digest::Digest;

/// What a changing request of a session must bring in a header: nothing that another site could know or
/// a browser would send by itself. It is derived from the cookie, which only this program reads.
pub fn csrf(cookie: &str) -> String {
    let digest = Digest::of_fields([b"csrf".as_slice(), cookie.as_bytes()]);
    URL_SAFE_NO_PAD.encode(digest.0)
}

/// Whether a request of a session brought what it must.
pub fn check_csrf(cookie: &str, presented: &str) -> bool {
    csrf(cookie).as_bytes().ct_eq(presented.as_bytes()).into()
}
