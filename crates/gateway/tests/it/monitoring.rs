//! What watches the service asks for metrics that there are.

use std::collections::BTreeSet;

use trousseau_http::Metrics;

#[test]
fn alerts_and_dashboard_name_metrics_that_exist() {
    let known: BTreeSet<&str> = Metrics::all().map(|(name, _)| name).collect();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packaging/monitoring");
    for file in ["alerts.yml", "grafana.json"] {
        let text = fs_err::read_to_string(format!("{folder}/{file}")).unwrap();
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        let named: BTreeSet<&str> = words
            .filter(|word| word.starts_with("trousseau_") || word.starts_with("process_"))
            .map(|word| word.strip_suffix("_bucket").unwrap_or(word))
            .collect();
        assert!(named.len() > 4, "{file} names {named:?}");
        let unknown: Vec<&&str> = named.difference(&known).collect();
        assert!(unknown.is_empty(), "{file}: {unknown:?}");
    }
}
