//! Whether what a client took for a whole answer is one that targets gave.

use crate::ending::Reason;
use crate::entries::Seam;
use crate::script::{OF_ANSWERS, Script};

/// A text that ended clean.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said<'a> {
    pub(crate) text: &'a str,
    /// Why it says that it ended.
    pub(crate) reason: Reason,
    /// The target that ended it.
    pub(crate) by: &'a str,
    pub(crate) seams: &'a [Seam],
}

/// Whether the text is all that its target said; behind a seam, whether each part is what its target said, the first from the
/// beginning, the last to the end.
pub(crate) fn is_whole(said: &Said<'_>, scripts: &[(&str, Script)]) -> bool {
    let ends = |script: &Script, text: &str| match said.reason {
        Reason::Stop | Reason::Length => {
            script.is_whole()
                && script.short == (said.reason == Reason::Length)
                && script.text.ends_with(text)
        }
        // All of it up to what is held back.
        Reason::Held => script
            .text
            .split_once(OF_ANSWERS)
            .is_some_and(|(before, _)| before.trim_end().ends_with(text.trim_end())),
    };
    if said.seams.is_empty() {
        return of(scripts, said.by)
            .any(|script| ends(script, said.text) && script.text.starts_with(said.text));
    }
    let characters: Vec<char> = said.text.chars().collect();
    let mut from = 0;
    for (number, seam) in said.seams.iter().enumerate() {
        let Some(part) = characters.get(from..seam.at) else {
            return false;
        };
        let part: String = part.iter().collect();
        let came = of(scripts, &seam.from).any(|script| match number {
            0 => script.text.starts_with(&part),
            _ => script.text.contains(part.trim()),
        });
        if !came
            || said
                .seams
                .get(number + 1)
                .is_some_and(|next| next.from != seam.to)
        {
            return false;
        }
        from = seam.at;
    }
    let rest: String = characters[from..].iter().collect();
    let last = said.seams.last().map_or(said.by, |seam| &seam.to);
    last == said.by && of(scripts, last).any(|script| ends(script, rest.trim_start()))
}

/// What a target said to the request, each time that it had it.
fn of<'a>(scripts: &'a [(&str, Script)], target: &'a str) -> impl Iterator<Item = &'a Script> {
    scripts
        .iter()
        .filter(move |(name, _)| *name == target)
        .map(|(_, script)| script)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Fault;

    fn script(text: &str, fault: Fault) -> Script {
        Script {
            fault,
            text: text.to_owned(),
            late: true,
            way: 0,
            short: false,
            keeps: false,
        }
    }

    fn whole(text: &str, by: &str, seams: &[(&str, &str, usize)]) -> bool {
        let scripts = [
            ("a", script("un deux trois fin", Fault::Cut)),
            ("b", script("quatre cinq fin", Fault::Nothing)),
        ];
        let seams: Vec<Seam> = seams
            .iter()
            .map(|(from, to, at)| Seam {
                from: (*from).to_owned(),
                to: (*to).to_owned(),
                at: *at,
            })
            .collect();
        let said = Said {
            text,
            reason: Reason::Stop,
            by,
            seams: &seams,
        };
        is_whole(&said, &scripts)
    }

    #[test]
    fn an_answer_that_was_cut_is_not_whole() {
        assert!(whole("quatre cinq fin", "b", &[]));
        assert!(!whole("quatre cinq", "b", &[]));
        assert!(!whole("un deux trois fin", "a", &[]));
        assert!(!whole("quatre cinq fin", "a", &[]));
    }

    #[test]
    fn what_is_held_back_ends_where_it_begins() {
        let text = format!("un deux {OF_ANSWERS} trois fin");
        let held = |said| {
            let said = Said {
                text: said,
                reason: Reason::Held,
                by: "a",
                seams: &[],
            };
            is_whole(&said, &[("a", script(&text, Fault::Cut))])
        };
        assert!(held("un deux ") && held("un deux"));
        assert!(!held("un") && !held("un deux DE89"));
    }

    #[test]
    fn behind_a_seam_every_part_is_somebodys() {
        assert!(whole("un deux quatre cinq fin", "b", &[("a", "b", 7)]));
        assert!(!whole("un deuX quatre cinq fin", "b", &[("a", "b", 7)]));
        assert!(!whole("un deux quatre cinq", "b", &[("a", "b", 7)]));
        assert!(!whole("quatre cinq fin", "b", &[("a", "b", 7)]));
        assert!(!whole("un deux quatre cinq fin", "b", &[("b", "a", 7)]));
    }
}
