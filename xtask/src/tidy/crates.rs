//! Rules about the crates: who may depend on whom, what the pure ones may not touch, what each begins with.

use std::collections::BTreeMap;

use super::{code, has_word, without_tests};
use crate::repository::TrackedFile;

/// Which of our crates each may use; the composition root may use all. A new crate is a new line.
const DIRECTIONS: &[(&str, &[&str])] = &[
    ("core", &[]),
    ("admin", &[]),
    ("text", &[]),
    ("ledger", &[]),
    ("testing", &["core"]),
    ("entries", &["core"]),
    ("record", &["core", "entries", "ledger", "policy", "retrieval"]),
    ("page", &["core"]),
    ("routing", &[]),
    ("connections", &["core"]),
    ("detect", &["core"]),
    ("policy", &["core", "text", "detect"]),
    ("catalogue", &["core", "policy"]),
    ("state", &["retrieval"]),
    ("exchange", &["core", "entries", "retrieval", "state"]),
    ("limits", &["core", "retrieval", "state"]),
    ("withdrawals", &["core", "policy", "retrieval", "state"]),
    ("masking", &["core", "policy"]),
    (
        "plan",
        &["core", "policy", "masking", "ledger", "limits", "routing"],
    ),
    ("drill", &["core", "policy", "plan", "routing", "withdrawals"]),
    (
        "calls",
        &[
            "core", "policy", "masking", "plan", "entries", "record", "routing",
        ],
    ),
    ("scim", &["core"]),
    ("wire", &["core", "text"]),
    ("verify", &["core", "text"]),
    ("upstream", &["core", "text", "wire"]),
    ("directory", &["core", "upstream"]),
    (
        "accounts",
        &["core", "retrieval", "upstream", "limits", "state", "directory"],
    ),
    ("provisioning", &["core", "scim", "accounts", "gateway"]),
    (
        "request",
        &[
            "core",
            "policy",
            "limits",
            "plan",
            "retrieval",
            "wire",
            "accounts",
            "gateway",
        ],
    ),
    (
        "http",
        &[
            "provisioning",
            "core",
            "drill",
            "withdrawals",
            "request",
            "text",
            "policy",
            "ledger",
            "limits",
            "plan",
            "routing",
            "retrieval",
            "wire",
            "upstream",
            "accounts",
            "gateway",
            "page",
            "connections",
        ],
    ),
    (
        "config",
        &[
            "core",
            "policy",
            "catalogue",
            "ledger",
            "limits",
            "masking",
            "plan",
            "upstream",
            "accounts",
            "directory",
            "http",
        ],
    ),
    ("cli", &["core", "limits", "policy", "retrieval"]),
    ("extract", &["core"]),
    ("extractive", &["core", "text"]),
    ("inference", &["core"]),
    ("retrieval", &["core", "text", "extract"]),
    ("dns", &["core", "policy", "ledger"]),
    ("compute", &["core", "policy", "ledger"]),
    (
        "gateway",
        &[
            "core",
            "text",
            "wire",
            "policy",
            "ledger",
            "limits",
            "masking",
            "plan",
            "calls",
            "routing",
            "withdrawals",
            "exchange",
            "state",
            "entries",
            "record",
            "routing",
            "retrieval",
            "verify",
            "upstream",
        ],
    ),
];
const ROOT: &str = "trousseau";

/// Crates without I/O, and what would give them some.
const PURE: [&str; 8] = [
    "core",
    "text",
    "detect",
    "policy",
    "catalogue",
    "masking",
    "wire",
    "scim",
];
const IMPURE: [&str; 12] = [
    "tokio",
    "sqlx",
    "reqwest",
    "fs_err",
    "rustix",
    "getrandom",
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "SystemTime",
];
const PROSE_LINES: usize = 5;

/// The most lines of a crate's sources; the vocabulary, which every other crate waits for, stays smaller.
const CRATE_LINES: usize = 8_000;
const CORE_LINES: usize = 2_000;

/// `crates/NAME/rest` as (NAME, rest).
fn place(file: &TrackedFile) -> Option<(&str, &str)> {
    file.path.strip_prefix("crates/")?.split_once('/')
}

fn sources(files: &[TrackedFile]) -> impl Iterator<Item = (&TrackedFile, &str, &str)> {
    files
        .iter()
        .filter(|file| file.path.ends_with(".rs"))
        .filter_map(|file| place(file).map(|(name, rest)| (file, name, rest)))
}

/// Dependencies between our crates follow the table, and no product depends on what tests share.
pub(super) fn directions(files: &[TrackedFile]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files {
        let Some((name, "Cargo.toml")) = place(file) else {
            continue;
        };
        if name == ROOT {
            continue;
        }
        let Some((_, allowed)) = DIRECTIONS.iter().find(|(known, _)| *known == name) else {
            faults.push(format!(
                "{}: no direction is laid down for the crate `{name}`",
                file.path
            ));
            continue;
        };
        for dependency in dependencies(&file.text) {
            let ours = dependency.strip_prefix("trousseau-");
            if ours.is_some_and(|ours| !allowed.contains(&ours)) {
                faults.push(format!(
                    "{}: `{name}` may not depend on `{dependency}`",
                    file.path
                ));
            }
            if PURE.contains(&name) && IMPURE.contains(&dependency.replace('-', "_").as_str()) {
                faults.push(format!(
                    "{}: `{name}` does no I/O and may not depend on `{dependency}`",
                    file.path
                ));
            }
        }
    }
    faults
}

/// Who judges the program knows nothing of it: the harness for faults uses what tests share, and nobody uses the harness.
pub(super) fn judges_stand_apart(files: &[TrackedFile]) -> Vec<String> {
    let manifests = files.iter().filter(|file| file.path.ends_with("Cargo.toml"));
    let ours = manifests.flat_map(|file| {
        let names = dependencies(&file.text).into_iter();
        names.filter_map(move |name| Some((file, name.strip_prefix("trousseau-")?.to_owned())))
    });
    let faults = ours.filter(|(file, name)| match file.path.as_str() {
        "faults/Cargo.toml" => name != "testing",
        _ => name == "faults",
    });
    faults
        .map(|(file, name)| {
            format!(
                "{}: the harness for faults and `trousseau-{name}` stand apart",
                file.path
            )
        })
        .collect()
}

/// The names under `[dependencies]`, also for one target only. What cannot be parsed cargo refuses itself.
fn dependencies(manifest: &str) -> Vec<String> {
    let table: toml::Table = manifest.parse().unwrap_or_default();
    let mut names = Vec::new();
    let mut tables = vec![&table];
    if let Some(targets) = table.get("target").and_then(toml::Value::as_table) {
        tables.extend(targets.values().filter_map(toml::Value::as_table));
    }
    for table in tables {
        if let Some(dependencies) = table.get("dependencies").and_then(toml::Value::as_table) {
            names.extend(dependencies.keys().cloned());
        }
    }
    names
}

/// The pure crates name nothing that does I/O, reads a clock or starts a thread.
pub(super) fn pure(files: &[TrackedFile]) -> Vec<String> {
    let mut faults = Vec::new();
    for (file, name, rest) in sources(files) {
        if !PURE.contains(&name) || !rest.starts_with("src/") {
            continue;
        }
        for (at, line) in without_tests(&file.text) {
            if let Some(word) = IMPURE.into_iter().find(|word| uses(code(line), word)) {
                faults.push(format!("{}:{at}: `{name}` does no I/O; `{word}` does", file.path));
            }
        }
    }
    faults
}

/// Whether a line of code names `word`, also in the form `use std::{env, fs}`.
fn uses(line: &str, word: &str) -> bool {
    let grouped = || {
        let module = word.strip_prefix("std::")?;
        let (_, group) = line.split_once("use std::{")?;
        Some(has_word(group, module))
    };
    has_word(line, word) || grouped().unwrap_or(false)
}

/// Only the policy issues permits.
pub(super) fn permits(files: &[TrackedFile]) -> Vec<String> {
    let mut faults = Vec::new();
    for (file, name, _) in sources(files).filter(|(_, name, _)| !matches!(*name, "policy" | "core")) {
        for (at, line) in file.text.lines().enumerate() {
            if code(line).contains("Permit::grant") {
                faults.push(format!(
                    "{}:{}: `{name}` issues a permit; only `policy` does",
                    file.path,
                    at + 1
                ));
            }
        }
    }
    faults
}

/// Every crate begins with prose that says what the room is for.
pub(super) fn prose_map(files: &[TrackedFile]) -> Vec<String> {
    sources(files)
        .filter(|(_, _, rest)| matches!(*rest, "src/lib.rs" | "src/main.rs"))
        .map(|(file, _, _)| {
            (
                file,
                file.text
                    .lines()
                    .take_while(|line| line.starts_with("//!"))
                    .count(),
            )
        })
        .filter(|(_, lines)| *lines < PROSE_LINES)
        .map(|(file, lines)| {
            format!(
                "{}: opens with {lines} lines of `//!`; a map of the room needs {PROSE_LINES}",
                file.path
            )
        })
        .collect()
}

/// No crate outgrows what a reader can hold.
pub(super) fn size(files: &[TrackedFile]) -> Vec<String> {
    let mut lines = BTreeMap::<&str, usize>::new();
    for (file, name, _) in sources(files).filter(|(_, _, rest)| rest.starts_with("src/")) {
        *lines.entry(name).or_default() += file.text.lines().count();
    }
    let wall = |name: &str| if name == "core" { CORE_LINES } else { CRATE_LINES };
    lines
        .into_iter()
        .filter(|(name, lines)| *lines > wall(name))
        .map(|(name, lines)| format!("crates/{name}: {lines} lines; {} is the wall", wall(name)))
        .collect()
}

/// Integration tests of a crate are modules of one binary, `tests/it/main.rs`.
pub(super) fn one_test_binary(files: &[TrackedFile]) -> Vec<String> {
    sources(files)
        .filter(|(_, _, rest)| {
            rest.strip_prefix("tests/")
                .is_some_and(|name| !name.contains('/'))
        })
        .map(|(file, _, _)| format!("{}: belongs into tests/it/ as a module of its main.rs", file.path))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_dependency_against_the_direction_is_found() {
        let manifest = "[dependencies]\ntrousseau-gateway.workspace = true\ntrousseau-core.workspace = true\n\
            [dev-dependencies]\ntrousseau-testing.workspace = true\n";
        let faults = directions(&[file("crates/retrieval/Cargo.toml", manifest)]);
        assert_eq!(
            faults,
            ["crates/retrieval/Cargo.toml: `retrieval` may not depend on `trousseau-gateway`"]
        );
        assert!(directions(&[file("crates/trousseau/Cargo.toml", manifest)]).is_empty());
    }

    #[test]
    fn a_dependency_of_one_target_counts() {
        let manifest = "[target.'cfg(unix)'.dependencies]\ntrousseau-policy = { path = \"x\" }\n";
        assert_eq!(directions(&[file("crates/ledger/Cargo.toml", manifest)]).len(), 1);
    }

    #[test]
    fn a_harness_that_asks_the_policy_is_found() {
        let of = |path: &str, name: &str| {
            judges_stand_apart(&[file(path, &format!("[dependencies]\n{name}.workspace = true\n"))]).len()
        };
        assert_eq!(of("faults/Cargo.toml", "trousseau-policy"), 1);
        assert_eq!(of("faults/Cargo.toml", "trousseau-testing"), 0);
        assert_eq!(of("crates/gateway/Cargo.toml", "trousseau-faults"), 1);
        assert_eq!(of("crates/gateway/Cargo.toml", "trousseau-policy"), 0);
    }

    #[test]
    fn a_crate_without_a_direction_is_found() {
        assert_eq!(directions(&[file("crates/novel/Cargo.toml", "")]).len(), 1);
    }

    #[test]
    fn a_pure_crate_depends_on_no_io() {
        let manifest = "[dependencies]\nfs-err.workspace = true\n";
        assert_eq!(directions(&[file("crates/policy/Cargo.toml", manifest)]).len(), 1);
        assert!(directions(&[file("crates/ledger/Cargo.toml", manifest)]).is_empty());
    }

    #[test]
    fn io_in_a_pure_crate_is_found_in_code_and_not_in_comments_or_tests() {
        let text = "// std::fs is not for us\nuse std::{collections, env};\nuse std::net::IpAddr;\n#[cfg(test)]\nuse std::fs;\n";
        let faults = pure(&[
            file("crates/core/src/lib.rs", text),
            file("crates/extract/src/lib.rs", text),
        ]);
        assert_eq!(
            faults,
            [
                "crates/core/src/lib.rs:2: `core` does no I/O; `std::env` does",
                "crates/core/src/lib.rs:3: `core` does no I/O; `std::net` does"
            ]
        );
    }

    #[test]
    fn a_permit_issued_outside_the_policy_is_found() {
        let text = "let permit = Permit::grant(target, digest);\n";
        assert!(permits(&[file("crates/policy/src/decide.rs", text)]).is_empty());
        assert_eq!(permits(&[file("crates/gateway/src/answer.rs", text)]).len(), 1);
    }

    #[test]
    fn a_crate_without_prose_is_found() {
        let mapped = file("crates/core/src/lib.rs", &"//! A map.\n".repeat(5));
        let bare = file("crates/text/src/lib.rs", "//! Text.\n\npub mod words;\n");
        assert_eq!(prose_map(&[mapped, bare]).len(), 1);
    }

    #[test]
    fn a_crate_past_its_wall_is_found() {
        let half = "x\n".repeat(1_100);
        let in_crate =
            |name: &str| ["a", "b"].map(|module| file(&format!("crates/{name}/src/{module}.rs"), &half));
        assert_eq!(
            size(&in_crate("core")),
            ["crates/core: 2200 lines; 2000 is the wall"]
        );
        assert!(size(&in_crate("text")).is_empty());
    }

    #[test]
    fn a_second_test_binary_is_found() {
        let files = [
            file("crates/core/tests/label.rs", ""),
            file("crates/core/tests/it/main.rs", ""),
        ];
        assert_eq!(one_test_binary(&files).len(), 1);
    }
}
