//! The catalogue is whole: both languages say the same, of everything that the program can say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What one text names: its key (`KEY` or `KEY.hint`) with the fields in it.
type Texts = BTreeMap<String, BTreeSet<String>>;

/// Beginnings of keys that are put together from a beginning and a word of the program.
const BUILT: [&str; 11] = [
    "column-",
    "state-",
    "outcome-",
    "role-",
    "class-",
    "detector-",
    "help",
    "value-",
    "reason-",
    "condition-",
    "rule-",
];

#[test]
fn both_languages_have_the_same_texts_with_the_same_fields() {
    let (french, english) = (texts("fr"), texts("en"));
    assert!(french.len() > 200, "the catalogue was not found");
    let missing = |from: &Texts, of: &Texts| -> Vec<String> {
        of.keys()
            .filter(|key| !from.contains_key(*key))
            .cloned()
            .collect()
    };
    assert_eq!(missing(&french, &english), [""; 0], "not in French");
    assert_eq!(missing(&english, &french), [""; 0], "not in English");
    let differ = |key: &&String| french[*key] != english[*key];
    let differ: Vec<&String> = french.keys().filter(differ).collect();
    assert!(
        differ.is_empty(),
        "other fields in French than in English: {differ:?}"
    );
}

#[test]
fn every_code_of_an_error_has_a_text() {
    let french = texts("fr");
    let mut codes = 0;
    for file in sources() {
        let source = fs_err::read_to_string(&file).unwrap();
        for code in codes_in(&source) {
            codes += 1;
            assert!(
                french.contains_key(code),
                "{}: no text for {code:?}",
                file.display()
            );
        }
    }
    assert!(codes > 100, "only {codes} codes were found");
}

#[test]
fn every_key_in_the_command_line_has_a_text_and_every_text_is_used() {
    let french = texts("fr");
    let mut literals = BTreeSet::new();
    for file in sources() {
        let source = fs_err::read_to_string(&file).unwrap();
        for literal in source.split('"').filter(|part| is_key(part)) {
            literals.insert(literal.to_owned());
        }
        if file.starts_with(crates().join("trousseau")) {
            for key in keys_in(&source) {
                assert!(
                    french.contains_key(key),
                    "{}: no text for {key:?}",
                    file.display()
                );
            }
        }
    }
    // A text may be a part of others.
    for file in files_in(&crates(), "ftl") {
        let text = fs_err::read_to_string(&file).unwrap();
        let places = text.split("{ ").filter_map(|rest| rest.split(" }").next());
        literals.extend(places.filter(|place| is_key(place)).map(str::to_owned));
    }
    let used = |key: &str| {
        key.contains('.') || literals.contains(key) || BUILT.iter().any(|begin| key.starts_with(begin))
    };
    let unused: Vec<&String> = french.keys().filter(|key| !used(key)).collect();
    assert!(unused.is_empty(), "nothing says {unused:?}");
}

/// The texts of all crates in one language. A key stands once.
fn texts(language: &str) -> Texts {
    let mut texts = Texts::new();
    for file in files_in(&crates(), "ftl") {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        if name != language && name != format!("help.{language}") {
            continue;
        }
        let mut key = String::new();
        for line in fs_err::read_to_string(&file).unwrap().lines() {
            let entry = line.trim_start().split_once(" =").map(|(head, _)| head);
            match entry {
                Some(head) if line.starts_with(is_letter) && is_key(head) => {
                    key = head.to_owned();
                    assert!(
                        texts.insert(key.clone(), BTreeSet::new()).is_none(),
                        "{key} stands twice"
                    );
                }
                Some(head) if head.starts_with('.') => {
                    let owner = key.split('.').next().unwrap_or_default();
                    key = format!("{owner}{head}");
                    texts.insert(key.clone(), BTreeSet::new());
                }
                _ => {}
            }
            let fields = line.split('$').skip(1).filter(|_| !line.starts_with('#'));
            let names = fields.map(|rest| rest.split(|c: char| !is_letter(c) && c != '_').next().unwrap());
            texts
                .entry(key.clone())
                .or_default()
                .extend(names.map(str::to_owned));
        }
        texts.remove("");
    }
    texts
}

/// The literals of the functions that give an error's, a reason's or a finding's code.
fn codes_in(source: &str) -> Vec<&str> {
    let heads = [
        "fn code(&self) -> &'static str {",
        "fn message(self) -> &'static str {",
        "fn message(&self) -> &'static str {",
    ];
    let mut codes = Vec::new();
    for head in heads {
        for (at, _) in source.match_indices(head) {
            let line = source[..at].rfind('\n').map_or(0, |newline| newline + 1);
            let indent = source[line..].chars().take_while(|c| *c == ' ').count();
            let end = format!("\n{}}}\n", " ".repeat(indent));
            let body = source[at..].split(&end).next().unwrap_or_default();
            let literals = body.split('"').skip(1).step_by(2);
            codes.extend(literals.filter(|literal| !literal.ends_with('-')));
        }
    }
    codes
}

/// The literal keys that are handed to the catalogue.
fn keys_in(source: &str) -> Vec<&str> {
    let mut keys = Vec::new();
    for call in [
        ".plain(\"",
        ".text(\"",
        ".text(\n            \"",
        ".text(\n        \"",
    ] {
        keys.extend(
            source
                .split(call)
                .skip(1)
                .filter_map(|rest| rest.split('"').next()),
        );
    }
    keys.retain(|key| is_key(key));
    keys
}

fn is_letter(c: char) -> bool {
    c.is_ascii_lowercase()
}

fn is_key(text: &str) -> bool {
    text.starts_with(is_letter)
        && text
            .chars()
            .all(|c| is_letter(c) || c.is_ascii_digit() || c == '-')
}

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap()
}

/// The sources of the program, without its tests.
fn sources() -> Vec<PathBuf> {
    let mut files = files_in(&crates(), "rs");
    files.retain(|file| file.components().any(|part| part.as_os_str() == "src"));
    files
}

fn files_in(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_in(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    files.sort();
    files
}
