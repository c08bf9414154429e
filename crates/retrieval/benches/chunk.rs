//! How fast a document is cut into chunks.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use trousseau_core::document::{Block, BlockKind, Extracted};
use trousseau_retrieval::chunk::chunk;

fn main() {
    divan::main();
}

/// A document of `blocks` paragraphs of `sentences` sentences each, a heading before every tenth.
fn document(blocks: usize, sentences: usize) -> Extracted {
    let mut document = Extracted::default();
    let mut heading = Vec::new();
    for number in 0..blocks {
        let (kind, text) = if number % 10 == 0 {
            heading = vec![format!("Partie {number}")];
            (BlockKind::Heading, heading[0].clone())
        } else {
            (
                BlockKind::Paragraph,
                "L’agent présente une demande écrite à son chef. ".repeat(sentences),
            )
        };
        let start = document.text.len();
        document.text.push_str(&text);
        document.blocks.push(Block {
            kind,
            heading: heading.clone(),
            bytes: start..document.text.len(),
            page: None,
        });
        document.text.push('\n');
    }
    document
}

#[divan::bench(args = [(400, 3), (40, 30), (1, 10_000)])]
fn cut(bencher: Bencher<'_, '_>, (blocks, sentences): (usize, usize)) {
    let document = document(blocks + 1, sentences);
    let bytes = BytesCount::of_str(&document.text);
    bencher.counter(bytes).bench(|| chunk(black_box(&document)));
}
