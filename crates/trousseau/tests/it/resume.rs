//! An ingest that is killed at any moment is taken up by the next one: every file once, every task ended.

use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::harness::Dir;

const FILES: usize = 300;

#[test]
fn an_ingest_killed_at_any_moment_is_taken_up_by_the_next() {
    let dir = Dir::new();
    for number in 0..FILES {
        let text = format!(
            "# Fiche {number}\n\nLa fiche {number} vaut {} euros.\n\n",
            number * 7
        )
        .repeat(6);
        dir.write(&format!("docs/{:02}/fiche {number}.md", number % 20), text);
    }
    // Moments on either side of the start, the reading, the commits and the index.
    for (round, milliseconds) in [40, 130, 260, 430, 700].into_iter().enumerate() {
        let mut child = dir.start(&["ingest", "docs"]);
        sleep(Duration::from_millis(milliseconds));
        child.kill().unwrap();
        child.wait().unwrap();
        // The next round finds some files changed, some gone.
        dir.write("docs/00/fiche 0.md", format!("Changée à la reprise {round}.\n"));
    }
    dir.run(&["ingest", "docs"]).succeeded();
    assert_complete(&dir);
    let again = dir.json(&["ingest", "docs"]);
    assert_eq!(again["unchanged"], FILES, "{again:#}");
    fs_err::remove_dir_all(dir.path().join("docs/07")).unwrap();
    let synced = dir.json(&["ingest", "docs", "--sync"]);
    assert_eq!(synced["removed"], FILES / 20, "{synced:#}");
}

fn assert_complete(dir: &Dir) {
    let listed = dir.json(&["documents"]);
    let documents = listed["documents"].as_array().unwrap();
    let distinct = |field: &str| -> BTreeSet<&str> {
        documents.iter().map(|row| row[field].as_str().unwrap()).collect()
    };
    assert_eq!(documents.len(), FILES);
    assert_eq!(
        (distinct("path").len(), distinct("document").len()),
        (FILES, FILES)
    );
    let tasks = dir.json(&["tasks", "-n", "100000"]);
    let open = |task: &&Value| task["state"] != "succeeded";
    let open: Vec<&Value> = tasks["tasks"].as_array().unwrap().iter().filter(open).collect();
    assert!(open.is_empty(), "{open:#?}");
    dir.run(&["ledger", "verify"]).succeeded();
    for (question, name) in [
        ("fiche 299", "fiche 299.md"),
        ("changée à la reprise 4", "fiche 0.md"),
    ] {
        let found = dir.json(&["search", question, "-n", "1"]);
        let path = found["hits"][0]["path"].as_str().unwrap();
        assert!(path.ends_with(name), "{question}: {found:#}");
    }
    let old = dir.json(&["search", "changée à la reprise 3"]);
    let hits = old["hits"].as_array().unwrap();
    assert!(
        hits.iter()
            .all(|hit| !hit["text"].as_str().unwrap().contains("reprise 3")),
        "{old:#}"
    );
}
