//! How numbers are written: by people, by word processors, by programs, by scanners.

use std::ops::Range;

use super::{Dice, Made, Specimen};

/// What stands around a number. The empty place is where it goes.
const AROUND: [(&str, &str); 14] = [
    ("", ""),
    ("Bonjour, ", ". Merci de me répondre."),
    (
        "Vous trouverez ci-dessous l’information demandée : ",
        ", à conserver.",
    ),
    ("(", ")"),
    ("« ", " »"),
    ("| Durand | ", " | oui |"),
    ("Le dossier est complet.\n", "\nIl a été reçu le 12 mars 2026."),
    ("Please note ", " for the file."),
    ("Objet : ", " - suivi du courrier"),
    ("<td>", "</td>"),
    ("\"", "\","),
    ("a;b;", ";c"),
    ("\t", "\t"),
    ("Après l’été, ", " sera utilisé."),
];

/// Gaps that are written in place of an ordinary space.
const SPACES: [&str; 5] = ["\u{a0}", "\u{202f}", "\u{2009}", "\u{2007}", "\u{3000}"];
/// Characters that are not seen.
const UNSEEN: [&str; 4] = ["\u{ad}", "\u{200b}", "\u{200d}", "\u{feff}"];

/// Writes it in a sentence.
pub(super) fn spell(detector: &'static str, made: Made, dice: &mut Dice) -> Specimen {
    let grouped = made.groups.len() > 1;
    let gap = if grouped && !(made.compact && dice.once_in(3)) {
        dice.pick(made.gaps)
    } else {
        ""
    };
    let numeric = made
        .groups
        .iter()
        .any(|group| group.contains(|c: char| c.is_ascii_digit()));
    let (spelling, written) = match dice.range(0, 11) {
        0 | 1 if gap == " " => {
            let space = dice.pick(&SPACES);
            ("other-space", made.groups.join(space))
        }
        2 if gap == "-" => ("other-hyphen", made.groups.join("\u{2011}")),
        3 if grouped && !gap.is_empty() && !gap.starts_with('/') => {
            ("line-break", broken(&made.groups, gap, dice))
        }
        4 if numeric && detector != "api-key" => {
            ("full-width", made.groups.join(gap).chars().map(wide).collect())
        }
        5 if made.strong => ("misread", misread(&made.groups.join(gap), dice)),
        6 => ("unseen", unseen(&made.groups, gap, dice)),
        7 | 8 => return in_json(detector, &made, gap, dice),
        _ => ("plain", made.groups.join(gap)),
    };
    let (head, foot) = around(&made, dice);
    let place = head.len()..head.len() + written.len();
    Specimen {
        detector,
        kind: made.kind,
        spelling,
        text: format!("{head}{written}{foot}"),
        place,
    }
}

fn around(made: &Made, dice: &mut Dice) -> (String, &'static str) {
    let (head, foot) = AROUND[dice.range(0, AROUND.len() as u64 - 1) as usize];
    let before = if made.before.is_empty() {
        ""
    } else {
        dice.pick(made.before)
    };
    (format!("{head}{before}"), foot)
}

/// With a line break in one of its gaps, as where a line was full.
fn broken(groups: &[String], gap: &str, dice: &mut Dice) -> String {
    let at = dice.range(1, groups.len() as u64 - 1) as usize;
    let end = dice.pick(&["\n", "\r\n", "\n  "]);
    format!("{}{end}{}", groups[..at].join(gap), groups[at..].join(gap))
}

/// The full-width form of an ASCII letter or digit (U+FF01 to U+FF5E).
fn wide(symbol: char) -> char {
    if symbol.is_ascii_alphanumeric() {
        char::from_u32(u32::from(symbol) + 0xFEE0).unwrap_or(symbol)
    } else {
        symbol
    }
}

/// As a scanner reads it: one or two digits behind the first are taken for letters.
fn misread(text: &str, dice: &mut Dice) -> String {
    let mut symbols: Vec<char> = text.chars().collect();
    for _ in 0..dice.range(1, 2) {
        let at = dice.range(1, symbols.len() as u64 - 1) as usize;
        symbols[at] = match symbols[at] {
            '0' => 'O',
            '1' => 'l',
            '5' => 'S',
            '8' => 'B',
            other => other,
        };
    }
    symbols.into_iter().collect()
}

/// With characters that are not seen, inside a group or beside a gap.
fn unseen(groups: &[String], gap: &str, dice: &mut Dice) -> String {
    let mut text: Vec<char> = groups.join(gap).chars().collect();
    for _ in 0..dice.range(1, 3) {
        let at = dice.range(1, text.len() as u64 - 1) as usize;
        text.splice(at..at, dice.pick(&UNSEEN).chars());
    }
    text.into_iter().collect()
}

/// Inside JSON text, as in the arguments of a tool: what is no ASCII is escaped.
fn in_json(detector: &'static str, made: &Made, gap: &str, dice: &mut Dice) -> Specimen {
    let (head, foot) = around(made, dice);
    let gap = if gap == " " {
        dice.pick(&["\u{a0}", "\u{202f}", "\n", " "])
    } else {
        gap
    };
    let escape = |text: &str| -> String {
        text.chars()
            .map(|symbol| match symbol {
                '"' => "\\\"".to_owned(),
                '\n' => "\\n".to_owned(),
                '\r' => "\\r".to_owned(),
                '\t' => "\\t".to_owned(),
                symbol if symbol.is_ascii() => symbol.to_string(),
                symbol => format!("\\u{:04x}", u32::from(symbol)),
            })
            .collect()
    };
    let head = format!("{{\"message\":\"{}", escape(&head));
    let written = escape(&made.groups.join(gap));
    let place: Range<usize> = head.len()..head.len() + written.len();
    Specimen {
        detector,
        kind: made.kind.clone(),
        spelling: "json",
        text: format!("{head}{written}{}\"}}", escape(foot)),
        place,
    }
}
