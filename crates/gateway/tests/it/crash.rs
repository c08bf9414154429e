//! An ingest that is killed anywhere leaves nothing that the next one does not put right.

use std::collections::BTreeMap;
use std::time::Duration;

use trousseau_core::digest::Digest;
use trousseau_core::principal::Tenant;
use trousseau_testing::long;

use crate::child;
use crate::stage::{self, Stage, all_of};
use crate::truth;

/// Files that change from round to round: some are new, some are changed, some vanish.
struct Files {
    stage: Stage,
    /// The word each file holds and no other.
    present: BTreeMap<String, String>,
    /// Words of versions and files that were replaced or removed.
    gone: Vec<String>,
}

impl Files {
    fn new() -> Self {
        Self {
            stage: Stage::new(),
            present: BTreeMap::new(),
            gone: Vec::new(),
        }
    }

    /// The files as they are in round `round`.
    fn change(&mut self, round: usize) {
        for number in 0..6 {
            let name = format!("f{number}.md");
            let old = self.present.get(&name).cloned();
            // In turn a file is there, unchanged, changed, and gone.
            match (round + number) % 4 {
                0 if old.is_some() => {
                    fs_err::remove_file(self.stage.files().join(&name)).unwrap();
                    self.present.remove(&name);
                    self.gone.extend(old);
                }
                2 if old.is_some() => {}
                _ => {
                    let word = word(round, number);
                    let text =
                        format!("# Fiche\n\nLe mot est {word}.\n\n## Suite\n\nEncore {word}, pour finir.\n");
                    self.stage.write(&name, text);
                    self.present.insert(name, word);
                    self.gone.extend(old);
                }
            }
        }
    }

    /// Ingests to the end and checks that the data folder says what the files say.
    async fn check(&self) {
        let tenant = Tenant::default();
        let gateway = self.stage.open().await;
        let mut wanted = all_of(self.stage.files());
        wanted.sync = true;
        stage::ingest(&gateway, &tenant, wanted).await.unwrap();
        let recent = self.gone.len().saturating_sub(12);
        truth::check_documents(&gateway, &tenant, &self.present, &self.gone[recent..]).await;
        gateway.close().await.unwrap();
        truth::check(&self.stage.data()).await;
    }
}

/// A word of letters alone that is like that of no other round and file.
fn word(round: usize, number: usize) -> String {
    let digest = Digest::of(format!("{round} {number}").as_bytes());
    let letter = |byte: &u8| char::from(b'a' + byte % 26);
    digest.0.iter().take(12).map(letter).collect()
}

#[test]
fn an_ingest_that_ends_at_any_await_is_made_good_by_the_next() {
    let mut files = Files::new();
    let step = if long() { 1 } else { 4 };
    for (round, times) in (0_usize..5000).step_by(step).enumerate() {
        files.change(round);
        let stage = &files.stage;
        let ended = stage::run(async {
            let gateway = stage.open().await;
            let mut wanted = all_of(stage.files());
            wanted.sync = true;
            let work = async {
                stage::ingest(&gateway, &Tenant::default(), wanted).await.unwrap();
            };
            stage::poll_times(times, work).await
        });
        stage::run(files.check());
        if ended && round > 4 {
            assert!(times > 20, "an ingest has more awaits than {times}");
            return;
        }
    }
    panic!("the ingest never ended");
}

#[test]
fn an_ingest_that_is_killed_is_made_good_by_the_next() {
    let mut files = Files::new();
    let rounds = if long() { 300 } else { 12 };
    for round in 0..rounds {
        files.change(round);
        let mut child = child::start("ingest", files.stage.root(), &[]);
        // From before the files are opened to after the end, in uneven steps.
        std::thread::sleep(Duration::from_millis((5 + round * 37 % 130) as u64));
        child.kill().unwrap();
        child.wait().unwrap();
        stage::run(files.check());
    }
}

#[test]
fn documents_restored_from_a_backup_are_found_as_they_are() {
    let mut files = Files::new();
    files.change(0);
    stage::run(files.check());
    let documents = files.stage.data().join("documents.sqlite");
    let backup = fs_err::read(&documents).unwrap();
    for round in 1..4 {
        files.change(round);
        stage::run(files.check());
    }
    // The index has seen more than these documents have, and they go on from there past it in one run.
    fs_err::write(&documents, backup).unwrap();
    for number in 10..40 {
        let word = word(9, number);
        files
            .stage
            .write(&format!("f{number}.md"), format!("Le mot est {word}.\n"));
        files.present.insert(format!("f{number}.md"), word);
    }
    stage::run(files.check());
}
