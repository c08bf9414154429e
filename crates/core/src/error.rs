//! What errors of every crate tell: a kind, a stable code, and fields for a message in any language.

/// What the caller can do about an error. The HTTP edge and the exit code are chosen by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// What was asked is wrong in itself: mend it and ask again.
    InvalidInput,
    /// What was named does not exist, or is not to be seen by the caller.
    NotFound,
    /// Nobody knows who asks, or no longer: sign in first.
    Unauthenticated,
    /// Policy or rights stand against it.
    Forbidden,
    /// Somebody else holds it, or it changed meanwhile.
    Conflict,
    /// A limit was passed.
    TooLarge,
    /// Something needed does not answer now; try again later.
    Unavailable,
    /// It was tried too often: wait before trying again.
    Throttled,
    /// It took too long.
    Timeout,
    /// Stored data is damaged.
    Corrupt,
    /// The program or the machine is at fault.
    Internal,
}

/// An error that can be put into words for a person.
///
/// `Display` of the same error is English, for logs. The printer and the HTTP edge look the code
/// up in the message catalogue and fill in the fields; a hint, where there is one, stands in the catalogue
/// under the same code.
pub trait Explain: std::error::Error {
    /// What the caller can do.
    fn kind(&self) -> ErrorKind;

    /// The stable code, such as `extract-too-large`: a key of the message catalogue.
    fn code(&self) -> &'static str;

    /// The values that the message names: paths, keys, limits.
    fn fields(&self) -> Vec<(&'static str, String)>;
}
