use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

fn document(id: &str, text: &str) -> IndexedDocument {
    chunked(id, &[text])
}

/// A document of these chunks; a chunk's id is made of its document's first letter and its place.
fn chunked(id: &str, texts: &[&str]) -> IndexedDocument {
    let first = i64::from(id.as_bytes()[0]) * 1_000;
    IndexedDocument {
        id: id.to_owned(),
        collection: "guides".to_owned(),
        readers: vec!["everyone".to_owned()],
        class: Class::Public,
        title: String::new(),
        chunks: texts
            .iter()
            .zip(first..)
            .map(|(text, id)| IndexedChunk {
                id,
                heading: Vec::new(),
                text: (*text).to_owned(),
            })
            .collect(),
    }
}

fn put(id: &str, text: &str) -> Change {
    Change::Put(document(id, text))
}

fn new_index() -> (TempDir, LexicalIndex) {
    let folder = tempfile::tempdir().unwrap();
    let (index, applied) = LexicalIndex::open(&folder.path().join("lexical")).unwrap();
    assert_eq!(applied, None);
    (folder, index)
}

fn found(index: &LexicalIndex, question: &str) -> Vec<String> {
    found_by(index, question, &Filter::default())
}

fn found_by(index: &LexicalIndex, question: &str, filter: &Filter) -> Vec<String> {
    let hits = index.search(question, filter, 10).unwrap();
    hits.into_iter().map(|hit| hit.document).collect()
}

#[test]
fn what_is_put_is_found_until_it_is_removed() {
    let (folder, index) = new_index();
    index
        .apply(vec![put("a", "le chat dort"), put("b", "le chien dort")], 2)
        .unwrap();
    assert_eq!(found(&index, "Où dort le chat ?"), ["a", "b"]);
    let changes = vec![put("a", "le cheval mange"), Change::Remove("b".to_owned())];
    index.apply(changes, 4).unwrap();
    assert_eq!(found(&index, "chat chien cheval"), ["a"]);
    drop(index);
    let (index, applied) = LexicalIndex::open(&folder.path().join("lexical")).unwrap();
    assert_eq!(applied, Some(4));
    assert_eq!(found(&index, "chat chien cheval"), ["a"]);
}

#[test]
fn changes_of_one_document_apply_in_order() {
    let (_folder, index) = new_index();
    let changes = vec![
        put("a", "chat"),
        Change::Remove("a".to_owned()),
        put("a", "chien"),
        put("b", "chat"),
    ];
    index.apply(changes, 1).unwrap();
    assert_eq!(found(&index, "chat chien"), ["a", "b"]);
    assert_eq!(found(&index, "chat"), ["b"]);
}

#[test]
fn a_sequence_is_kept_without_changes() {
    let (folder, index) = new_index();
    index.apply(Vec::new(), 7).unwrap();
    drop(index);
    let (_, applied) = LexicalIndex::open(&folder.path().join("lexical")).unwrap();
    assert_eq!(applied, Some(7));
}

#[test]
fn a_filter_lets_nothing_else_through() {
    let (_folder, index) = new_index();
    let mut secret = document("s", "le chat secret");
    secret.class = Class::Sensitive;
    secret.readers = vec!["rh".to_owned(), "maire".to_owned()];
    secret.collection = "personnel".to_owned();
    index
        .apply(vec![put("a", "le chat"), Change::Put(secret)], 1)
        .unwrap();
    let sensitive = Filter {
        clearance: Class::Sensitive,
        ..Filter::default()
    };
    let named = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
    let readers = |names: &[&str]| Filter {
        readers: named(names),
        ..sensitive.clone()
    };
    let collections = |names: &[&str]| Filter {
        collections: named(names),
        ..sensitive.clone()
    };
    let chat = |filter: &Filter| found_by(&index, "chat", filter);
    assert_eq!(chat(&Filter::default()), ["a"]);
    assert_eq!(chat(&sensitive), ["a", "s"]);
    assert_eq!(chat(&readers(&["maire"])), ["s"]);
    assert_eq!(chat(&readers(&["everyone", "x"])), ["a"]);
    assert_eq!(chat(&readers(&[])), [""; 0]);
    assert_eq!(chat(&readers(&["mair"])), [""; 0]);
    assert_eq!(chat(&collections(&["personnel"])), ["s"]);
    assert_eq!(found(&index, "secret"), [""; 0]);
}

#[test]
fn scores_do_not_tell_of_what_may_not_be_read() {
    let (_folder, index) = new_index();
    let texts = [
        "le chat de la mairie",
        "le règlement du télétravail",
        "un chat noir",
    ];
    let public = ["a", "b", "c"]
        .into_iter()
        .zip(texts)
        .map(|(id, text)| put(id, text));
    index.apply(public.collect(), 1).unwrap();
    let question = "chat de la mairie";
    let before = index.search(question, &Filter::default(), 10).unwrap();
    let hidden = (0..50).map(|at| {
        let mut hidden = document(
            &format!("x{at}"),
            "chat mairie chat noir et beaucoup d'autres mots",
        );
        hidden.class = Class::Restricted;
        Change::Put(hidden)
    });
    index.apply(hidden.collect(), 2).unwrap();
    assert_eq!(index.search(question, &Filter::default(), 10).unwrap(), before);
}

#[test]
fn two_folders_know_nothing_of_each_other() {
    let (_first, one) = new_index();
    let (_second, other) = new_index();
    one.apply(vec![put("a", "le chat")], 1).unwrap();
    other.apply(vec![put("b", "le chat")], 1).unwrap();
    one.apply(vec![Change::Remove("b".to_owned())], 2).unwrap();
    assert_eq!(found(&one, "chat"), ["a"]);
    assert_eq!(found(&other, "chat"), ["b"]);
}

#[test]
fn french_spellings_meet() {
    let (_folder, index) = new_index();
    let texts = [
        ("l", "Le contrat est rompu selon l’article L. 311-5 du code."),
        ("n", "La loi n° 2024-449 est publiée."),
        ("m", "Le plafond est de 10\u{202f}000 euros."),
        ("p", "Un porte-monnaie a été trouvé aujourd’hui à l’école."),
        ("e", "L’ÉLÈVE ET SA SŒUR"),
    ];
    index
        .apply(texts.map(|(id, text)| put(id, text)).into(), 1)
        .unwrap();
    let cases = [
        ("article L311-5", "l"),
        ("l.311-5", "l"),
        ("311-5", "l"),
        ("2024-449", "n"),
        ("loi nº 2024‑449", "n"),
        ("10000 euros", "m"),
        ("10 000", "m"),
        ("portemonnaie", "p"),
        ("monnaie", "p"),
        ("qu'arrive-t-il aujourd'hui ?", "p"),
        ("d'école", "p"),
        ("eleve", "e"),
        ("soeurs", "e"),
    ];
    for (question, document) in cases {
        assert_eq!(
            found(&index, question).first().map(String::as_str),
            Some(document),
            "{question}"
        );
    }
}

#[test]
fn a_question_is_only_words() {
    let (_folder, index) = new_index();
    index
        .apply(vec![put("a", "le chat"), put("b", "le chien AND title")], 1)
        .unwrap();
    let expected = index.search("chat", &Filter::default(), 10).unwrap();
    for hostile in [
        "+chat -chien",
        "chat\0\u{1b}[2J",
        "\"chat",
        "chat)*~^:{",
        "document:b chat",
        "chat AND",
    ] {
        let hits = index.search(hostile, &Filter::default(), 10).unwrap();
        assert_eq!(hits[0].chunk, expected[0].chunk, "{hostile:?}");
    }
    let endless = "chat ".repeat(200_000);
    assert_eq!(
        index.search(&endless, &Filter::default(), 10).unwrap()[0].chunk,
        expected[0].chunk
    );
    let glued = "é".repeat(500_000);
    assert_eq!(index.search(&glued, &Filter::default(), 10).unwrap(), []);
    assert_eq!(index.search("", &Filter::default(), 10).unwrap(), []);
    assert_eq!(index.search("chat", &Filter::default(), 0).unwrap(), []);
}

#[test]
fn a_typing_error_is_forgiven_within_what_may_be_read() {
    let (_folder, index) = new_index();
    let mut hidden = document("h", "le télétravial est secret");
    hidden.class = Class::Restricted;
    let changes = vec![
        put("a", "le télétravail est permis"),
        put("b", "le chat"),
        Change::Put(hidden),
    ];
    index.apply(changes, 1).unwrap();
    assert_eq!(found(&index, "téletravial"), ["a"]);
    assert_eq!(found(&index, "téltravail"), ["a"]);
    assert_eq!(found(&index, "chot"), [""; 0]);
    assert_eq!(found(&index, "télécommande"), [""; 0]);
}

#[test]
fn a_long_document_leaves_room_for_others() {
    let (_folder, index) = new_index();
    let texts: Vec<String> = (0..40).map(|at| format!("le chat numéro {at} dort")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let changes = vec![
        Change::Put(chunked("a", &texts)),
        put("b", "un chat dort"),
        put("c", "le chien"),
    ];
    index.apply(changes, 1).unwrap();
    let ten = found(&index, "où dort le chat");
    assert_eq!(ten.len(), 10);
    assert!(ten.contains(&"b".to_owned()));
    let hits = index.search("chat numéro 17", &Filter::default(), 1).unwrap();
    assert_eq!(hits[0].chunk, i64::from(b'a') * 1_000 + 17);
}

#[test]
fn an_index_of_another_version_is_emptied() {
    let (folder, index) = new_index();
    index.apply(vec![put("a", "chat")], 5).unwrap();
    drop(index);
    let folder = folder.path().join("lexical");
    let meta = folder.join("meta.json");
    let text = fs_err::read_to_string(&meta).unwrap();
    let payload = format!("\"{FORMAT} 5\"");
    assert!(text.contains(&payload));
    fs_err::write(&meta, text.replace(&payload, "\"0 5\"")).unwrap();
    fs_err::write(folder.join("notes.txt"), "à garder").unwrap();
    let before = files(&folder).len();
    let (index, applied) = LexicalIndex::open(&folder).unwrap();
    assert_eq!(applied, None);
    assert!(folder.join("notes.txt").exists() && files(&folder).len() < before);
    assert_eq!(found(&index, "chat"), [""; 0]);
    index.apply(vec![put("b", "chat")], 6).unwrap();
    assert_eq!(found(&index, "chat"), ["b"]);
}

/// Whatever is done to whatever file, the index is either whole or empty.
#[test]
fn a_damaged_index_is_emptied() {
    type Damage = fn(&Path, &[u8]);
    let damages: [Damage; 4] = [
        |path, bytes| fs_err::write(path, &bytes[..bytes.len() / 2]).unwrap(),
        |path, bytes| {
            let mut bytes = bytes.to_vec();
            if let Some(byte) = bytes.get_mut(path.as_os_str().len() % 7) {
                *byte ^= 0x55;
            }
            fs_err::write(path, bytes).unwrap();
        },
        |path, bytes| fs_err::write(path, vec![0xa5; bytes.len()]).unwrap(),
        |path, _| fs_err::remove_file(path).unwrap(),
    ];
    let (pristine, index) = new_index();
    index
        .apply(vec![put("a", "le chat dort"), put("b", "un chien")], 1)
        .unwrap();
    index
        .apply(vec![Change::Remove("b".to_owned()), put("c", "chat")], 2)
        .unwrap();
    drop(index);
    let pristine = files(&pristine.path().join("lexical"));
    let mut emptied = 0;
    for (damage, victim) in damages
        .into_iter()
        .flat_map(|damage| pristine.iter().map(move |file| (damage, file)))
    {
        let folder = tempfile::tempdir().unwrap();
        for file in &pristine {
            fs_err::copy(file, folder.path().join(file.file_name().unwrap())).unwrap();
        }
        let copy = folder.path().join(victim.file_name().unwrap());
        damage(&copy, &fs_err::read(victim).unwrap());
        let (index, applied) = LexicalIndex::open(folder.path()).unwrap();
        let expected: &[&str] = match applied {
            Some(2) => &["c", "a"],
            Some(sequence) => panic!("{}: opened at {sequence}", copy.display()),
            None => &[],
        };
        assert_eq!(found(&index, "chat chien"), expected, "{}", copy.display());
        emptied += usize::from(applied.is_none());
        if applied.is_none() && emptied == 1 {
            index.apply(vec![put("d", "chat")], 3).unwrap();
            assert_eq!(found(&index, "chat"), ["d"]);
        }
    }
    assert!(emptied >= 4 * 5, "only {emptied} damages were noticed");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs_err::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

#[test]
fn searches_beside_a_writer_see_whole_commits() {
    let (_folder, index) = new_index();
    index
        .apply(vec![put("a", "chat 0"), put("b", "chat 0")], 1)
        .unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let mut documents = found(&index, "chat");
                    documents.sort();
                    assert_eq!(documents, ["a", "b"]);
                }
            });
        }
        for round in 0..10 {
            let text = format!("chat {round}");
            index
                .apply(vec![put("a", &text), put("b", &text)], round + 2)
                .unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    /// After any changes, exactly the documents put last and not removed are found.
    #[test]
    fn the_index_follows_its_changes(
        commits in prop::collection::vec(prop::collection::vec((0_usize..4, any::<bool>()), 0..5), 1..5),
    ) {
        let (_folder, index) = new_index();
        let mut expected = std::collections::BTreeMap::new();
        for (number, commit) in (1_u64..).zip(commits) {
            let changes = commit.into_iter().map(|(document, put_in)| {
                let id = ["a", "b", "c", "d"][document];
                if put_in {
                    let mot = format!("mot{number}");
                    expected.insert(id, mot.clone());
                    put(id, &format!("chat {mot}"))
                } else {
                    expected.remove(id);
                    Change::Remove(id.to_owned())
                }
            });
            let changes = changes.collect();
            index.apply(changes, number).unwrap();
        }
        let mut all = found(&index, "chat");
        all.sort();
        prop_assert_eq!(&all, &expected.keys().copied().collect::<Vec<_>>());
        for (id, mot) in &expected {
            prop_assert!(found(&index, mot).contains(&(*id).to_owned()));
        }
    }
}
