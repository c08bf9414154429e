//! The two languages say the same things: `messages/fr.ftl` and `messages/en.ftl` of a crate hold the same keys,
//! with the same fields.

use std::collections::{BTreeMap, BTreeSet};

use crate::repository::TrackedFile;

/// Message or attribute (`code` or `code.hint`) to the fields its text uses.
type Catalogue = BTreeMap<String, BTreeSet<String>>;

/// Every key of one language is in the other, uses the same fields, and belongs to one crate only.
pub(super) fn same_in_both_languages(files: &[TrackedFile]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut owners: BTreeMap<String, &str> = BTreeMap::new();
    for french in files
        .iter()
        .filter(|file| file.path.ends_with("/messages/fr.ftl"))
    {
        let folder = french.path.trim_end_matches("fr.ftl");
        let fr = catalogue(french, &mut faults);
        for key in fr.keys() {
            if let Some(other) = owners.insert(key.clone(), &french.path) {
                faults.push(format!("{}: `{key}` is also in {other}", french.path));
            }
        }
        match files.iter().find(|file| file.path == format!("{folder}en.ftl")) {
            None => faults.push(format!("{folder}en.ftl is missing")),
            Some(english) => compare(folder, &fr, &catalogue(english, &mut faults), &mut faults),
        }
    }
    for english in files
        .iter()
        .filter(|file| file.path.ends_with("/messages/en.ftl"))
    {
        let french = english.path.replace("/en.ftl", "/fr.ftl");
        if !files.iter().any(|file| file.path == french) {
            faults.push(format!("{french} is missing"));
        }
    }
    faults
}

fn compare(folder: &str, fr: &Catalogue, en: &Catalogue, faults: &mut Vec<String>) {
    for key in fr.keys().filter(|key| !en.contains_key(*key)) {
        faults.push(format!("{folder}: `{key}` is missing in English"));
    }
    for (key, fields) in en {
        match fr.get(key) {
            None => faults.push(format!("{folder}: `{key}` is missing in French")),
            Some(french) if french != fields => {
                faults.push(format!(
                    "{folder}: `{key}` uses {french:?} in French, {fields:?} in English"
                ));
            }
            Some(_) => {}
        }
    }
}

/// The keys of a Fluent file. Terms (`-name`) and comments are left out.
fn catalogue(file: &TrackedFile, faults: &mut Vec<String>) -> Catalogue {
    let mut catalogue = Catalogue::new();
    let mut message = String::new();
    let mut key: Option<String> = None;
    for (at, line) in file.text.lines().enumerate() {
        if let Some(name) = name_before_equals(line) {
            message = name.to_owned();
            key = Some(message.clone());
        } else if let Some(name) = line.trim_start().strip_prefix('.').and_then(name_before_equals) {
            key = Some(format!("{message}.{name}"));
        } else if line.starts_with(['#', '-']) {
            key = None;
            continue;
        } else {
            collect_fields(line, key.as_ref(), &mut catalogue);
            continue;
        }
        if let Some(key) = &key
            && catalogue.insert(key.clone(), BTreeSet::new()).is_some()
        {
            faults.push(format!("{}:{}: `{key}` is there twice", file.path, at + 1));
        }
        collect_fields(line, key.as_ref(), &mut catalogue);
    }
    catalogue
}

/// `name` in `name = text`.
fn name_before_equals(line: &str) -> Option<&str> {
    let name = line.split_once('=')?.0.trim_end();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    (name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(plain)).then_some(name)
}

/// Adds every `$field` of a line to the fields of `key`.
fn collect_fields(line: &str, key: Option<&String>, catalogue: &mut Catalogue) {
    let Some(fields) = key.and_then(|key| catalogue.get_mut(key)) else {
        return;
    };
    for part in line.split('$').skip(1) {
        let end = part
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_')))
            .unwrap_or(part.len());
        fields.insert(part[..end].to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn check(fr: &str, en: &str) -> Vec<String> {
        same_in_both_languages(&[
            file("crates/a/messages/fr.ftl", fr),
            file("crates/a/messages/en.ftl", en),
        ])
    }

    #[test]
    fn equal_catalogues_pass() {
        let fr =
            "# commentaire\nfile-missing = Le fichier { $path } manque.\n    .hint = Vérifiez { $path }.\n";
        let en = "file-missing =\n    The file { $path } is missing.\n    .hint = Check { $path }.\n";
        assert_eq!(check(fr, en), [""; 0]);
    }

    #[test]
    fn a_missing_key_or_hint_is_found() {
        assert_eq!(
            check("a = A\n    .hint = B\n", "a = A\n"),
            ["crates/a/messages/: `a.hint` is missing in English"]
        );
        assert_eq!(
            check("a = A\n", "a = A\nb = B\n"),
            ["crates/a/messages/: `b` is missing in French"]
        );
    }

    #[test]
    fn a_field_in_one_language_only_is_found() {
        assert_eq!(check("a = { $path }\n", "a = { $key }\n").len(), 1);
    }

    #[test]
    fn a_key_twice_and_a_missing_file_are_found() {
        assert_eq!(check("a = A\na = B\n", "a = A\n").len(), 1);
        assert_eq!(
            same_in_both_languages(&[file("crates/a/messages/en.ftl", "a = A\n")]).len(),
            1
        );
        assert_eq!(
            same_in_both_languages(&[file("crates/a/messages/fr.ftl", "a = A\n")]).len(),
            1
        );
    }

    #[test]
    fn a_key_belongs_to_one_crate() {
        let both = ["a", "b"].map(|name| {
            ["fr", "en"]
                .map(|language| file(&format!("crates/{name}/messages/{language}.ftl"), "same = Same\n"))
        });
        assert_eq!(
            same_in_both_languages(&both.into_iter().flatten().collect::<Vec<_>>()).len(),
            1
        );
    }
}
