//! An attestation written into the configuration file, under the upstream that it speaks of.

use toml_edit::{DocumentMut, Item, Table, value};
use trousseau_policy::attestation::{Attestation, Statement};

use super::addition::{AdditionError, tables};

/// A file with an attestation more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestedFile {
    /// The whole file.
    pub text: String,
    /// The attestation alone, to be written below its upstream.
    pub block: String,
}

/// Adds an attestation to the upstream called `name` in the text of a configuration file. What was attested of the same field before
/// is left: where two disagree, the more cautious counts.
pub fn attest(text: &str, name: &str, attestation: &Attestation) -> Result<AttestedFile, AdditionError> {
    let mut document: DocumentMut =
        text.parse()
            .map_err(|error: toml_edit::TomlError| AdditionError::Syntax {
                reason: error.message().to_owned(),
            })?;
    let upstreams = tables(&mut document, "upstream")?;
    let named = |table: &Table| table.get("name").and_then(Item::as_str).map(str::to_owned);
    let known: Vec<String> = upstreams.iter().filter_map(named).collect();
    let Some(upstream) = upstreams
        .iter_mut()
        .find(|table| named(table).as_deref() == Some(name))
    else {
        return Err(AdditionError::NoUpstream {
            name: name.to_owned(),
            known: known.join(", "),
        });
    };
    let block = block(attestation);
    match upstream
        .entry("attestation")
        .or_insert_with(|| Item::ArrayOfTables(Default::default()))
    {
        Item::ArrayOfTables(attestations) => attestations.push(block.clone()),
        // One line of them, as `attestation = [{ .. }]`.
        Item::Value(toml_edit::Value::Array(attestations)) => {
            attestations.push(block.clone().into_inline_table());
        }
        _ => {
            return Err(AdditionError::Form {
                key: "upstream.attestation",
            });
        }
    }
    Ok(AttestedFile {
        text: document.to_string(),
        block: format!("[[upstream.attestation]]\n{block}"),
    })
}

fn block(attestation: &Attestation) -> Table {
    let said = match attestation.statement {
        Statement::ProcessingContract(flag) | Statement::TrainsOnData(flag) => value(flag),
        Statement::RetentionDays(days) => value(i64::from(days)),
    };
    let until = attestation.until;
    let until = toml_edit::Date {
        year: until.year(),
        month: until.month(),
        day: until.day(),
    };
    Table::from_iter([
        ("field", value(attestation.statement.field().name())),
        ("value", said),
        ("evidence", value(attestation.evidence.as_str())),
        ("until", value(toml_edit::Datetime::from(until))),
    ])
}

#[cfg(test)]
mod tests {
    use trousseau_policy::attestation::{AttestedField, AttestedValue};

    use super::*;
    use crate::Config;

    fn attestation() -> Attestation {
        let until = "2027-12-31".parse().unwrap();
        let evidence = "marché 2026-114, « annexe 3 »".to_owned();
        Attestation::new(
            AttestedField::TrainsOnData,
            AttestedValue::Flag(false),
            evidence,
            until,
        )
        .unwrap()
    }

    const FILE: &str = "# Chez nous\n[[upstream]]\nname = \"a\"\nkind = \"extractive\" # le nôtre\n\n[[upstream]]\nname = \"b\"\n\
                        kind = \"extractive\"\n\n[[upstream.attestation]]\nfield = \"retention_days\"\nvalue = 30\n\
                        evidence = \"contrat\"\nuntil = 2027-01-31\n\n# la suite\n[records]\nretention_days = 30\n";

    #[test]
    fn it_stands_below_its_upstream_and_nothing_else_changes() {
        let first = attest(FILE, "a", &attestation()).unwrap();
        insta::assert_snapshot!(first.block, @r#"
        [[upstream.attestation]]
        field = "trains_on_data"
        value = false
        evidence = "marché 2026-114, « annexe 3 »"
        until = 2027-12-31
        "#);
        let second = attest(&first.text, "b", &attestation()).unwrap();
        insta::assert_snapshot!(second.text, @r#"
        # Chez nous
        [[upstream]]
        name = "a"
        kind = "extractive" # le nôtre

        [[upstream.attestation]]
        field = "trains_on_data"
        value = false
        evidence = "marché 2026-114, « annexe 3 »"
        until = 2027-12-31

        [[upstream]]
        name = "b"
        kind = "extractive"

        [[upstream.attestation]]
        field = "retention_days"
        value = 30
        evidence = "contrat"
        until = 2027-01-31

        [[upstream.attestation]]
        field = "trains_on_data"
        value = false
        evidence = "marché 2026-114, « annexe 3 »"
        until = 2027-12-31

        # la suite
        [records]
        retention_days = 30
        "#);
        let config = Config::parse(&second.text, None).unwrap();
        assert_eq!(config.targets[0].attestations, [attestation()]);
        assert_eq!(config.targets[1].attestations.len(), 2);
        assert_eq!(config.targets[1].attestations[1], attestation());
    }

    #[test]
    fn a_list_on_one_line_stays_one() {
        let text = "[[upstream]]\nname = \"a\"\nkind = \"extractive\"\nattestation = []\n";
        let attested = attest(text, "a", &attestation()).unwrap();
        let config = Config::parse(&attested.text, None).unwrap();
        assert_eq!(config.targets[0].attestations, [attestation()]);
        let wrong = attest(&text.replace("[]", "3"), "a", &attestation()).unwrap_err();
        assert_eq!(
            wrong,
            AdditionError::Form {
                key: "upstream.attestation"
            }
        );
    }

    #[test]
    fn an_upstream_that_is_not_in_the_file_is_said() {
        let missing = attest(FILE, "c", &attestation()).unwrap_err();
        let (name, known) = ("c".to_owned(), "a, b".to_owned());
        assert_eq!(missing, AdditionError::NoUpstream { name, known });
    }
}
