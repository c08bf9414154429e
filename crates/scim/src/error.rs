//! Why a request of provisioning is refused, with the words that RFC 7644 has for it (section 3.12).

use trousseau_core::error::{ErrorKind, Explain};

/// An error of provisioning.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScimError {
    /// Nothing in the configuration says that people are provisioned.
    #[error("provisioning is not configured")]
    NotConfigured,
    /// The body is not JSON, not an object, or larger than is read.
    #[error("the body cannot be read: {reason}")]
    Syntax {
        /// What is wrong.
        reason: String,
    },
    /// A filter that is none, or is too long or too deep.
    #[error("the filter {text:?} cannot be read: {reason}")]
    Filter {
        /// Its beginning.
        text: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// A path that is none.
    #[error("the path {text:?} cannot be read")]
    Path {
        /// Its beginning.
        text: String,
    },
    /// A value that an attribute cannot have, or that is missing.
    #[error("{attribute} cannot have this value")]
    Value {
        /// The attribute.
        attribute: String,
    },
    /// An attribute that only this service writes.
    #[error("{attribute} cannot be changed")]
    Fixed {
        /// The attribute.
        attribute: String,
    },
    /// A patch that changes nothing there is.
    #[error("the patch names nothing that is there")]
    NoTarget,
    /// More than is accepted at once.
    #[error("{what} are more than {limit}")]
    TooMany {
        /// What.
        what: &'static str,
        /// How many are accepted.
        limit: usize,
    },
    /// A name that another has.
    #[error("there is already one called {name:?}")]
    Taken {
        /// The name.
        name: String,
    },
    /// There is no such resource.
    #[error("there is no resource {id:?}")]
    Unknown {
        /// What was asked for.
        id: String,
    },
    /// It changed since the client last saw it.
    #[error("the resource is another version than the one named")]
    Changed,
}

impl ScimError {
    /// The word of RFC 7644 for it, where it has one.
    pub const fn scim_type(&self) -> Option<&'static str> {
        match self {
            Self::Syntax { .. } => Some("invalidSyntax"),
            Self::Filter { .. } => Some("invalidFilter"),
            Self::Path { .. } => Some("invalidPath"),
            Self::Value { .. } => Some("invalidValue"),
            Self::Fixed { .. } => Some("mutability"),
            Self::NoTarget => Some("noTarget"),
            Self::TooMany { .. } => Some("tooMany"),
            Self::Taken { .. } => Some("uniqueness"),
            Self::NotConfigured | Self::Unknown { .. } | Self::Changed => None,
        }
    }

    /// The status it is answered with.
    pub const fn status(&self) -> u16 {
        match self {
            Self::NotConfigured | Self::Unknown { .. } => 404,
            Self::Taken { .. } => 409,
            Self::Changed => 412,
            Self::TooMany { .. }
            | Self::Syntax { .. }
            | Self::Filter { .. }
            | Self::Path { .. }
            | Self::Value { .. }
            | Self::Fixed { .. }
            | Self::NoTarget => 400,
        }
    }
}

impl Explain for ScimError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotConfigured | Self::Unknown { .. } => ErrorKind::NotFound,
            Self::Taken { .. } | Self::Changed => ErrorKind::Conflict,
            Self::TooMany { .. } => ErrorKind::TooLarge,
            Self::Syntax { .. }
            | Self::Filter { .. }
            | Self::Path { .. }
            | Self::Value { .. }
            | Self::Fixed { .. }
            | Self::NoTarget => ErrorKind::InvalidInput,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotConfigured => "scim-not-configured",
            Self::Syntax { .. } => "scim-syntax",
            Self::Filter { .. } => "scim-filter",
            Self::Path { .. } => "scim-path",
            Self::Value { .. } => "scim-value",
            Self::Fixed { .. } => "scim-fixed",
            Self::NoTarget => "scim-no-target",
            Self::TooMany { .. } => "scim-too-many",
            Self::Taken { .. } => "scim-taken",
            Self::Unknown { .. } => "scim-unknown",
            Self::Changed => "scim-changed",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NotConfigured | Self::NoTarget | Self::Changed => Vec::new(),
            Self::Syntax { reason } => vec![("reason", reason.clone())],
            Self::Filter { text, reason } => {
                vec![("text", text.clone()), ("reason", (*reason).to_owned())]
            }
            Self::Path { text } => vec![("text", text.clone())],
            Self::Value { attribute } | Self::Fixed { attribute } => {
                vec![("attribute", attribute.clone())]
            }
            Self::TooMany { what, limit } => {
                vec![("what", (*what).to_owned()), ("limit", limit.to_string())]
            }
            Self::Taken { name } => vec![("name", name.clone())],
            Self::Unknown { id } => vec![("id", id.clone())],
        }
    }
}
