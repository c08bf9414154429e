//! Health beside a person: words of illness and treatment near somebody's name or identifier.
//!
//! A word alone is knowledge about an illness; beside a person it is a special category of data (GDPR, article 9). What makes
//! a name is in [`crate::name`].

use std::ops::Range;

/// How far from the word the person may stand, in folded bytes.
pub(crate) const REACH: usize = 110;

/// Words of illness, disability and treatment that say something of whoever has them, without accents. Words of the
/// administration of health (hospital, doctor, prescription) say too little.
pub(crate) const WORDS: &[&str] = &[
    "diabet",
    "cancer",
    "tumeur",
    "tumor",
    "leucemie",
    "leukaemia",
    "leukemia",
    "lymphome",
    "lymphoma",
    "melanome",
    "metastas",
    "chimiotherapie",
    "chemotherapy",
    "radiotherapie",
    "radiotherapy",
    "schizophren",
    "bipolaire",
    "bipolar",
    "depressi",
    "burn-out",
    "burnout",
    "anorexi",
    "boulimi",
    "bulimi",
    "psychose",
    "psychosis",
    "psychotique",
    "anxiete",
    "trouble anxieux",
    "autisme",
    "autiste",
    "autism",
    "tdah",
    "adhd",
    "trisomie",
    "handicap",
    "invalidite",
    "rqth",
    "epileps",
    "alzheimer",
    "parkinson",
    "sclerose",
    "multiple sclerosis",
    "demence",
    "dementia",
    "avc",
    "infarctus",
    "insuffisance",
    "cardiopath",
    "hypertension",
    "asthm",
    "bronchopneumo",
    "bpco",
    "mucoviscidose",
    "tuberculos",
    "hepatite",
    "hepatitis",
    "cirrhose",
    "cirrhosis",
    "vih",
    "hiv",
    "sida",
    "seropositi",
    "syphilis",
    "gonorr",
    "chlamydi",
    "herpes",
    "covid",
    "meningite",
    "grossesse",
    "est enceinte",
    "femme enceinte",
    "enceinte de",
    "pregnan",
    "fausse couche",
    "miscarriage",
    "ivg",
    "avortement",
    "abortion",
    "infertilit",
    "endometriose",
    "menopause",
    "psoriasis",
    "eczema",
    "lupus",
    "fibromyalgi",
    "polyarthrite",
    "arthrose",
    "arthritis",
    "rhumatisme",
    "maladie de crohn",
    "crohn",
    "coeliaque",
    "rectocolite",
    "dialyse",
    "dialysis",
    "greffe",
    "transplant",
    "prothese",
    "amputation",
    "paraplegi",
    "tetraplegi",
    "cecite",
    "surdite",
    "alcoolisme",
    "alcoholism",
    "toxicoman",
    "addiction",
    "sevrage",
    "overdose",
    "methadone",
    "antidepresseur",
    "antidepressant",
    "antipsychotique",
    "neuroleptique",
    "lithium",
    "insuline",
    "insulin",
    "morphine",
    "antiretroviral",
    "tritherapie",
    "allergi",
    "anemie",
    "drepanocytose",
    "hemophil",
    "thyroid",
    "obesite",
    "obesity",
    "suicid",
    "hospitalisation d'office",
    "hospitalisee",
    "hospitalise pour",
    "arret maladie",
    "conge maladie",
    "longue maladie",
    "affection de longue duree",
    "sick leave",
    "krankheit",
    "krebs",
    "diagnosed",
    "antecedents medicaux",
    "dossier medical",
];

/// Words that only begin with one of these.
const OTHERS: &[&str] = &[
    "depressionnaire",
    "considere",
    "handicapped access",
    "insuffisances",
    "greffer",
    "greffier",
    "greffiere",
    "greffes du tribunal",
    "allergique a la bureaucratie",
];

/// The place of the health word that the trigger at `at`, `end` long, begins; `None` when it is part of another word.
pub(crate) fn find(bytes: &[u8], at: usize, end: usize) -> Option<Range<usize>> {
    let glued = |byte: &u8| byte.is_ascii_alphanumeric();
    if at.checked_sub(1).is_some_and(|before| glued(&bytes[before])) {
        return None;
    }
    let rest = bytes[end..]
        .iter()
        .take(24)
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    let short = end - at <= 4;
    let other = OTHERS.iter().any(|other| {
        bytes[at..]
            .get(..other.len())
            .is_some_and(|text| text.eq_ignore_ascii_case(other.as_bytes()))
    });
    (!(short && rest > 1 || other)).then_some(at..end + rest)
}

/// The stretch around a word in which a person may stand: what belongs to other paragraphs does not count.
pub(crate) fn around(bytes: &[u8], word: &Range<usize>) -> Range<usize> {
    let from = word.start.saturating_sub(REACH);
    let before = bytes[from..word.start]
        .windows(2)
        .rposition(|pair| pair == b"\n\n")
        .map_or(from, |at| from + at + 2);
    let to = bytes.len().min(word.end + REACH);
    let after = bytes[word.end..to]
        .windows(2)
        .position(|pair| pair == b"\n\n")
        .map_or(to, |at| word.end + at);
    before..after
}
