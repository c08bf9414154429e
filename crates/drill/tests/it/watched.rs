//! What a watch makes of the ledger's entries.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use trousseau_drill::watch::{Measured, Watch};

fn watch() -> Watch {
    let cut = BTreeSet::from(["boston".to_owned()]);
    Watch::new("2026-12-01T10:00:00Z".parse().unwrap(), cut)
}

fn take(watch: &mut Watch, index: u64, entry: Value) -> Option<u64> {
    watch.take(index, entry.to_string().as_bytes())
}

fn decision(route: &str) -> Value {
    json!({ "v": 1, "type": "decision", "time": "2026-12-01T10:00:00.1Z", "route": route })
}

fn outcome(decision: u64, target: &str, time: &str) -> Value {
    json!({ "v": 1, "type": "outcome", "time": time, "decision": decision, "state": "answered", "target": target })
}

#[test]
fn the_first_answer_from_elsewhere_counts() {
    let mut watch = watch();
    take(&mut watch, 5, decision("office"));
    take(&mut watch, 6, decision("office"));
    // From what is cut: it was on its way.
    take(&mut watch, 7, outcome(5, "boston", "2026-12-01T10:00:00.2Z"));
    take(&mut watch, 8, outcome(6, "lille", "2026-12-01T10:00:00.75Z"));
    take(&mut watch, 9, outcome(6, "cellar", "2026-12-01T10:00:02Z"));
    let measured = watch.into_measured();
    let expected = Measured {
        target: "lille".to_owned(),
        after_ms: 750,
    };
    assert_eq!(
        measured.into_iter().collect::<Vec<_>>(),
        [("office".to_owned(), expected)]
    );
}

#[test]
fn what_was_decided_before_is_asked_for() {
    let mut watch = watch();
    let late = outcome(3, "lille", "2026-12-01T10:00:01Z");
    assert_eq!(take(&mut watch, 9, late.clone()), Some(3));
    assert_eq!(take(&mut watch, 3, decision("office")), None);
    assert_eq!(take(&mut watch, 9, late), None);
    assert_eq!(watch.into_measured()["office"].after_ms, 1000);
}

#[test]
fn what_called_nothing_or_failed_does_not_count() {
    let mut watch = watch();
    take(&mut watch, 1, decision("office"));
    let mut repeated = outcome(1, "lille", "2026-12-01T10:00:01Z");
    repeated["repeats"] = "main/0".into();
    let mut failed = outcome(1, "lille", "2026-12-01T10:00:01Z");
    failed["state"] = "failed".into();
    for entry in [repeated, failed, json!({ "type": "gap" }), json!(7)] {
        assert_eq!(take(&mut watch, 2, entry), None);
    }
    assert_eq!(watch.take(3, b"{"), None);
    assert!(watch.into_measured().is_empty());
}
