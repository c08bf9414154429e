//! Opens the secrets whose places the configuration names.

use std::path::Path;

use trousseau_config::SecretPlace;
use trousseau_upstream::secret::{Secret, SecretError};

use crate::env;

/// Reads a secret. One in a file is read again when the file changes.
pub(crate) fn open(place: &SecretPlace) -> Result<Secret, SecretError> {
    match place {
        SecretPlace::File(path) => Secret::file(path),
        SecretPlace::Env(name) => {
            let value = env::secret(name).and_then(|value| value.into_string().ok());
            Secret::value(&value.unwrap_or_default(), name)
        }
        SecretPlace::Credential(name) => match env::CREDENTIALS.read() {
            Some(folder) => Secret::file(Path::new(&folder).join(name)),
            // Outside of the service there are none.
            None => Secret::value("", env::CREDENTIALS.name),
        },
    }
}
