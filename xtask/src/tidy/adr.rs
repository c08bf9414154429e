//! Decisions are numbered without gaps and listed in `docs/adr/README.md`.

use crate::repository::TrackedFile;

const FOLDER: &str = "docs/adr/";

pub(super) fn numbered_and_listed(files: &[TrackedFile]) -> Vec<String> {
    let mut faults = Vec::new();
    let index = files
        .iter()
        .find(|file| file.path == "docs/adr/README.md")
        .map_or("", |file| &file.text);
    let mut names: Vec<&str> = files
        .iter()
        .filter_map(|file| file.path.strip_prefix(FOLDER))
        .filter(|name| *name != "README.md")
        .collect();
    names.sort_unstable();
    for (at, name) in names.iter().enumerate() {
        if !name.starts_with(&format!("{at:03}-")) {
            faults.push(format!("{FOLDER}{name}: number {at:03} was expected here"));
        }
        if !index.contains(&format!("]({name})")) {
            faults.push(format!("{FOLDER}{name} is not listed in {FOLDER}README.md"));
        }
    }
    for listed in index
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(name, _)| name)
    {
        if listed.ends_with(".md") && !listed.contains('/') && !names.contains(&listed) {
            faults.push(format!("{FOLDER}README.md lists {listed}, which is not there"));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn gaps_unlisted_pages_and_dead_links_are_found() {
        let index = file(
            "docs/adr/README.md",
            "[0](000-template.md) [1](001-one.md) [9](009-gone.md)",
        );
        let pages = ["000-template.md", "001-one.md"].map(|name| file(&format!("docs/adr/{name}"), ""));
        let mut files = vec![index];
        files.extend(pages);
        assert_eq!(
            numbered_and_listed(&files),
            ["docs/adr/README.md lists 009-gone.md, which is not there"]
        );
        files.push(file("docs/adr/003-three.md", ""));
        assert_eq!(numbered_and_listed(&files).len(), 3);
    }
}
