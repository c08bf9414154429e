//! What holds for any bytes at all.

use proptest::prelude::*;
use trousseau_core::document::{BlockKind, Extracted};
use trousseau_extract::{ExtractError, Format, Limits, read};

const FORMATS: [Format; 3] = [Format::Text, Format::Markdown, Format::Html];

/// Everything [`Extracted`] promises.
fn check(extracted: &Extracted) {
    let clean = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    assert!(extracted.text.chars().all(clean), "{:?}", extracted.text);
    assert!(!extracted.blocks.is_empty());
    let mut last = 0;
    for block in &extracted.blocks {
        assert!(block.bytes.start >= last, "{block:?} after {last}");
        last = block.bytes.end;
        let body = extracted.text.get(block.bytes.clone()).unwrap();
        assert!(!body.trim().is_empty(), "{block:?}");
        assert!(
            block
                .heading
                .iter()
                .all(|heading| !heading.is_empty() && !heading.contains('\n'))
        );
        if block.kind == BlockKind::Heading {
            let own = block.heading.last().unwrap().trim_end_matches('…');
            let line = body.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(line.starts_with(own), "{own:?} of {line:?}");
        }
    }
}

/// Pieces that mean something to one of the readers, in any order.
fn markup() -> impl Strategy<Value = String> {
    let pieces = [
        "<p>",
        "</p>",
        "<ul>",
        "</ul>",
        "<li>",
        "</li>",
        "<table>",
        "</table>",
        "<tr>",
        "<td>",
        "</td>",
        "<th>",
        "<h1>",
        "</h1>",
        "<h3>",
        "</h3>",
        "<br>",
        "<pre>",
        "</pre>",
        "<div hidden>",
        "</div>",
        "<nav>",
        "</nav>",
        "<title>",
        "</title>",
        "<script>",
        "</script>",
        "<td hidden>",
        "<li hidden>",
        "<p hidden>",
        "<dl>",
        "<dd>",
        "<!--",
        "-->",
        "<svg/>",
        "<select>",
        "&amp;",
        "&nbsp;",
        "&#0;",
        "mot",
        "été ",
        "\n",
        "\n\n",
        "# ",
        "## ",
        "- ",
        "1. ",
        "2.1 Titre",
        "TITRE",
        "===",
        "---",
        "> ",
        "| a | b |\n|---|---|\n",
        "```\n",
        "    ",
        "[^1]: ",
        "[x](y)",
        "*",
        "\r",
        "\t",
        "\u{7}",
        "\u{ad}",
        "\u{2028}",
        "Chapitre II",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..60).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _detected = Format::detect("note", &bytes);
        for format in FORMATS {
            if let Ok(extracted) = read(format, &bytes, &Limits::default()) {
                check(&extracted);
            }
        }
    }

    #[test]
    fn any_markup_is_read(text in markup()) {
        for format in FORMATS {
            match read(format, text.as_bytes(), &Limits::default()) {
                Ok(extracted) => check(&extracted),
                Err(error) => prop_assert!(matches!(error, ExtractError::Empty | ExtractError::Binary { .. }), "{error}"),
            }
        }
    }

    #[test]
    fn a_plain_text_is_kept_verbatim(text in "[a-zé \t\n.:'’-]{0,80}x\\PC{0,40}") {
        let extracted = read(Format::Text, text.as_bytes(), &Limits::default());
        let outside = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
        prop_assume!(!text.contains(outside) && !text.starts_with('\u{feff}'));
        prop_assert_eq!(extracted.unwrap().text, text);
    }

    #[test]
    fn all_words_of_a_plain_text_are_in_blocks(text in markup()) {
        let Ok(extracted) = read(Format::Text, text.as_bytes(), &Limits::default()) else {
            return Ok(());
        };
        let mut outside = String::new();
        let mut at = 0;
        for block in &extracted.blocks {
            outside.push_str(&extracted.text[at..block.bytes.start]);
            at = block.bytes.end;
        }
        outside.push_str(&extracted.text[at..]);
        // Underlines of headings are the only thing left out.
        prop_assert!(!outside.contains(char::is_alphanumeric), "{outside:?}");
    }

    #[test]
    fn html_text_never_glues_or_splits_words(words in prop::collection::vec("[a-zé]{1,8}", 1..20)) {
        let blocks = ["p", "div", "li", "td", "h2", "section", "dd", "blockquote"];
        let inlines = ["b", "em", "span", "a", "font", "mark"];
        let mut html = String::new();
        for (number, word) in words.iter().enumerate() {
            let (start, end) = word.split_at(word.chars().next().unwrap().len_utf8());
            let block = blocks[number % blocks.len()];
            let inline = inlines[number % inlines.len()];
            html.push_str(&format!("<{block}>{start}<{inline}>{end}</{inline}></{block}>"));
        }
        let extracted = read(Format::Html, html.as_bytes(), &Limits::default()).unwrap();
        let found: Vec<&str> = extracted.text.split_whitespace().collect();
        prop_assert_eq!(found, words);
    }
}

#[test]
fn depth_does_not_overflow_the_stack() {
    let deep = 100_000;
    let divs = "<div>".repeat(deep) + "mot";
    let extracted = read(Format::Html, divs.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(extracted.text, "mot");
    let spans = "<b><i>".repeat(deep) + "mot" + &"</b>".repeat(deep);
    assert_eq!(
        read(Format::Html, spans.as_bytes(), &Limits::default())
            .unwrap()
            .text,
        "mot"
    );
    for nested in ["<ul><li>", "<table><tr><td>", "<dl><dd>"] {
        let refused = read(Format::Html, nested.repeat(deep).as_bytes(), &Limits::default());
        assert_eq!(refused, Err(ExtractError::TooDeep { limit: 500 }), "{nested}");
    }
    let quotes = "> ".repeat(2_000) + "mot";
    let refused = read(Format::Markdown, quotes.as_bytes(), &Limits::default());
    assert_eq!(refused, Err(ExtractError::TooDeep { limit: 500 }));
}

#[test]
fn a_line_of_ten_megabytes_is_one_paragraph() {
    let line = "mot ".repeat(10 << 18);
    for format in FORMATS {
        let extracted = read(format, line.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(extracted.blocks.len(), 1);
        assert_eq!(extracted.blocks[0].bytes, 0..line.len() - 1, "{format:?}");
    }
}

#[test]
fn limits_are_kept() {
    let limits = Limits {
        max_bytes: 100,
        max_blocks: 3,
        max_depth: 2,
    };
    let refused = read(Format::Text, &[b'a'; 101], &limits);
    assert_eq!(
        refused,
        Err(ExtractError::TooLarge {
            bytes: 101,
            limit: 100
        })
    );
    for (format, text) in [
        (Format::Text, "a\n\nb\n\nc\n\nd"),
        (Format::Markdown, "a\n\nb\n\nc\n\nd"),
        (Format::Html, "<p>a<p>b<p>c<p>d"),
    ] {
        let refused = read(format, text.as_bytes(), &limits);
        assert_eq!(
            refused,
            Err(ExtractError::TooManyBlocks { limit: 3 }),
            "{format:?}"
        );
    }
}

#[test]
fn what_has_no_text_is_empty() {
    for (format, text) in [
        (Format::Text, ""),
        (Format::Text, " \r\n\u{a0}\n"),
        (Format::Text, "\u{feff}"),
        (Format::Markdown, "---\ntitle: a\n---\n\n<!-- rien -->\n"),
        (
            Format::Html,
            "<html><head><title>a</title></head><body><script>b</script></body></html>",
        ),
    ] {
        let read = read(format, text.as_bytes(), &Limits::default());
        assert_eq!(read, Err(ExtractError::Empty), "{text:?}");
    }
}

#[test]
fn an_html_page_is_read_in_the_encoding_it_declares() {
    let page = |declared: &str| format!("<meta charset={declared}><p>Évolution à l’été</p>");
    let text = "Évolution à l’été";
    let read = |bytes: &[u8]| read(Format::Html, bytes, &Limits::default()).unwrap();
    let cyrillic = [b"<meta charset=koi8-r><p>".as_slice(), &[0xc4, 0xc1]].concat();
    assert_eq!(read(&cyrillic).text, "да");
    let (latin, _, _) = encoding_rs::WINDOWS_1252.encode(text);
    let declared = [b"<meta charset=iso-8859-1><p>".as_slice(), &latin].concat();
    assert_eq!(
        (read(&declared).text.as_str(), read(&declared).warnings.len()),
        (text, 0)
    );
    let undeclared = read(&[b"<p>".as_slice(), &latin].concat());
    assert_eq!((undeclared.text.as_str(), undeclared.warnings.len()), (text, 1));
    let wrong = read(page("iso-8859-1").as_bytes());
    assert_eq!((wrong.text.as_str(), wrong.warnings.len()), (text, 1));
}
