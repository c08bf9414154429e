//! Reference pages that the program writes about itself.
//!
//! `trousseau generate NAME` prints one page; each is kept in the repository, so that it can be read without a
//! build, and is compared with a fresh one by `cargo xtask check`.

use anyhow::{Context, Result};

use crate::process::{answer, say};
use crate::repository::Repository;

/// A page in the repository and what the program calls it.
struct Reference {
    path: &'static str,
    name: &'static str,
}

const REFERENCES: &[Reference] = &[
    Reference {
        path: "docs/reference/commandes.md",
        name: "commands-fr",
    },
    Reference {
        path: "docs/reference/commands.md",
        name: "commands-en",
    },
    Reference {
        path: "docs/reference/trousseau.fr.toml",
        name: "config-fr",
    },
    Reference {
        path: "docs/reference/trousseau.toml",
        name: "config-en",
    },
];

/// Writes the pages; with `check`, names the stale ones instead and returns false when there is one.
pub(crate) fn run(repository: &Repository, check: bool) -> Result<bool> {
    let mut fresh = true;
    for Reference { path, name } in REFERENCES {
        let mut command = repository.cargo();
        command.args(["run", "--quiet", "--package", "trousseau", "--", "generate", name]);
        let page = answer(&mut command).with_context(|| format!("`trousseau generate {name}` failed"))?;
        let place = repository.path(path);
        if fs_err::read_to_string(&place).is_ok_and(|kept| kept == page) {
            continue;
        }
        if check {
            say(&format!("{path} is stale; to renew it: cargo xtask generate"));
            fresh = false;
        } else {
            say(&format!("wrote {path}"));
            fs_err::write(place, page)?;
        }
    }
    Ok(fresh)
}
