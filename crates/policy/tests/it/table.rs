//! The oracle: the design's table written out by hand, class by class and card by card.

use trousseau_policy::attestation::Attestation;
use trousseau_policy::decide::Target;

use crate::cards::{self, EUROPEAN, QUALIFIED};

/// The columns of [`TABLE`].
const LABELS: [&str; 6] = [
    "public",
    "internal",
    "personal",
    "sensitive",
    "sensitive+health",
    "restricted",
];

/// Who may see what: `x` may, `.` may not. Nothing here is computed.
const TABLE: &str = "
    own machine                       x x x x x x
    own machine, ruled out            . . . . . .
    qualified and certified           x x x x x .
    qualified, not certified HDS      x x x x . .
    qualified, HDS of the hosting     x x x x . .
    qualified, no contract            x . . . . .
    qualified in an older version     x x x . . .
    qualification of the hosting      x x x . . .
    qualification past its end        x x x . . .
    qualification without an end      x x x . . .
    qualified, American parent        x x . . . .
    European                          x x x . . .
    European, ruled out               . . . . . .
    European, no contract             x . . . . .
    European, contract refused        x . . . . .
    European, contract ended          x . . . . .
    European, trains on the data      x . . . . .
    European, training not attested   x . . . . .
    European, American parent         x x . . . .
    European, Chinese parent          x x . . . .
    European, stores in the US        x x . . . .
    European, American sub-processor  x x . . . .
    European, French sub-processor    x x x . . .
    European, US exposure unknown     x x . . . .
    European, CN exposure unknown     x x . . . .
    European, premises unknown        x x x . . .
    Norwegian seat, EEA inference     x x x . . .
    Swiss seat, EU inference          x x x . . .
    Swiss seat, Swiss inference       x . . . . .
    Indian seat, EU inference         x x . . . .
    seat unknown, EU inference        x x . . . .
    American, EU inference            x x . . . .
    American, US inference            x . . . . .
    Chinese                           x . . . . .
    nothing known                     x . . . . .
";

fn card_of(name: &str) -> String {
    let european = |from: &str, to: &str| {
        assert!(EUROPEAN.contains(from), "{from}");
        EUROPEAN.replace(from, to)
    };
    let qualified = |from: &str, to: &str| {
        assert!(QUALIFIED.contains(from), "{from}");
        QUALIFIED.replacen(from, to, 1)
    };
    match name {
        "own machine" => "premises = 'own'".to_owned(),
        "own machine, ruled out" => "premises = 'own'\nbanned = true".to_owned(),
        "qualified and certified" | "qualified, no contract" => QUALIFIED.to_owned(),
        "qualified, not certified HDS" => qualified("HDS 2.0", "ISO 27001"),
        "qualified, HDS of the hosting" => qualified(
            "\"HDS 2.0\", covers_service = true",
            "\"HDS 2.0\", covers_service = false",
        ),
        "qualified in an older version" => qualified("SecNumCloud 3.2", "SecNumCloud 3.1"),
        "qualification of the hosting" => qualified("covers_service = true", "covers_service = false"),
        "qualification past its end" => qualified("2028-03-31", "2026-11-19"),
        "qualification without an end" => qualified(", valid_until = 2028-03-31", ""),
        "qualified, American parent" => format!("ultimate_parent = 'US'\n{QUALIFIED}"),
        "European, ruled out" => format!("banned = true\n{EUROPEAN}"),
        "European, American parent" => european("ultimate_parent = \"FR\"", "ultimate_parent = \"US\""),
        "European, Chinese parent" => european("ultimate_parent = \"FR\"", "ultimate_parent = \"CN\""),
        "European, stores in the US" => european("storage_region = \"EU\"", "storage_region = \"US\""),
        "European, American sub-processor" => {
            format!("subprocessors = [{{ name = 'Acme', country = 'US' }}]\n{EUROPEAN}")
        }
        "European, French sub-processor" => {
            format!("subprocessors = [{{ name = 'Acme', country = 'FR' }}]\n{EUROPEAN}")
        }
        "European, US exposure unknown" => european("us_law = false", "us_law = 'unknown'"),
        "European, CN exposure unknown" => european("chinese_law = false", ""),
        "European, premises unknown" => european("premises = \"network\"", ""),
        "Norwegian seat, EEA inference" => european("seat = \"FR\"", "seat = \"NO\"")
            .replace("inference_region = \"FR\"", "inference_region = \"EEA\""),
        "Swiss seat, EU inference" => european("seat = \"FR\"", "seat = \"CH\""),
        "Swiss seat, Swiss inference" => european("seat = \"FR\"", "seat = \"CH\"")
            .replace("inference_region = \"FR\"", "inference_region = \"CH\""),
        "Indian seat, EU inference" => european("seat = \"FR\"", "seat = \"IN\""),
        "seat unknown, EU inference" => european("seat = \"FR\"", ""),
        "American, EU inference" => "seat = 'US'\ninference_region = 'EU'\nus_law = true".to_owned(),
        "American, US inference" => "seat = 'US'\ninference_region = 'US'\nus_law = true".to_owned(),
        "Chinese" => "seat = 'CN'\ninference_region = 'CN'\nchinese_law = true".to_owned(),
        "nothing known" => String::new(),
        name if name.starts_with("European") => EUROPEAN.to_owned(),
        name => panic!("no card {name}"),
    }
}

/// What the customer attests: a contract without training, unless the row's name says otherwise.
fn attested(name: &str) -> Vec<Attestation> {
    let [contract, training] = <[Attestation; 2]>::try_from(cards::attestations()).unwrap();
    let with = |attestation: &Attestation, from: &str, to: &str| -> Attestation {
        let json = serde_json::to_string(attestation).unwrap();
        assert!(json.contains(from), "{json}");
        serde_json::from_str(&json.replace(from, to)).unwrap()
    };
    match name {
        "nothing known" => vec![],
        name if name.ends_with("no contract") => vec![training],
        name if name.ends_with("contract refused") => {
            vec![with(&contract, "\"value\":true", "\"value\":false"), training]
        }
        name if name.ends_with("contract ended") => {
            vec![with(&contract, "2027-12-31", "2026-11-19"), training]
        }
        name if name.ends_with("trains on the data") => {
            vec![contract, with(&training, "\"value\":false", "\"value\":true")]
        }
        name if name.ends_with("training not attested") => vec![contract],
        _ => vec![contract, training],
    }
}

#[test]
fn every_class_and_card_is_decided_as_the_table_says() {
    let rows = TABLE.lines().map(str::trim).filter(|row| !row.is_empty());
    let mut wrong = Vec::new();
    for row in rows {
        let (name, expected) = row.split_once("  ").unwrap();
        let target = Target {
            name: name.to_owned(),
            card: toml::from_str(&card_of(name)).unwrap(),
            attestations: attested(name),
            serves: Vec::new(),
        };
        let decided = LABELS.map(|label| {
            let decision = cards::decision(&cards::label(label), std::slice::from_ref(&target));
            if decision.is_denial() { "." } else { "x" }
        });
        if decided.join(" ") != expected.trim() {
            wrong.push(format!(
                "{name}: {} instead of {}",
                decided.join(" "),
                expected.trim()
            ));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
