//! Looking for personal data and secrets ends on any text, and what is found can be cut out of it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trousseau_policy::detect;

fuzz_target!(|text: &str| {
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
});
