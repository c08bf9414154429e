//! Every environment variable the program reads, and the only place that reads them.

use std::ffi::OsString;

/// A variable, and what it is for (a key of the message catalogue: `env-` and the name in lower case).
pub(crate) struct Variable {
    /// Its name.
    pub name: &'static str,
}

/// The folder that holds all of Trousseau's data; `--data` goes before it.
pub(crate) const DATA: Variable = Variable {
    name: "TROUSSEAU_DATA",
};
/// The configuration file; `--config` goes before it.
pub(crate) const CONFIG: Variable = Variable {
    name: "TROUSSEAU_CONFIG",
};
/// What is logged to standard error: a filter such as `info` or `trousseau_retrieval=debug`.
pub(crate) const LOG: Variable = Variable {
    name: "TROUSSEAU_LOG",
};
/// The language of messages, `fr` or `en`; goes before the locale.
pub(crate) const LANGUAGE: Variable = Variable {
    name: "TROUSSEAU_LANG",
};
/// The folder of users' data in the XDG base directory specification.
pub(crate) const XDG_DATA_HOME: Variable = Variable {
    name: "XDG_DATA_HOME",
};
/// The user's home folder.
pub(crate) const HOME: Variable = Variable { name: "HOME" };
/// Set to anything: no colours (no-color.org).
pub(crate) const NO_COLOR: Variable = Variable { name: "NO_COLOR" };
/// The folder of the credentials that systemd passes to a service (systemd.exec(5)).
pub(crate) const CREDENTIALS: Variable = Variable {
    name: "CREDENTIALS_DIRECTORY",
};
/// The locale, in the order that POSIX gives.
pub(crate) const LOCALE: [Variable; 3] = [
    Variable { name: "LC_ALL" },
    Variable { name: "LC_MESSAGES" },
    Variable { name: "LANG" },
];

/// A secret in the variable that the configuration names.
pub(crate) fn secret(name: &str) -> Option<OsString> {
    value(name)
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the environment"
)]
fn value(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

impl Variable {
    /// Its value, if it is set and not empty.
    pub(crate) fn read(&self) -> Option<OsString> {
        value(self.name)
    }

    /// Its value as text, if it is set, not empty, and UTF-8.
    pub(crate) fn read_text(&self) -> Option<String> {
        self.read().and_then(|value| value.into_string().ok())
    }
}
