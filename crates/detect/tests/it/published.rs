//! What the detectors find, in numbers and keys made from the published formats, and what they leave alone.

use std::collections::BTreeSet;

use proptest::prelude::*;
use trousseau_core::label::Class;
use trousseau_detect::Detector;
use trousseau_detect::detect;

fn label(text: &str) -> trousseau_core::label::Label {
    text.parse().unwrap()
}

/// What is found in `text`, as detector and words.
fn found(text: &str) -> Vec<(Detector, &str)> {
    let findings = detect(text);
    findings
        .iter()
        .map(|finding| (finding.detector.clone(), &text[finding.bytes.clone()]))
        .collect()
}

/// What may stand between two groups of a number.
const GAPS: [&str; 9] = [
    "", " ", "\u{a0}", "\u{202f}", "\u{2009}", ".", "-", "\n", "\r\n    ",
];

/// What may stand right before and after a finding.
const AROUND: [(&str, &str); 9] = [
    ("", ""),
    ("Voir ", " avant le 12 mars 2026."),
    ("n°", ","),
    ("(", ")"),
    ("12 agents\n", "\n14 agents"),
    ("«\u{a0}", "\u{a0}»"),
    ("{\"x\":\"", "\"}"),
    ("été ", ". Été"),
    ("| 7 | ", " | 8 |"),
];

fn around() -> impl Strategy<Value = (&'static str, &'static str)> {
    prop::sample::select(AROUND.to_vec())
}

fn gap() -> impl Strategy<Value = &'static str> {
    prop::sample::select(GAPS.to_vec())
}

/// The digits of `symbols` with letters as 10 to 35, reduced by 97 digit by digit.
fn mod_97(symbols: &str) -> u32 {
    let digits = symbols
        .chars()
        .map(|symbol| symbol.to_digit(36).unwrap().to_string());
    let digits: String = digits.collect();
    digits.chars().fold(0, |remainder, digit| {
        (remainder * 10 + digit.to_digit(10).unwrap()) % 97
    })
}

fn iban_of(country: &str, account: &str) -> String {
    let check = 98 - mod_97(&format!("{account}{country}00"));
    format!("{country}{check:02}{account}")
}

/// An IBAN of one of the countries that most transfers here go to, whole.
fn iban() -> impl Strategy<Value = String> {
    let formats = [
        ("FR", "[0-9]{10}[0-9A-Z]{11}[0-9]{2}"),
        ("FR", "[0-9]{23}"),
        ("DE", "[0-9]{18}"),
        ("BE", "[0-9]{12}"),
        ("ES", "[0-9]{20}"),
        ("IT", "[A-Z][0-9]{10}[0-9]{12}"),
        ("NL", "[A-Z]{4}[0-9]{10}"),
        ("LU", "[0-9]{16}"),
        ("PT", "[0-9]{21}"),
        ("PL", "[0-9]{24}"),
        ("IE", "[A-Z]{4}[0-9]{14}"),
        ("GB", "[A-Z]{4}[0-9]{14}"),
        ("CH", "[0-9]{17}"),
        ("MT", "[A-Z]{4}[0-9]{5}[0-9]{18}"),
        ("RO", "[A-Z]{4}[0-9]{16}"),
        ("NO", "[0-9]{11}"),
    ];
    prop::sample::select(formats.to_vec())
        .prop_flat_map(|(country, account)| account.prop_map(move |account| iban_of(country, &account)))
}

/// `symbols` in groups of these lengths, then fours, with `gap` between them.
fn grouped(symbols: &str, lengths: &[usize], gap: &str) -> String {
    let mut lengths = lengths.iter().copied().chain(std::iter::repeat(4));
    let mut rest = symbols;
    let mut groups = Vec::new();
    while !rest.is_empty() {
        let (group, more) = rest.split_at(rest.len().min(lengths.next().unwrap()));
        groups.push(group);
        rest = more;
    }
    groups.join(gap)
}

prop_compose! {
    /// A NIR without its key and with the number that its key is worked out from.
    fn nir()(
        sex in prop::sample::select(vec!["1", "2"]),
        year in "[0-9]{2}",
        month in 1_u32..=12,
        department in prop::sample::select(vec!["01", "09", "13", "75", "95", "99", "97", "2A", "2B"]),
        rest in "[0-9]{6}",
    ) -> String {
        let body = format!("{sex}{year}{month:02}{department}{rest}");
        let number: u64 = body.replace("2A", "19").replace("2B", "18").parse().unwrap();
        format!("{body}{:02}", 97 - number % 97)
    }
}

proptest! {
    #[test]
    fn ibans_are_found_in_any_grouping_and_place(
        iban in iban(), gap in gap(), lower in any::<bool>(), (before, after) in around(),
    ) {
        let written = grouped(&iban, &[], gap);
        let written = if lower { written.to_lowercase() } else { written };
        let text = format!("{before}{written}{after}");
        prop_assert_eq!(found(&text), [(Detector::Iban, written.as_str())]);
    }

    #[test]
    fn an_iban_with_one_digit_changed_is_none(iban in iban(), at in 4_usize..15, by in 1_u8..9) {
        let mut bytes = iban.into_bytes();
        prop_assume!(bytes[at].is_ascii_digit());
        bytes[at] = (bytes[at] - b'0' + by) % 10 + b'0';
        let text = String::from_utf8(bytes).unwrap();
        prop_assert!(!found(&text).iter().any(|(detector, _)| *detector == Detector::Iban));
    }

    #[test]
    fn nirs_are_found_in_any_grouping_and_place(
        nir in nir(), gap in gap(), lengths in prop::sample::select(vec![
            vec![1, 2, 2, 2, 3, 3, 2], vec![13, 2], vec![1, 2, 2, 2, 6, 2], vec![15], vec![3, 3, 3, 3, 3],
        ]), (before, after) in around(),
    ) {
        let written = grouped(&nir, &lengths, gap);
        let text = format!("{before}{written}{after}");
        prop_assert_eq!(found(&text), [(Detector::Nir, written.as_str())]);
    }

    #[test]
    fn a_nir_with_another_key_is_none(nir in nir(), by in 1_u64..97) {
        let (body, key) = nir.split_at(13);
        let other = (key.parse::<u64>().unwrap() - 1 + by) % 97 + 1;
        let text = format!("{body}{other:02}");
        prop_assert_eq!(found(&text), []);
    }

    #[test]
    fn e_mail_addresses_are_found_in_any_place(
        local in "[a-z]{1,10}([.+_-][a-zé0-9]{1,10})?",
        domain in "[a-z][a-z0-9-]{0,8}[a-z]\\.(fr|com|gouv\\.fr|paris|eu)",
        (before, after) in around(),
    ) {
        let address = format!("{local}@{domain}");
        let text = format!("{before}{address}{after}");
        prop_assert_eq!(found(&text), [(Detector::Email, address.as_str())]);
    }

    #[test]
    fn keys_of_published_formats_are_found(
        (key, (before, after)) in (prop::sample::select(vec![
            ("sk-", "[A-Za-z0-9]{48}"),
            ("sk-proj-", "[A-Za-z0-9_-]{60}[A-Za-z0-9]"),
            ("sk-ant-api03-", "[A-Za-z0-9_-]{90}[A-Za-z0-9]"),
            ("trs-", "[A-Za-z0-9_-]{42}[A-Za-z0-9]"),
            ("trs_", "[0-9a-f]{64}"),
            ("ghp_", "[A-Za-z0-9]{36}"),
            ("github_pat_", "[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
            ("glpat-", "[A-Za-z0-9_-]{19}[A-Za-z0-9]"),
            ("AKIA", "[A-Z2-7]{16}"),
            ("AIza", "[A-Za-z0-9_-]{34}[A-Za-z0-9]"),
            ("xoxb-", "[0-9]{12}-[0-9]{12}-[A-Za-z0-9]{24}"),
            ("sk_live_", "[A-Za-z0-9]{24}"),
            ("hf_", "[A-Za-z0-9]{34}"),
            ("npm_", "[A-Za-z0-9]{36}"),
            ("SG.", "[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{42}[A-Za-z0-9]"),
            ("eyJ", "[A-Za-z0-9]{30}\\.eyJ[A-Za-z0-9]{60}\\.[A-Za-z0-9_-]{42}[A-Za-z0-9]"),
        ]), around()).prop_flat_map(|((prefix, body), around)| {
            (body.prop_map(move |body| format!("{prefix}{body}")), Just(around))
        }),
    ) {
        // The few random keys that have no digit or repeat themselves look like words and are left alone.
        let distinct: BTreeSet<u8> = key.bytes().skip(4).collect();
        prop_assume!(distinct.len() >= 10 && distinct.iter().any(u8::is_ascii_digit));
        let text = format!("{before}{key}{after}");
        let keys: Vec<_> = found(&text);
        prop_assert_eq!(keys, [(Detector::ApiKey, key.as_str())]);
    }

    #[test]
    fn findings_are_in_order_disjoint_and_on_character_boundaries(
        parts in prop::collection::vec(prop_oneof![
            "\\PC{0,6}", "[@0-9A-Z .-]{0,9}", Just("a@b.fr".to_owned()), Just("185057800608491".to_owned()),
            Just("FR1420041010050500013M02606".to_owned()), Just("-----BEGIN PRIVATE KEY-----".to_owned()),
            Just("sk-".to_owned()), Just("\u{a0}".to_owned()),
        ], 0..12),
    ) {
        let text = parts.concat();
        let mut end = 0;
        for finding in &detect(&text) {
            prop_assert!(end <= finding.bytes.start && finding.bytes.start < finding.bytes.end);
            prop_assert!(text.get(finding.bytes.clone()).is_some());
            end = finding.bytes.end;
        }
    }
}

#[test]
fn private_keys_are_found_whole_or_cut() {
    let lines = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg\nq1w2e3r4t5y6u7i8o9p0\n";
    for name in [
        "PRIVATE KEY",
        "RSA PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
        "PGP PRIVATE KEY BLOCK",
    ] {
        let key = format!("-----BEGIN {name}-----\n{lines}-----END {name}-----");
        assert_eq!(
            found(&format!("avant\n{key}\naprès")),
            [(Detector::PrivateKey, key.as_str())]
        );
        let cut = format!("-----BEGIN {name}-----\n{}", lines.trim_end());
        assert_eq!(found(&cut), [(Detector::PrivateKey, cut.as_str())]);
        let escaped = key.replace('\n', "\\n");
        assert_eq!(found(&escaped), [(Detector::PrivateKey, escaped.as_str())]);
    }
    for harmless in [
        "-----BEGIN CERTIFICATE-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg\n-----END CERTIFICATE-----",
        "Une clé commence par -----BEGIN PRIVATE KEY----- et finit par -----END PRIVATE KEY-----.",
        "-----BEGIN PRIVATE KEY-----",
    ] {
        assert_eq!(found(harmless), [], "{harmless}");
    }
}

#[test]
fn what_only_looks_like_data_is_left_alone() {
    for harmless in [
        // Numbers: orders, SIRET, ISBN, phones, dates, amounts, articles, versions, hashes.
        "Commande n° 185057800608492, facture 2024-000123456789",
        "SIRET 732 829 321 00075, SIREN 732 829 322",
        "ISBN 978-2-07-036822-8 et 2-266-11156-6",
        "Tél. 0 800 123 456, 3939 ou 118 712, article 01 42 92 81",
        "Tél. 01 99 00 12 00, +33 6 39 98 00 12, 0033 261910001 : de fiction",
        "du 01/02/2024 au 28/02/2025 à 14:30, 2026-11-20T08:30:00Z",
        "12 345 678,90 € et 1.234.567.890.123",
        "article L. 311-5 du code, loi n° 2024-449 du 21 mai 2024, FR 12 du 3 avril",
        "version 1.85.05-78.006, IP 192.168.10.254, 48.8566, 2.3522",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "550e8400-e29b-41d4-a716-446655440000",
        "0,185057800608491 et 3.185057800608491",
        "A185057800608491 et 185057800608491B et 1850578006084910",
        "FR0020041010050500013M02606 et ZZ68539007547034",
        // Signs that are no addresses.
        "@mairie, jean@, @exemple.fr, à 3 € @ 5 kg, jean@localhost, logo@2x.png, react@18.2.0",
        // Prefixes without keys, and placeholders.
        "sk-SK, le disque-sk-1, ghp_, hf_transfer, xoxb-, AKIA, SG.1, eyJ",
        "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx et sk-your-api-key-goes-here-please",
        "task-1234567890abcdefghijklmnopqrst et ask-the-right-questions-to-the-right-people",
    ] {
        assert_eq!(found(harmless), [], "{harmless}");
    }
}

#[test]
fn findings_join_to_a_label() {
    let text = "Madame 2 55 08 14 168 025 38, rh@exemple.fr";
    assert_eq!(detect(text).label(), label("personal+nir"));
    assert_eq!(detect("rh@exemple.fr").label(), label("personal"));
    let key = format!("{text}, ghp_{}", "a1B2c3D4e5F6".repeat(3));
    assert_eq!(detect(&key).label(), label("restricted+nir+secret"));
    assert_eq!(detect("").label().class, Class::Public);
}

#[test]
fn what_offices_publish_of_themselves_does_not_raise_what_is_public() {
    let office = "Mairie, 1 place de l’Église, 44000 Nantes, tél. 02 40 41 90 00, SIRET 732 829 320 00074";
    let person = format!("{office}, Mme 2 55 08 14 168 025 38");
    assert_eq!(detect(office).label_within(&label("public")), label("public"));
    assert_eq!(
        detect(office).label_within(&label("internal")),
        label("personal+company")
    );
    assert_eq!(
        detect(&person).label_within(&label("public")),
        label("personal+nir")
    );
}

#[test]
fn an_address_ends_where_the_sentence_goes_on() {
    for (text, address) in [
        ("Écrivez à a.b@exemple.fr.", "a.b@exemple.fr"),
        ("<mailto:a@b.fr>", "a@b.fr"),
        ("contact=a@b.fr&x=1", "a@b.fr"),
        ("'a@b.fr'", "a@b.fr"),
        ("a@b.fr.", "a@b.fr"),
        ("(élise.noël@mairie-exemple.fr)", "élise.noël@mairie-exemple.fr"),
        ("a@b.fr-2026", "a@b.fr"),
    ] {
        let words: Vec<&str> = found(text).into_iter().map(|(_, words)| words).collect();
        assert_eq!(words, [address], "{text}");
    }
}

/// Texts made to be slow: what is found in them does not matter, that it ends does.
#[test]
fn hostile_texts_end() {
    for part in [
        "@",
        "1 ",
        "1\n",
        "a.",
        "sk-",
        "-----BEGIN PRIVATE KEY-----",
        "eyJ.",
        "FR76 ",
        "a@a.",
        "P<< ",
        "<",
        "cancer M. Le Goff ",
        "token: token=",
        "\\\\\\u00",
        "+33 ",
        "12 rue de la ",
        "\u{ad}",
    ] {
        let text = part.repeat(100_000 / part.len());
        let last = detect(&text).iter().last().map_or(0, |finding| finding.bytes.end);
        assert!(last <= text.len());
    }
}
