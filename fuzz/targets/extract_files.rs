//! Whatever a file holds, reading it ends, and what is read keeps the promises that chunks and citations
//! stand on: clean text, blocks in order, on character boundaries, not overlapping.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trousseau_extract::{Format, Limits, read};

fuzz_target!(|bytes: &[u8]| {
    let _ = Format::detect("file", bytes);
    for format in [Format::Text, Format::Markdown, Format::Html] {
        let Ok(extracted) = read(format, bytes, &Limits::default()) else {
            continue;
        };
        let text = &extracted.text;
        assert!(
            !text.contains(|c: char| c.is_control() && c != '\n' && c != '\t'),
            "{format:?}: {text:?}"
        );
        let mut end = 0;
        for block in &extracted.blocks {
            assert!(
                block.bytes.start >= end,
                "{format:?}: blocks overlap at {:?}",
                block.bytes
            );
            assert!(
                text.get(block.bytes.clone()).is_some(),
                "{format:?}: {:?} cuts a character",
                block.bytes
            );
            end = block.bytes.end;
        }
    }
});
