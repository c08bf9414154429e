//! Measures search: quality on questions with known answers, what each step is worth, latency.
//!
//! `bench-retrieval DATA OUT [FOLDER]` reads the sets under DATA/retrieval, indexes each whole set as the product does
//! (text extracted, cut into chunks, put into a lexical index), asks the development questions, and writes
//! nDCG@10 per question to OUT/SET.ours.jsonl. Then it leaves out one step after the other, and measures
//! the latency of a search over the text files of FOLDER, filled up to 4,000 documents from the sets.
//!
//! What the peer reaches on the same questions is measured by `peer.py` and compared by `compare.py`; `run.sh`
//! runs all three.

#![expect(clippy::print_stdout, reason = "printing figures is what this program is for")]

mod ablation;
mod latency;
mod sets;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;
use trousseau_retrieval::lexical::Options;

use self::sets::Set;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let usage = "usage: bench-retrieval DATA OUT [FOLDER]";
    let data = arguments.next().context(usage)?;
    let out = arguments.next().context(usage)?;
    let sets = Set::all(&data)?;
    fs_err::create_dir_all(&out)?;
    for set in &sets {
        let scores = set.measure(Options::default())?;
        write_scores(&out, set, &scores)?;
        println!("{:<20} trousseau  nDCG@10 {:.4}", set.name, sets::mean(&scores));
    }
    ablation::print(&sets)?;
    if let Some(folder) = arguments.next() {
        latency::print(&sets, &folder)?;
    }
    Ok(())
}

fn write_scores(out: &Path, set: &Set, scores: &[f64]) -> anyhow::Result<()> {
    let mut file = fs_err::File::create(out.join(format!("{}.ours.jsonl", set.name)))?;
    for (question, score) in set.questions.iter().zip(scores) {
        let line = json!({ "question": question.id, "document": question.gold, "ndcg": score });
        writeln!(file, "{line}")?;
    }
    Ok(())
}
