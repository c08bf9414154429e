use proptest::prelude::*;

use super::*;

/// The quantities of `text` as `written=value`, one after the other.
fn read(text: &str, language: Language) -> String {
    quantities(text, language)
        .into_iter()
        .map(|found| format!("{}={:?}", &text[found.bytes], found.value))
        .collect::<Vec<_>>()
        .join("; ")
}

fn check(text: &str, expected: &[(&str, Value)]) {
    check_in(text, Language::French, expected);
}

fn check_in(text: &str, language: Language, expected: &[(&str, Value)]) {
    let found: Vec<(&str, Value)> = quantities(text, language)
        .into_iter()
        .map(|found| (&text[found.bytes], found.value))
        .collect();
    assert_eq!(found, expected, "{text:?}");
}

const fn day(year: i32, month: u8, day: u8) -> Value {
    Value::Date {
        year: Some(year),
        month: Some(month),
        day: Some(day),
    }
}

#[test]
fn numbers_as_french_and_english_write_them() {
    check("10 000 personnes", &[("10 000", Value::Number(10_000.0))]);
    check("10\u{202f}000,5", &[("10\u{202f}000,5", Value::Number(10_000.5))]);
    check("10.000,5", &[("10.000,5", Value::Number(10_000.5))]);
    check("1,5 million", &[("1,5 million", Value::Number(1_500_000.0))]);
    check("3,176", &[("3,176", Value::Number(3.176))]);
    check_in(
        "10,000.5 or 1.5",
        Language::English,
        &[("10,000.5", Value::Number(10_000.5)), ("1.5", Value::Number(1.5))],
    );
    check_in(
        "1,234,567",
        Language::French,
        &[("1,234,567", Value::Number(1_234_567.0))],
    );
}

#[test]
fn numbers_in_words() {
    check(
        "vingt-deux agents et quatre-vingt-dix-sept élus",
        &[
            ("vingt-deux", Value::Number(22.0)),
            ("quatre-vingt-dix-sept", Value::Number(97.0)),
        ],
    );
    check(
        "trois cent mille",
        &[("trois cent mille", Value::Number(300_000.0))],
    );
    check("soixante et onze", &[("soixante et onze", Value::Number(71.0))]);
    check_in(
        "two hundred and five, twenty-one",
        Language::English,
        &[
            ("two hundred and five", Value::Number(205.0)),
            ("twenty-one", Value::Number(21.0)),
        ],
    );
}

#[test]
fn money_and_percentages() {
    let euro = |value| Value::Amount(value, Currency::Euro);
    check(
        "1,5 million d'euros ou 1 500 000 €",
        &[
            ("1,5 million d'euros", euro(1_500_000.0)),
            ("1 500 000 €", euro(1_500_000.0)),
        ],
    );
    check(
        "vingt euros, 50 centimes",
        &[("vingt euros", euro(20.0)), ("50 centimes", euro(0.5))],
    );
    check_in(
        "$1.5 million",
        Language::English,
        &[("$1.5 million", Value::Amount(1_500_000.0, Currency::Dollar))],
    );
    check(
        "12,5 % puis 3 pour cent",
        &[
            ("12,5 %", Value::Percent(12.5)),
            ("3 pour cent", Value::Percent(3.0)),
        ],
    );
    check_in(
        "7 percent",
        Language::English,
        &[("7 percent", Value::Percent(7.0))],
    );
}

#[test]
fn lengths_of_time() {
    check(
        "un mois, 15 jours ouvrés, 2 ans",
        &[
            ("un mois", Value::Duration(1.0, TimeUnit::Month)),
            ("15 jours", Value::Duration(15.0, TimeUnit::Day)),
            ("2 ans", Value::Duration(2.0, TimeUnit::Year)),
        ],
    );
    check(
        "35 heures, deux semaines",
        &[
            ("35 heures", Value::Duration(35.0, TimeUnit::Hour)),
            ("deux semaines", Value::Duration(2.0, TimeUnit::Week)),
        ],
    );
    check_in(
        "two to three days",
        Language::English,
        &[
            ("two", Value::Number(2.0)),
            ("three days", Value::Duration(3.0, TimeUnit::Day)),
        ],
    );
}

#[test]
fn dates() {
    check(
        "le 12 mai 2024, le 1er mars 2020 et le 03/04/1999",
        &[
            ("12 mai 2024", day(2024, 5, 12)),
            ("1er mars 2020", day(2020, 3, 1)),
            ("03/04/1999", day(1999, 4, 3)),
        ],
    );
    check("2024-05-12", &[("2024-05-12", day(2024, 5, 12))]);
    check_in(
        "May 12, 2024 and 4 July 1776",
        Language::English,
        &[
            ("May 12, 2024", day(2024, 5, 12)),
            ("4 July 1776", day(1776, 7, 4)),
        ],
    );
    check(
        "en 1789, 1500 personnes",
        &[("1789", Value::year(1789)), ("1500", Value::Number(1500.0))],
    );
    check(
        "au XIXe siècle, au 2e siècle, le 3e rang",
        &[
            ("XIXe siècle", Value::Century(19)),
            ("2e siècle", Value::Century(2)),
            ("3e", Value::Ordinal(3.0)),
        ],
    );
    check(
        "en septembre, la planète Mars",
        &[(
            "septembre",
            Value::Date {
                year: None,
                month: Some(9),
                day: None,
            },
        )],
    );
}

#[test]
fn times_of_day_are_not_durations() {
    let time = |hour, minute| Value::Time { hour, minute };
    check(
        "ouvert de 8h30 à 17 h, pendant 3 h",
        &[
            ("8h30", time(8, 30)),
            ("17 h", time(17, 0)),
            ("3 h", Value::Duration(3.0, TimeUnit::Hour)),
        ],
    );
    check_in(
        "at 2:30 p.m. or 9 am",
        Language::English,
        &[("2:30 p.m.", time(14, 30)), ("9 am", time(9, 0))],
    );
}

#[test]
fn references_are_not_numbers() {
    let reference = |text: &str| Value::Reference(text.to_owned());
    check(
        "l'article L. 311-5 et le décret n° 2024-449",
        &[
            ("L. 311-5", reference("L311-5")),
            ("n° 2024-449", reference("2024-449")),
        ],
    );
    check(
        "de 2-3 jours",
        &[
            ("2", Value::Number(2.0)),
            ("3 jours", Value::Duration(3.0, TimeUnit::Day)),
        ],
    );
}

#[test]
fn measures() {
    check(
        "à 20 °C, 5 km et 30 m²",
        &[
            ("20 °C", Value::Measure(20.0, Dimension::Temperature)),
            ("5 km", Value::Measure(5.0, Dimension::Length)),
            ("30 m²", Value::Measure(30.0, Dimension::Area)),
        ],
    );
}

#[test]
fn what_is_no_quantity_is_left_alone() {
    assert_eq!(
        read(
            "Une décision est prise par un agent de la mairie.",
            Language::French
        ),
        ""
    );
}

proptest! {
    #[test]
    fn places_are_ordered_and_in_the_text(text in "([0-9]{1,4}|[a-z]{1,5}|mille|cent|mai|€|%|°|[ .,:/'-]|\u{a0}|é){0,40}") {
        for language in [Language::French, Language::English] {
            let mut last = 0;
            for found in quantities(&text, language) {
                prop_assert!(found.bytes.start >= last && found.bytes.end > found.bytes.start);
                prop_assert!(text.get(found.bytes.clone()).is_some());
                last = found.bytes.end;
            }
        }
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in "\\PC{0,80}") {
        quantities(&text, Language::English);
    }
}
