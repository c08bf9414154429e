//! Real fragments of HTML: no word is glued to another, none is lost.

use serde::Deserialize;
use trousseau_extract::{ExtractError, Format, Limits, read};

#[derive(Deserialize)]
struct Fragment {
    id: String,
    html: String,
}

/// Elements that begin on a new line, as far as these fragments use them.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "blockquote",
    "br",
    "caption",
    "dd",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "img",
    "li",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "ul",
];

/// A reading that shares nothing with the reader: each tag becomes a space or nothing, then entities are
/// replaced.
fn reference(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        let (tag, after) = match tag.strip_prefix("!--") {
            Some(comment) => ("", comment.split_once("-->").map_or("", |(_, after)| after)),
            None => tag.split_once('>').unwrap_or((tag, "")),
        };
        let name = tag.trim_start_matches('/');
        let end = name
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(name.len());
        if BLOCKS.contains(&name[..end].to_lowercase().as_str()) {
            text.push(' ');
        }
        rest = after;
    }
    text.push_str(rest);
    for (entity, character) in [
        ("&nbsp;", "\u{a0}"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&rsquo;", "’"),
        ("&laquo;", "«"),
        ("&raquo;", "»"),
        ("&eacute;", "é"),
        ("&amp;", "&"),
    ] {
        text = text.replace(entity, character);
    }
    text.replace(['\u{ad}', '\u{200b}', '\u{feff}'], "")
}

#[test]
fn no_word_of_the_fragments_is_glued_or_lost() {
    let Some(folder) = trousseau_testing::bench_data("extract-html-fragments", "retrieval/cnil-faq-fr")
    else {
        return;
    };
    let lines = fs_err::read_to_string(folder.join("raw_html_fragments.jsonl")).unwrap();
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in lines.lines() {
        let fragment: Fragment = serde_json::from_str(line).unwrap();
        let text = match read(Format::Html, fragment.html.as_bytes(), &Limits::default()) {
            Ok(extracted) => extracted.text,
            Err(ExtractError::Empty) => String::new(),
            Err(error) => panic!("{}: {error}", fragment.id),
        };
        let expected = reference(&fragment.html);
        let ours: Vec<&str> = text.split_whitespace().filter(|word| *word != "|").collect();
        let theirs: Vec<&str> = expected.split_whitespace().filter(|word| *word != "|").collect();
        if ours != theirs {
            let at = ours.iter().zip(&theirs).take_while(|(a, b)| a == b).count();
            let around = |words: &[&str]| words[at.saturating_sub(3)..words.len().min(at + 4)].join(" ");
            wrong.push(format!(
                "{}: {:?} for {:?}",
                fragment.id,
                around(&ours),
                around(&theirs)
            ));
        }
        count += 1;
    }
    assert!(
        wrong.is_empty(),
        "{} of {count} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert_eq!(count, 506);
}
