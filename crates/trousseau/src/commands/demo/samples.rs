//! The sample documents, in the program, so that the demonstration needs no file beside it.

use std::path::{Path, PathBuf};

/// The configuration of the demonstration: its collections, and two upstreams that are only decided about.
pub(super) const CONFIG: &str = include_str!("../../../../../samples/trousseau.toml");

/// One collection's folder: its name and its files.
type Folder = (&'static str, &'static [(&'static str, &'static str)]);

const FOLDERS: [Folder; 3] = [
    (
        "public",
        &[
            (
                "cimetiere-concessions.html",
                include_str!("../../../../../samples/fr/public/cimetiere-concessions.html"),
            ),
            (
                "collecte-dechets-2026.html",
                include_str!("../../../../../samples/fr/public/collecte-dechets-2026.html"),
            ),
            (
                "conseil-municipal-2025-09-25.txt",
                include_str!("../../../../../samples/fr/public/conseil-municipal-2025-09-25.txt"),
            ),
            (
                "etat-civil.md",
                include_str!("../../../../../samples/fr/public/etat-civil.md"),
            ),
            (
                "mediatheque-reglement.md",
                include_str!("../../../../../samples/fr/public/mediatheque-reglement.md"),
            ),
            (
                "restauration-scolaire.html",
                include_str!("../../../../../samples/fr/public/restauration-scolaire.html"),
            ),
            (
                "stationnement.md",
                include_str!("../../../../../samples/fr/public/stationnement.md"),
            ),
            (
                "subventions-associations.md",
                include_str!("../../../../../samples/fr/public/subventions-associations.md"),
            ),
        ],
    ),
    (
        "interne",
        &[
            (
                "accueil-nouveaux-agents.html",
                include_str!("../../../../../samples/fr/interne/accueil-nouveaux-agents.html"),
            ),
            (
                "charte-informatique.txt",
                include_str!("../../../../../samples/fr/interne/charte-informatique.txt"),
            ),
            (
                "charte-teletravail.md",
                include_str!("../../../../../samples/fr/interne/charte-teletravail.md"),
            ),
            (
                "conges-et-absences.html",
                include_str!("../../../../../samples/fr/interne/conges-et-absences.html"),
            ),
            (
                "guide-achats.md",
                include_str!("../../../../../samples/fr/interne/guide-achats.md"),
            ),
            (
                "incident-2025-03-rancongiciel.md",
                include_str!("../../../../../samples/fr/interne/incident-2025-03-rancongiciel.md"),
            ),
            (
                "plan-communal-sauvegarde.txt",
                include_str!("../../../../../samples/fr/interne/plan-communal-sauvegarde.txt"),
            ),
        ],
    ),
    (
        "rh",
        &[
            (
                "dossier-nathalie-lefebvre-arnoux.md",
                include_str!("../../../../../samples/fr/rh/dossier-nathalie-lefebvre-arnoux.md"),
            ),
            (
                "suivi-contrats-2026.txt",
                include_str!("../../../../../samples/fr/rh/suivi-contrats-2026.txt"),
            ),
        ],
    ),
];

/// Writes the samples below `root`. Returns each collection with its folder.
pub(super) fn write(root: &Path) -> std::io::Result<Vec<(String, PathBuf)>> {
    let mut written = Vec::with_capacity(FOLDERS.len());
    for (collection, files) in FOLDERS {
        let folder = root.join(collection);
        fs_err::create_dir_all(&folder)?;
        for (name, text) in files {
            fs_err::write(folder.join(name), text)?;
        }
        written.push((collection.to_owned(), folder));
    }
    Ok(written)
}
