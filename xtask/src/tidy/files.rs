//! Rules about every file: its length, words that do not belong, skips that no test uses any more.

use super::has_word;
use crate::repository::TrackedFile;
use crate::verdict::Allowed;

const AIM: usize = 400;
const WALL: usize = 600;

/// Left for later is left out of the repository: an issue holds it.
const UNFINISHED: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];
/// What a build writes: its words are those of the parts it was built from.
const BUILT: &str = "web/dist/";
/// Folders that exist on somebody's machine only.
const MACHINE_FOLDERS: [&str; 4] = [
    concat!("/", "home/"),
    concat!("/", "root/"),
    concat!("/", "work/"),
    concat!("/", "Users/"),
];

fn rust(files: &[TrackedFile]) -> impl Iterator<Item = &TrackedFile> {
    files.iter().filter(|file| file.path.ends_with(".rs"))
}

/// No Rust file is longer than 600 lines.
pub(super) fn length(files: &[TrackedFile]) -> Vec<String> {
    rust(files)
        .map(|file| (file, file.text.lines().count()))
        .filter(|(_, lines)| *lines > WALL)
        .map(|(file, lines)| format!("{}: {lines} lines; {WALL} is the wall", file.path))
        .collect()
}

/// Rust files past the aim of 400 lines and before the wall: no fault, only worth knowing.
pub(super) fn long_files(files: &[TrackedFile]) -> Vec<String> {
    rust(files)
        .map(|file| (file, file.text.lines().count()))
        .filter(|(_, lines)| (AIM + 1..=WALL).contains(lines))
        .map(|(file, lines)| format!("{}: {lines} lines; the aim is {AIM}", file.path))
        .collect()
}

/// Nothing is marked as unfinished, and no path of a machine is named.
pub(super) fn forbidden_words(files: &[TrackedFile]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files.iter().filter(|file| !file.path.starts_with(BUILT)) {
        for (at, line) in file.text.lines().enumerate() {
            let unfinished = UNFINISHED.into_iter().filter(|word| has_word(line, word));
            let folders = MACHINE_FOLDERS
                .into_iter()
                .filter(|folder| names_folder(line, folder));
            for word in unfinished.chain(folders) {
                faults.push(format!("{}:{}: `{word}` does not belong here", file.path, at + 1));
            }
        }
    }
    faults
}

/// Whether an absolute path starts with `folder` here; `https://host/work/` and `src/work/` do not.
fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        !line[..at]
            .ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '}' | '$' | '*'))
    })
}

/// Every skip that `ci/skips.toml` allows is still asked for by a test.
pub(super) fn skips_in_use(files: &[TrackedFile]) -> Vec<String> {
    let Some(list) = files.iter().find(|file| file.path == "ci/skips.toml") else {
        return vec!["ci/skips.toml is missing".to_owned()];
    };
    match Allowed::parse(&list.text) {
        Err(error) => vec![format!("ci/skips.toml: {error:#}")],
        Ok(allowed) => allowed
            .ids()
            .filter(|id| !rust(files).any(|file| file.text.contains(&format!("\"{id}\""))))
            .map(|id| format!("ci/skips.toml: no test skips as {id} any more"))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_file_of_601_lines_hits_the_wall() {
        let files = [
            file("a.rs", &"x\n".repeat(601)),
            file("b.rs", &"x\n".repeat(600)),
            file("c.md", &"x\n".repeat(900)),
        ];
        assert_eq!(length(&files), ["a.rs: 601 lines; 600 is the wall"]);
        assert_eq!(long_files(&files), ["b.rs: 600 lines; the aim is 400"]);
    }

    #[test]
    fn machine_paths_and_unfinished_marks_are_found() {
        let later = format!("// {}: later", UNFINISHED[0]);
        let path = format!("read(\"{}me/x\")", MACHINE_FOLDERS[0]);
        let url = format!("https://example.org{}x", MACHINE_FOLDERS[2]);
        let text = format!("{later}\n{path}\n{url}\nMETHODOLOGY\n");
        let faults = forbidden_words(&[file("a.rs", &text)]);
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].starts_with("a.rs:1:") && faults[1].starts_with("a.rs:2:"));
        let built = format!("{BUILT}assets/a.js");
        assert!(forbidden_words(&[file(&built, &text)]).is_empty());
    }

    #[test]
    fn a_skip_that_no_test_uses_is_stale() {
        let list = "[[skip]]\nid = \"x::y\"\nreason = \"needs Go\"\n";
        let used = file("crates/a/tests/it/main.rs", "skip(\"x::y\", \"needs Go\")");
        assert!(skips_in_use(&[file("ci/skips.toml", list), used]).is_empty());
        assert_eq!(skips_in_use(&[file("ci/skips.toml", list)]).len(), 1);
        assert_eq!(skips_in_use(&[]).len(), 1);
    }
}
