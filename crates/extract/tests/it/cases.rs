//! Small files, one rule each. A block is shown as its kind's mark, its heading path where asked, and its
//! text: `# ` heading, `. ` paragraph, `- ` list item, `| ` row, `> ` code.

use trousseau_core::document::BlockKind;
use trousseau_extract::{ExtractError, Format, Limits, read};

fn blocks(format: Format, file: &str) -> Vec<String> {
    let extracted = match read(format, file.as_bytes(), &Limits::default()) {
        Ok(extracted) => extracted,
        Err(ExtractError::Empty) => return Vec::new(),
        Err(error) => return vec![format!("error: {error}")],
    };
    let show = |kind: BlockKind, text: &str| {
        let mark = match kind {
            BlockKind::Heading => "#",
            BlockKind::Paragraph => ".",
            BlockKind::ListItem => "-",
            BlockKind::TableRow => "|",
            BlockKind::Code => ">",
        };
        format!("{mark} {text}")
    };
    extracted
        .blocks
        .iter()
        .map(|block| show(block.kind, &extracted.text[block.bytes.clone()]))
        .collect()
}

fn check(format: Format, cases: &[(&str, &[&str])]) {
    for (file, expected) in cases {
        assert_eq!(blocks(format, file), *expected, "{file:?}");
    }
}

#[test]
fn html_breaks_where_a_browser_does() {
    check(
        Format::Html,
        &[
            ("a<b>b</b><i>c</i><span>d</span>e", &[". abcde"]),
            ("a<p>b</p>c", &[". a", ". b", ". c"]),
            ("a<br>b<br/>c</br>d", &[". a\nb\nc\nd"]),
            ("a<br><br>b", &[". a", ". b"]),
            ("a<br> <br>b", &[". a", ". b"]),
            ("hy<wbr>per<mon-element>texte</mon-element>", &[". hypertexte"]),
            ("un<img src=x>deux<button>trois</button>", &[". un deux trois"]),
            ("a <!-- b --> c<![CDATA[ d ]]>", &[". a c"]),
            ("R&amp;D &lt;3 &eacute&#233;&#x20ac;", &[". R&D <3 éé€"]),
            ("<section>a<article>b</article></section>", &[". a", ". b"]),
            ("<div>a<div>b</div>c</div>", &[". a", ". b", ". c"]),
            ("<blockquote>a<p>b</blockquote>", &[". a", ". b"]),
        ],
    );
}

#[test]
fn html_leaves_out_what_is_not_shown() {
    check(
        Format::Html,
        &[
            (
                "a<script>b</script><style>c</style><template>d</template>e",
                &[". ae"],
            ),
            (
                "a<script>'<p>b'</script>c<noscript><p>d</p></noscript>",
                &[". ac"],
            ),
            ("a<div hidden>b<div>c</div>d</div>e", &[". a", ". e"]),
            ("<div hidden=until-found>a</div>", &[". a"]),
            ("<p style='Display : NONE'>a<p>b", &[". b"]),
            ("a<span style='visibility:hidden'>b</span>c", &[". ac"]),
            ("<p hidden>a<div>b</div>", &[". b"]),
            ("<ul><li>a<li hidden>b<ul><li>c</ul>d<li>e</ul>", &["- a", "- e"]),
            ("<ul><li hidden>a</ul><p>b", &[". b"]),
            (
                "<table><tr><td>a<td hidden>b<td>c<tr hidden><td>d<td>e<tr><td>f<td>g</table>",
                &["| a | c", "| f | g"],
            ),
            ("<nav><ul><li>a</ul></nav><div role=navigation>b</div>c", &[". c"]),
            ("a<select><option>b</select><textarea>c</textarea>d", &[". a d"]),
            ("a<svg><title>b</title><text>c</text></svg>d", &[". ad"]),
            ("a<script src=x />b", &[". ab"]),
            ("<input hidden>a", &[". a"]),
            ("<body hidden>a", &[". a"]),
        ],
    );
}

#[test]
fn html_lists_and_tables() {
    check(
        Format::Html,
        &[
            (
                "<ul><li>a<ul><li>b</ul>c<li>d</ul>",
                &["- a", "- b", "- c", "- d"],
            ),
            ("<ol><li><p>a</p><p>b</p></li></ol>", &["- a\nb"]),
            ("<ul><li>a<pre>b\n  c</pre></ul>", &["- a", "> b\n  c"]),
            ("<dl><dt>a<dd>b<dd>c</dl>", &["- a", "- b", "- c"]),
            ("<li>a</li>b", &[". a", ". b"]),
            ("</ul></table></li>a", &[". a"]),
            (
                "<table><tr><th>a<th>b<tr><td><p>c</p><p>d</p><td></table>",
                &["| a | b", "| c d"],
            ),
            ("<table><tr><td><td><tr><td>a<td>b</table>", &["| a | b"]),
            ("<table><tr><td></td><td>b</td></tr></table>c", &["|  | b", ". c"]),
            (
                "<table><caption>a</caption><tbody><tr><td>b<td>c</tbody></table>",
                &[". a", "| b | c"],
            ),
            (
                "<table><tr><td>a<ul><li>b<li>c</ul><td>d</table>",
                &["| a b c | d"],
            ),
            ("<table><tr><td><h2>a</h2><p>b<p>c</table>", &["# a", ". b\nc"]),
            (
                "<table><tr><td>a<td><table><tr><td>b<td>c</table>d<td>e</table>",
                &["| a", "| b | c", "| d | e"],
            ),
            ("<td>a<td>b", &[". a", ". b"]),
        ],
    );
}

#[test]
fn html_headings() {
    check(
        Format::Html,
        &[
            ("<h2>a<br>b</h2>c", &["# a b", ". c"]),
            ("<h2><span>1.</span> <a>b</a></h2>", &["# 1. b"]),
            ("<h1></h1>a", &[". a"]),
            ("<title>a<h1>b</h1><p>c", &[". a", "# b", ". c"]),
            ("<h2>a<ul><li>b</ul>", &["# a", "- b"]),
            ("<h2>a<h3>b</h3>c", &["# a", "# b", ". c"]),
            ("<ul><li><h4>a</h4>b</ul>", &["# a", "- b"]),
        ],
    );
    let title = |file: &str| {
        read(Format::Html, file.as_bytes(), &Limits::default())
            .unwrap()
            .title
    };
    assert_eq!(
        title("<title> a\n b </title><title>c</title><h1>d</h1>").as_deref(),
        Some("a b")
    );
    assert_eq!(title("<title></title><h1>d</h1>").as_deref(), Some("d"));
    assert_eq!(title("<p>d"), None);
}

#[test]
fn markdown_markup_vanishes() {
    check(
        Format::Markdown,
        &[
            (
                "a *b* **c** `d` ~~e~~ [f](g) <https://h.fr> \\*i\\*",
                &[". a b c d e f https://h.fr *i*"],
            ),
            ("a\nb  \nc\\\nd", &[". a b\nc\nd"]),
            ("a<br>b <b>c</b>d<!-- e -->", &[". a\nb cd"]),
            ("![plan](p.png) a&nbsp;&eacute;", &[". plan a\u{a0}é"]),
            ("a\n=\n\nb\n-\n\n#### c", &["# a", "# b", "# c"]),
            ("- [x] a\n- [ ] b", &["- a", "- b"]),
            ("- a\n\n  b\n\n- c\n  - d\n\ne", &["- a\nb", "- c", "- d", ". e"]),
            ("1. a\n   ```\n   b\n   ```\n2. c", &["- a", "> b", "- c"]),
            ("> a\n>\n> - b\n\nc", &[". a", "- b", ". c"]),
            (
                "| a | b |\n|---|---|\n| `c|d` | |\n| | e |",
                &["| a | b", "| `c | d`", "|  | e"],
            ),
            (
                "<div>\n\n*a*\n\n</div>\n\n<table><tr><td>b<td>c</table>\n",
                &[". a", "| b | c"],
            ),
            ("    a\n    b\n\n***\n\nc", &["> a\nb", ". c"]),
            ("<script>\na\n</script>\n\nb", &[". b"]),
            ("<title>\na\n\nb", &[". a", ". b"]),
        ],
    );
}

#[test]
fn plain_headings_are_found_conservatively() {
    for (line, level) in [
        ("RÈGLEMENT INTÉRIEUR", true),
        ("ANNEXE", true),
        ("Chapitre II", true),
        ("Article premier", true),
        ("Article L. 311-5 du code", true),
        ("2.1 Durée", true),
        ("IV. Sanctions", true),
        ("IV - Sanctions", true),
        ("12 – 15 ans", false),
        ("3. Durée du prêt", true),
        ("3. Rendre le livre.", false),
        ("2024 Budget", false),
        ("Titre de séjour", false),
        ("Section syndicale", false),
        ("article 3 de la loi :", false),
        ("III A", false),
        ("12 345 €", false),
        ("ATTENTION !", false),
        ("- LISTE DES PIÈCES", false),
        ("Bonjour à tous", false),
    ] {
        let file = format!("{line}\n\nUn paragraphe.\n");
        let kind = blocks(Format::Text, &file)[0].starts_with('#');
        assert_eq!(kind, level, "{line:?}");
    }
}

#[test]
fn plain_text_is_cut_into_paragraphs_and_items() {
    check(
        Format::Text,
        &[
            ("a\nb\n \t\nc", &[". a\nb", ". c"]),
            ("a :\n- b\n  c\n- d\n", &[". a :", "- - b\n  c", "- - d"]),
            ("1. a\n2. b", &["- 1. a", "- 2. b"]),
            (
                "1. Aller\n\n2. Venir\n\n3. Partir",
                &["- 1. Aller", "- 2. Venir", "- 3. Partir"],
            ),
            ("-3 degrés\n*note", &[". -3 degrés\n*note"]),
            ("+ 13 341 €", &[". + 13 341 €"]),
            ("Titre\n=====\nTexte", &["# Titre", ". Texte"]),
            ("a\n-----\n\n-----", &["# a", ". -----"]),
            ("- a\n-----", &["- - a\n-----"]),
            ("a\r\n\r\nb\rc", &[". a", ". b\nc"]),
        ],
    );
}
