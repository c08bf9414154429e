//! Looking for personal data and secrets ends on any text, what is found can be cut out of it, and a stream of the same text
//! in pieces says the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trousseau_policy::detect::{Detectors, Finding, detect};

fuzz_target!(|input: (u8, &str)| {
    let (size, text) = input;
    let findings = detect(text);
    let label = findings.label();
    let mut end = 0;
    for finding in &findings {
        assert!(
            finding.bytes.start >= end,
            "findings overlap at {:?}",
            finding.bytes
        );
        assert!(
            text.get(finding.bytes.clone())
                .is_some_and(|found| !found.is_empty())
        );
        assert!(
            label.covers(&finding.detector.label()),
            "the label is below what was found"
        );
        end = finding.bytes.end;
    }
    let mut stream = Detectors::default().stream();
    let mut streamed: Vec<Finding> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let cut = rest.ceil_char_boundary(usize::from(size) + 1);
        let (piece, more) = rest.split_at(cut);
        streamed.extend(stream.push(piece));
        rest = more;
    }
    streamed.extend(stream.finish());
    assert!(
        streamed.iter().eq(findings.iter()),
        "a stream says something else"
    );
});
