//! Why a request of a provider is not answered as asked.

use trousseau_accounts::AccountError;
use trousseau_core::error::{ErrorKind, Explain};
use trousseau_gateway::error::GatewayError;
use trousseau_scim::ScimError;

/// An error of provisioning.
#[derive(Debug, thiserror::Error)]
pub enum ProvisioningError {
    /// What is asked is not right.
    #[error(transparent)]
    Scim(#[from] ScimError),
    /// The accounts could not be changed.
    #[error(transparent)]
    Account(AccountError),
    /// The ledger did not take it.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
}

impl From<AccountError> for ProvisioningError {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Taken { name } => ScimError::Taken { name }.into(),
            AccountError::NoAccount { .. } => ScimError::Value {
                attribute: "members".to_owned(),
            }
            .into(),
            other => Self::Account(other),
        }
    }
}

impl ProvisioningError {
    /// The status of RFC 7644, where it has one for it.
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Scim(error) => Some(error.status()),
            Self::Account(_) | Self::Gateway(_) => None,
        }
    }

    /// Its word for it.
    pub const fn scim_type(&self) -> Option<&'static str> {
        match self {
            Self::Scim(error) => error.scim_type(),
            Self::Account(_) | Self::Gateway(_) => None,
        }
    }
}

impl Explain for ProvisioningError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Scim(error) => error.kind(),
            Self::Account(error) => error.kind(),
            Self::Gateway(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Scim(error) => error.code(),
            Self::Account(error) => error.code(),
            Self::Gateway(error) => error.code(),
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Scim(error) => error.fields(),
            Self::Account(error) => error.fields(),
            Self::Gateway(error) => error.fields(),
        }
    }
}
