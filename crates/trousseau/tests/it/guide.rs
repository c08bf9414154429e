//! A real guide of nineteen chapters, with accents, apostrophes and spaces in its file names.

use std::path::Path;

use crate::harness::Dir;

#[test]
fn questions_to_the_guide_for_developers_cite_the_right_chapter() {
    let Some(guide) = trousseau_testing::bench_data("cli-rgpd-guide", "rgpd-guide-fr") else {
        return;
    };
    let dir = Dir::new();
    let told = dir.json(&["ingest", &guide.to_string_lossy()]);
    assert_eq!(told["failed"], serde_json::json!([]));
    for (chapter, question) in [
        (
            "09",
            "Comment vérifier la licence et la maintenance d'une bibliothèque ou d'un SDK tiers ?",
        ),
        ("11", "Faut-il utiliser des données fictives pour les tests ?"),
        (
            "12",
            "Quelles informations fournir aux personnes lors de la collecte de leurs données ?",
        ),
        (
            "14",
            "Combien de temps peut-on conserver des données et que faire à la fin de la durée de conservation ?",
        ),
        (
            "17",
            "Comment mesurer la fréquentation de mon site sans demander le consentement ?",
        ),
    ] {
        let answer = dir.json(&["ask", question]);
        let path = answer["citations"][0]["path"].as_str().unwrap_or_default();
        let name = Path::new(path).file_name().unwrap_or_default().to_string_lossy();
        assert!(name.starts_with(&format!("{chapter}-")), "{question}: {answer:#}");
    }
}
