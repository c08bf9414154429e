//! How long indexing, opening and searching take over 4,000 documents.

use std::path::Path;
use std::time::{Duration, Instant};

use trousseau_core::label::Class;
use trousseau_retrieval::lexical::{Filter, LexicalIndex};

use crate::sets::{Document, Set, changes};

const DOCUMENTS: usize = 4_000;
const HITS: usize = 10;

/// Each question is asked so often; the median counts.
const RUNS: usize = 5;

/// Prints the figures for the text files of `folder`, filled up from the sets.
pub(crate) fn print(sets: &[Set], folder: &Path) -> anyhow::Result<()> {
    let mut documents = files(folder)?;
    let found = documents.len();
    let more = sets.iter().flat_map(|set| &set.documents).cloned();
    documents.extend(more.take(DOCUMENTS.saturating_sub(found)));
    let bytes: usize = documents.iter().map(|document| document.text.len()).sum();
    let place = tempfile::tempdir()?;

    let start = Instant::now();
    let (index, _) = LexicalIndex::open(place.path())?;
    index.apply(changes(&documents)?, 1)?;
    let indexing = start.elapsed();
    drop(index);
    let start = Instant::now();
    let (index, _) = LexicalIndex::open(place.path())?;
    let opening = start.elapsed();

    let filter = Filter {
        collections: Some(vec!["bench".to_owned()]),
        readers: Some(vec!["everyone".to_owned()]),
        clearance: Class::Internal,
    };
    let search = |question: &str| {
        let start = Instant::now();
        index.search(question, &filter, HITS).map(|_| start.elapsed())
    };
    let questions: Vec<&str> = sets
        .iter()
        .flat_map(|set| &set.questions)
        .map(|question| question.text.as_str())
        .collect();
    let first = questions.first().copied().map_or(Ok(Duration::ZERO), search)?;
    let mut times = Vec::new();
    for question in &questions {
        let mut runs = (0..RUNS)
            .map(|_| search(question))
            .collect::<Result<Vec<_>, _>>()?;
        runs.sort_unstable();
        times.push(runs[RUNS / 2]);
    }
    times.sort_unstable();
    println!(
        "\n{} documents ({found} files), {bytes} bytes of text",
        documents.len()
    );
    println!("indexing {indexing:.2?}, opening {opening:.2?}, first search {first:.2?}");
    let endless: Vec<&str> = documents.iter().map(|document| document.text.as_str()).collect();
    let endless = endless.join(" ");
    let endless = search(&endless[..endless.floor_char_boundary(1_000_000)])?;
    println!("a question of 1 MB {endless:.2?}");
    let [median, high, worst] = [0.5, 0.99, 1.0].map(|share| quantile(&times, share));
    println!(
        "{} questions, the median of {RUNS} runs each: p50 {median:.2?}, p99 {high:.2?}, slowest {worst:.2?}",
        times.len()
    );
    Ok(())
}

fn quantile(sorted: &[Duration], share: f64) -> Duration {
    let last = sorted.len().saturating_sub(1);
    sorted
        .get((last as f64 * share) as usize)
        .copied()
        .unwrap_or_default()
}

fn files(folder: &Path) -> anyhow::Result<Vec<Document>> {
    let mut documents = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            documents.push(Document {
                id: path.display().to_string(),
                title: path
                    .file_stem()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
                text: fs_err::read_to_string(&path)?,
            });
        }
    }
    Ok(documents)
}
