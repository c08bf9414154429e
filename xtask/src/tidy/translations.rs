//! A page in two languages says the same in both: the same sections, in the same order, and the same code blocks.

use crate::repository::TrackedFile;

/// English and French.
const PAGES: &[(&str, &str)] = &[("README.md", "README.fr.md")];

/// What can be compared between languages.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// A heading: its level and where it stands.
    Section(usize, usize),
    /// A block of code: its language and its lines without comments, and where it begins.
    Block(Vec<String>, usize),
    /// A block that nothing closes.
    Open(usize),
}

impl Part {
    /// Where it stands, counting lines from 1.
    const fn line(&self) -> usize {
        match self {
            Self::Section(_, line) | Self::Block(_, line) | Self::Open(line) => *line,
        }
    }

    /// Whether it is the same in another language, wherever it stands.
    fn is_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Section(ours, _), Self::Section(theirs, _)) => ours == theirs,
            (Self::Block(ours, _), Self::Block(theirs, _)) => ours == theirs,
            _ => false,
        }
    }
}

/// Each page is there in both languages, names the other, and has the same sections and blocks.
pub(super) fn same_in_both_languages(files: &[TrackedFile]) -> Vec<String> {
    let mut faults = Vec::new();
    for (english, french) in PAGES {
        let text = |path: &str| {
            files
                .iter()
                .find(|file| file.path == path)
                .map(|file| &*file.text)
        };
        match (text(english), text(french)) {
            (Some(ours), Some(theirs)) => {
                for (page, text, other) in [(english, ours, french), (french, theirs, english)] {
                    if !text.contains(&format!("]({other})")) {
                        faults.push(format!("{page} does not link {other}"));
                    }
                }
                faults.extend(first_difference((english, ours), (french, theirs)));
            }
            (None, _) => faults.push(format!("{english} is missing")),
            (_, None) => faults.push(format!("{french} is missing")),
        }
    }
    faults
}

fn first_difference((english, ours): (&str, &str), (french, theirs): (&str, &str)) -> Option<String> {
    let (ours, theirs) = (parts(ours), parts(theirs));
    if let Some((our, their)) = ours.iter().zip(&theirs).find(|(our, their)| !our.is_as(their)) {
        return Some(format!(
            "{english}:{} and {french}:{} differ: the same sections and the same blocks of code are expected",
            our.line(),
            their.line()
        ));
    }
    let (page, more, other) = if ours.len() > theirs.len() {
        (english, ours.get(theirs.len()), french)
    } else {
        (french, theirs.get(ours.len()), english)
    };
    more.map(|part| format!("{page}:{} has nothing like it in {other}", part.line()))
}

fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut block: Option<(Vec<String>, usize)> = None;
    for (at, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), &mut block) {
            (Some(_), Some(_)) => parts.extend(block.take().map(|(lines, at)| Part::Block(lines, at))),
            (Some(language), None) => block = Some((vec![language.to_owned()], at + 1)),
            (None, Some((lines, _))) => lines.push(without_comment(line).to_owned()),
            (None, None) => {
                let level = line.chars().take_while(|c| *c == '#').count();
                if level > 0 {
                    parts.push(Part::Section(level, at + 1));
                }
            }
        }
    }
    parts.extend(block.map(|(_, at)| Part::Open(at)));
    parts
}

/// A line of a shell or of TOML without what `#` opens at its end: comments are in the language of the page.
fn without_comment(line: &str) -> &str {
    match line.rsplit_once(" # ") {
        Some((code, _)) => code.trim_end(),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    const ENGLISH: &str = "# A\n[fr](README.fr.md)\n## B\n```\nrun x   # to see\n```\n## C\n";

    fn faults(french: &str) -> Vec<String> {
        same_in_both_languages(&[file("README.md", ENGLISH), file("README.fr.md", french)])
    }

    #[test]
    fn comments_and_words_may_differ() {
        let french = "# A\n\n[en](README.md)\n\n## Bé\n```\nrun x # pour voir\n```\n## Cé\n";
        assert_eq!(faults(french), [""; 0]);
    }

    #[test]
    fn another_command_another_section_and_a_missing_link_are_found() {
        let differ = "differ: the same sections and the same blocks of code are expected";
        assert_eq!(
            faults("# A\n[en](README.md)\n## B\n```\nrun y\n```\n## C\n"),
            [format!("README.md:4 and README.fr.md:4 {differ}")]
        );
        assert_eq!(
            faults("# A\n[en](README.md)\n### B\n```\nrun x\n```\n## C\n"),
            [format!("README.md:3 and README.fr.md:3 {differ}")]
        );
        assert_eq!(
            faults("# A\n[en](README.md)\n## B\n```\nrun x\n## C\n"),
            [format!("README.md:4 and README.fr.md:4 {differ}")]
        );
        assert_eq!(
            faults("# A\n## B\n```\nrun x\n```\n"),
            [
                "README.fr.md does not link README.md",
                "README.md:7 has nothing like it in README.fr.md"
            ]
        );
        assert_eq!(
            same_in_both_languages(&[file("README.md", ENGLISH)]),
            ["README.fr.md is missing"]
        );
    }
}
