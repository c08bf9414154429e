//! Readers in bytes per second, on a megabyte of text made for the purpose and on many small files.

use std::fmt::Write as _;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use trousseau_extract::{Format, Limits, read};

const SECTIONS: usize = 1000;

fn main() {
    divan::main();
}

#[divan::bench(args = [Format::Text, Format::Markdown, Format::Html])]
fn a_megabyte(bencher: Bencher<'_, '_>, format: Format) {
    let file = make(format, SECTIONS);
    bencher
        .counter(BytesCount::of_str(&file))
        .bench(|| read(format, black_box(file.as_bytes()), &Limits::default()));
}

#[divan::bench(args = [Format::Text, Format::Markdown, Format::Html])]
fn a_page(bencher: Bencher<'_, '_>, format: Format) {
    let file = make(format, 2);
    bencher
        .counter(BytesCount::of_str(&file))
        .bench(|| read(format, black_box(file.as_bytes()), &Limits::default()));
}

#[divan::bench]
fn one_long_line(bencher: Bencher<'_, '_>) {
    let file = "Un mot déjà dit, ".repeat(640_000);
    bencher
        .counter(BytesCount::of_str(&file))
        .bench(|| read(Format::Text, black_box(file.as_bytes()), &Limits::default()));
}

/// Sections of about a kilobyte: a heading, two paragraphs, a list of three and a table of two rows.
fn make(format: Format, sections: usize) -> String {
    let sentence = "Le congé annuel est de vingt-cinq jours ouvrés, à prendre avant le 31 décembre. ";
    let (heading, strong, cell) = match format {
        Format::Text => (["", ""], ["", ""], ["", " "]),
        Format::Markdown => (["## ", ""], ["**", "**"], ["| ", " "]),
        Format::Html => (["<h2>", "</h2>"], ["<strong>", "</strong>"], ["<td>", "</td>"]),
    };
    let (paragraph, item) = match format {
        Format::Text | Format::Markdown => (["", "\n"], ["- ", ""]),
        Format::Html => (["<p class=\"texte\">", "</p>"], ["<li>", "</li>"]),
    };
    let mut file = String::new();
    for number in 1..=sections {
        let mut line = |wrap: [&str; 2], text: &str| {
            let _infallible = writeln!(file, "{}{text}{}", wrap[0], wrap[1]);
        };
        line(heading, &format!("{number}. Congés"));
        line(["", ""], "");
        for _ in 0..2 {
            let bold = format!(
                "{}{sentence}{}{}",
                strong[0],
                strong[1].trim_end(),
                sentence.repeat(3)
            );
            line(paragraph, &bold);
        }
        for _ in 0..3 {
            line(item, sentence);
        }
        line(["", ""], "");
        for row in [["Motif", "Jours"], ["---", "---"], ["Mariage", "4"]] {
            let cells = row.map(|text| format!("{}{text}{}", cell[0], cell[1]));
            let open = if format == Format::Html { "<table><tr>" } else { "" };
            line([open, ""], &cells.concat());
        }
        line(["", if format == Format::Html { "</table>" } else { "" }], "");
    }
    file
}
