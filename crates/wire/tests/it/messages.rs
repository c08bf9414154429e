//! Every fault has a text in both languages, with fields that it has.

use trousseau_core::error::Explain as _;
use trousseau_wire::Fault;

const CATALOGUES: [&str; 2] = [
    include_str!("../../messages/fr.ftl"),
    include_str!("../../messages/en.ftl"),
];

fn faults() -> Vec<Fault> {
    let text = || "x".to_owned();
    vec![
        Fault::NotJson { reason: text() },
        Fault::TooDeep { limit: 1 },
        Fault::TooMany {
            param: text(),
            limit: 1,
        },
        Fault::Missing { param: text() },
        Fault::Invalid {
            param: String::new(),
            reason: text(),
        },
        Fault::Unsupported { param: text() },
        Fault::RunsElsewhere {
            param: text(),
            tool: text(),
        },
        Fault::LongEvent { limit: 1 },
        Fault::Malformed { reason: text() },
        Fault::Reported {
            message: text(),
            status: None,
        },
    ]
}

#[test]
fn every_fault_has_its_texts() {
    for fault in faults() {
        let fields = fault.fields();
        assert!(fields.iter().all(|(_, value)| !value.is_empty()), "{fault:?}");
        assert!(!fault.to_string().starts_with(':'), "{fault:?}");
        for catalogue in CATALOGUES {
            let text = catalogue
                .lines()
                .find_map(|line| line.strip_prefix(&format!("{} = ", fault.code())))
                .unwrap();
            for named in text.split("{ $").skip(1) {
                let name = named.split(' ').next().unwrap();
                assert!(
                    fields.iter().any(|(field, _)| *field == name),
                    "{}: {name}",
                    fault.code()
                );
            }
        }
    }
    let codes = CATALOGUES.map(|text| text.lines().filter(|line| line.starts_with("wire-")).count());
    assert_eq!(codes, [faults().len(); 2], "no text is left over");
}
