//! What the lines of a test run mean, and which skips are allowed.

use std::fmt;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// The only reasons to skip a test when `CI=true`.
const REASONS_UNDER_CI: [&str; 4] = [
    "needs a GPU",
    "needs a container engine",
    "needs user namespaces",
    "needs the benchmark data",
];

/// A test that did not run, and why.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(deny_unknown_fields)]
pub(crate) struct Skip {
    pub(crate) id: String,
    pub(crate) reason: String,
}

impl Skip {
    /// The lines of `target/skips.jsonl`.
    pub(crate) fn parse_record(text: &str) -> Result<Vec<Self>> {
        text.lines()
            .map(|line| serde_json::from_str(line).with_context(|| format!("not a skip: {line}")))
            .collect()
    }
}

/// How many tests passed, failed and were skipped.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    passed: usize,
    failed: usize,
    skips: Vec<Skip>,
    failures: Vec<String>,
}

impl Tally {
    pub(crate) fn pass(&mut self) {
        self.passed += 1;
    }

    /// A failure that no test binary counted.
    pub(crate) fn fail(&mut self, what: String) {
        self.failed += 1;
        self.failures.push(what);
    }

    /// A test that its suite did not run.
    pub(crate) fn skip(&mut self, skip: Skip) {
        self.skips.push(skip);
    }

    /// The skips that tests wrote down themselves. The test binary counted each of them as passed; a test
    /// that wrote several is one.
    pub(crate) fn recorded(&mut self, mut skips: Vec<Skip>) {
        skips.sort();
        skips.dedup_by(|one, other| one.id == other.id);
        self.passed = self.passed.saturating_sub(skips.len());
        self.skips.append(&mut skips);
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skips.extend(other.skips);
        self.failures.extend(other.failures);
    }

    pub(crate) fn failed(&self) -> usize {
        self.failed
    }

    pub(crate) fn skips(&self) -> &[Skip] {
        &self.skips
    }

    pub(crate) fn failures(&self) -> &[String] {
        &self.failures
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} passed, {} failed, {} skipped",
            self.passed,
            self.failed,
            self.skips.len()
        )
    }
}

/// Counts one line of libtest's output: a result line, or a test that is marked as ignored.
pub(crate) fn read_line(line: &str, tally: &mut Tally) {
    if let Some((passed, failed)) = result_line(line) {
        tally.passed += passed;
        tally.failed += failed;
    } else if let Some(skip) = ignored_line(line) {
        tally.skips.push(skip);
    }
}

/// `test result: ok. 3 passed; 0 failed; 1 ignored; ...`
fn result_line(line: &str) -> Option<(usize, usize)> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let count = |what: &str| {
        counts
            .split("; ")
            .find_map(|part| part.trim().strip_suffix(what)?.trim().parse::<usize>().ok())
    };
    Some((count("passed")?, count("failed")?))
}

/// `test module::name ... ignored` with `, reason` behind it when there is one.
fn ignored_line(line: &str) -> Option<Skip> {
    let (name, rest) = line.strip_prefix("test ")?.rsplit_once(" ... ignored")?;
    let reason = rest.strip_prefix(", ").unwrap_or("marked as ignored");
    Some(Skip {
        id: name.to_owned(),
        reason: reason.to_owned(),
    })
}

/// `ci/skips.toml`: the tests that may be skipped, each for one reason.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Allowed {
    #[serde(default)]
    skip: Vec<Skip>,
}

impl Allowed {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let allowed: Self = toml::from_str(text)?;
        for (place, skip) in allowed.skip.iter().enumerate() {
            ensure!(!skip.reason.trim().is_empty(), "{} has no reason", skip.id);
            let again = allowed
                .skip
                .iter()
                .skip(place + 1)
                .any(|other| other.id == skip.id);
            ensure!(!again, "{} is listed twice", skip.id);
        }
        Ok(allowed)
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.skip.iter().map(|skip| skip.id.as_str())
    }

    /// One sentence per skip that is not listed, is listed with another reason, or may not happen under CI.
    pub(crate) fn faults(&self, skips: &[Skip], under_ci: bool) -> Vec<String> {
        skips
            .iter()
            .filter_map(|skip| self.fault(skip, under_ci))
            .collect()
    }

    fn fault(&self, skip: &Skip, under_ci: bool) -> Option<String> {
        let Skip { id, reason } = skip;
        let Some(listed) = self.skip.iter().find(|listed| listed.id == *id) else {
            return Some(format!(
                "{id} was skipped ({reason}) and is not listed in ci/skips.toml"
            ));
        };
        if listed.reason != *reason {
            return Some(format!(
                "{id} was skipped because it {reason}; ci/skips.toml says {}",
                listed.reason
            ));
        }
        (under_ci && !REASONS_UNDER_CI.contains(&reason.as_str()))
            .then(|| format!("{id} was skipped ({reason}), which CI=true does not allow"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skip(id: &str, reason: &str) -> Skip {
        Skip {
            id: id.to_owned(),
            reason: reason.to_owned(),
        }
    }

    fn tally(lines: &[&str]) -> Tally {
        let mut tally = Tally::default();
        for line in lines {
            read_line(line, &mut tally);
        }
        tally
    }

    #[test]
    fn result_lines_of_all_binaries_add_up() {
        let tally = tally(&[
            "running 4 tests",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test result: FAILED. 2 passed; 5 failed; 0 ignored; 0 measured; 7 filtered out; finished in 1.2s",
        ]);
        assert_eq!(tally.to_string(), "5 passed, 5 failed, 0 skipped");
    }

    #[test]
    fn an_ignored_test_is_a_skip() {
        let tally = tally(&[
            "test slow::everything ... ignored, needs a GPU",
            "test src/lib.rs - chunk (line 3) ... ignored",
            "test result: ok. 0 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.00s",
        ]);
        assert_eq!(tally.to_string(), "0 passed, 0 failed, 2 skipped");
        assert_eq!(tally.skips()[0], skip("slow::everything", "needs a GPU"));
        assert_eq!(
            tally.skips()[1],
            skip("src/lib.rs - chunk (line 3)", "marked as ignored")
        );
    }

    #[test]
    fn what_a_test_prints_is_not_counted() {
        let tally = tally(&[
            "the test result: ok. 9 passed; 0 failed",
            "test result: nonsense",
            "test a ... ok",
        ]);
        assert_eq!(tally.to_string(), "0 passed, 0 failed, 0 skipped");
    }

    #[test]
    fn a_recorded_skip_is_not_a_pass_and_counts_once() {
        let mut tally = tally(&["test result: ok. 4 passed; 0 failed; 0 ignored"]);
        let record = concat!(
            r#"{"id":"b","reason":"needs Go"}"#,
            "\n",
            r#"{"id":"a","reason":"needs a GPU"}"#,
            "\n",
            r#"{"id":"b","reason":"needs Go"}"#,
            "\n",
        );
        tally.recorded(Skip::parse_record(record).unwrap());
        assert_eq!(tally.to_string(), "2 passed, 0 failed, 2 skipped");
    }

    #[test]
    fn a_damaged_record_is_an_error() {
        assert!(Skip::parse_record("{\"id\":\"a\"").is_err());
        assert!(Skip::parse_record("{\"id\":\"a\"}").is_err());
    }

    #[test]
    fn only_listed_skips_with_their_reason_pass() {
        let list =
            "[[skip]]\nid = \"a\"\nreason = \"needs Go\"\n[[skip]]\nid = \"g\"\nreason = \"needs a GPU\"\n";
        let allowed = Allowed::parse(list).unwrap();
        let cases = [
            (skip("a", "needs Go"), false, true),
            (skip("a", "needs Go"), true, false),
            (skip("a", "needs a GPU"), false, false),
            (skip("g", "needs a GPU"), true, true),
            (skip("unlisted", "needs a GPU"), true, false),
            (skip("unlisted", "needs a GPU"), false, false),
        ];
        for (skip, under_ci, passes) in cases {
            let faults = allowed.faults(std::slice::from_ref(&skip), under_ci);
            assert_eq!(
                faults.is_empty(),
                passes,
                "{skip:?} under_ci={under_ci}: {faults:?}"
            );
        }
    }

    #[test]
    fn the_list_is_refused_when_it_repeats_itself_or_gives_no_reason() {
        assert!(Allowed::parse("[[skip]]\nid = \"a\"\nreason = \" \"\n").is_err());
        let twice = "[[skip]]\nid = \"a\"\nreason = \"r\"\n[[skip]]\nid = \"a\"\nreason = \"r\"\n";
        assert!(Allowed::parse(twice).is_err());
        assert!(Allowed::parse("[[skips]]\nid = \"a\"\nreason = \"r\"\n").is_err());
        assert_eq!(Allowed::parse("").unwrap().ids().count(), 0);
    }
}
