//! `cargo xtask tidy`: the repository's rules that a program can check, without a build.
//!
//! A rule is a function from the tracked files to faults, each one sentence that names the place.

mod adr;
mod crates;
mod files;
mod messages;
mod translations;

use anyhow::Result;

use crate::process::say;
use crate::repository::{Repository, TrackedFile};

type Rule = fn(&[TrackedFile]) -> Vec<String>;

const RULES: &[Rule] = &[
    files::length,
    files::forbidden_words,
    files::skips_in_use,
    crates::directions,
    crates::judges_stand_apart,
    crates::pure,
    crates::permits,
    crates::prose_map,
    crates::size,
    crates::one_test_binary,
    messages::same_in_both_languages,
    translations::same_in_both_languages,
    adr::numbered_and_listed,
];

/// Applies every rule; false when one found a fault.
pub(crate) fn run(repository: &Repository) -> Result<bool> {
    let files = repository.tracked_files()?;
    for note in files::long_files(&files) {
        say(&format!("note: {note}"));
    }
    let faults: Vec<String> = RULES.iter().flat_map(|rule| rule(&files)).collect();
    for fault in &faults {
        say(&format!("error: {fault}"));
    }
    say(&format!("{} files, {} faults", files.len(), faults.len()));
    Ok(faults.is_empty())
}

/// The part of a source file before its tests: what is below `#[cfg(test)]` on a line of its own is tests.
fn without_tests(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
        .map(|(at, line)| (at + 1, line))
}

/// A line of Rust without its comment.
fn code(line: &str) -> &str {
    line.split_once("//").map_or(line, |(code, _)| code)
}

/// Whether `word` stands in `line` with no letter, digit or underscore on either side.
fn has_word(line: &str, word: &str) -> bool {
    let joins = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word)
        .any(|(at, _)| !line[..at].ends_with(joins) && !line[at + word.len()..].starts_with(joins))
}

#[cfg(test)]
fn file(path: &str, text: &str) -> TrackedFile {
    TrackedFile {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_alone() {
        assert!(has_word("use std::fs;", "std::fs"));
        assert!(!has_word("use my_std::fs;", "std::fs"));
        assert!(!has_word("use std::fs_like;", "std::fs"));
        assert!(has_word("a fs_like; std::fs::read", "std::fs"));
    }

    #[test]
    fn tests_at_the_end_are_left_out() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {}\n";
        assert_eq!(without_tests(text).collect::<Vec<_>>(), [(1, "fn a() {}")]);
    }
}
