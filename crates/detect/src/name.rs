//! Names of people, told by a title, a first name or capitals. Looked for only near words of health: a name alone is no
//! reason to keep a text closer.

use std::ops::Range;
use std::sync::LazyLock;

/// Titles, each before a name.
const TITLES: &[&str] = &[
    "m",
    "mr",
    "mme",
    "mlle",
    "madame",
    "monsieur",
    "mademoiselle",
    "mrs",
    "ms",
    "miss",
    "herr",
    "frau",
    "senor",
    "senora",
    "sr",
    "sra",
    "signor",
    "signora",
    "sig",
    "patient",
    "patiente",
    "mister",
    "dhr",
    "mevr",
    "pan",
    "pani",
    "l'assure",
    "l'assuree",
    "l'agent",
    "l'eleve",
];

/// Given names: the most frequent of the last decades in France, and of its neighbours, without accents.
const FIRST: &str = "\
adam adele adrien agathe agnes aicha alain alan albert alessandro alex alexandra alexandre alexis ali \
alice alicia aline ambre amelie amina amine ana anais andre andrea andrew angela anita ann anna anne annie \
anthony antoine antonio arnaud arthur assia audrey aurelie aurelien axel barbara bastien beatrice benjamin \
benoit bernadette bernard bertrand brigitte bruno camille carla carlos carmen carole caroline catherine \
cecile cedric celine chantal charlene charles charlotte chloe christelle christian christiane christine \
christophe clara claude claudine clemence clement colette corinne cyril daniel daniele danielle david \
delphine denis denise diane didier dominique dylan edouard elena eliane elisa elisabeth elise elodie elsa \
emilie emily emma emmanuel emmanuelle enzo eric erika estelle eva evelyne fabien fabienne fabrice fanny \
farid fatiha fatima fatoumata felix fernand florence florian francesco francis franck francois francoise \
frank frederic gabriel gabrielle gael gaelle genevieve george georges gerard germaine ghislaine gilbert \
gilles giovanni gisele giulia grace gregory guillaume guy hamza hannah hans hassan helene henri henry \
herve hugo ibrahim ines irene isabelle ismael jack jacqueline jacques jade james jan jane janine jean \
jeanne jennifer jeremy jerome jessica joao joel joelle johanna john jonathan jordan jorge jose joseph \
josette josiane juan jules julia julian julie julien juliette justine kamel karen karim karima karine karl \
katarzyna kevin khadija klaus laetitia lara laura laure laurence laurent lea leila lena leo leon leonie \
liam lilou lina lionel lise lou louis louise luc luca lucas lucia lucie lucien lucienne ludovic lukas \
lydie madeleine mael magali malik manon manuel marc marcel marcelle marco margaux margot marguerite maria \
mariam marie marina marine marion mark marta marthe martin martine mary mathieu mathilde mathis matteo \
matthieu maurice max maxime mehdi melanie melissa michael michel michele micheline mickael miguel mireille \
mohamed mohammed monique moussa muriel mustapha myriam nadia nadine nathalie nathan nicolas nicole nina \
noah noe noel noemie nora odette odile olga olivia olivier oscar pablo paola paolo pascal pascale patrice \
patricia patrick paul paula paule paulette pauline pedro peter philippe pierre piotr quentin rachel rachid \
raphael raymond raymonde rebecca regine regis remi remy rene renee richard robert roberto robin rodolphe \
roger roland romain romane rosa rose roxane said salma samia samir samira samuel sandra sandrine sara \
sarah sebastien serge severine simon simone sofia solange solene sonia sophie stefan stephane stephanie \
sullivan susan suzanne sylvain sylvie tatiana theo theodore therese thibault thierry thomas timothee tom \
tristan ugo valentin valentine valerie vanessa vera veronique victor victoria vincent virginie viviane \
walter wendy wilfried william xavier yacine yann yannick yasmine yassine yohan youssef yves yvette yvonne \
zacharie zoe zohra";

static FIRST_NAMES: LazyLock<Vec<&str>> = LazyLock::new(|| FIRST.split_ascii_whitespace().collect());

/// Words in capitals at the beginning of a sentence, and names that stand for an illness, a law or a place.
const NO_NAMES: &[&str] = &[
    "alzheimer",
    "parkinson",
    "crohn",
    "hodgkin",
    "charcot",
    "lyme",
    "down",
    "institut",
    "hopital",
    "clinique",
    "centre",
    "service",
    "maladie",
    "syndrome",
    "saint",
    "sainte",
    "loi",
    "code",
    "rue",
    "avenue",
    "place",
    "diagnostic",
    "motif",
    "date",
    "patient",
    "patiente",
    "dossier",
    "france",
    "paris",
    "ministere",
    "caisse",
    "assurance",
    "securite",
    "agence",
    "association",
    "fondation",
    "la",
    "le",
    "les",
    "un",
    "une",
    "des",
    "the",
    "en",
    "il",
    "elle",
    "ce",
    "cette",
];

/// The first name of a person in `around`, as a place in `bytes`.
pub(crate) fn find(bytes: &[u8], around: Range<usize>, word: &Range<usize>) -> Option<Range<usize>> {
    let mut at = around.start;
    // The stretch may begin within a word.
    while at > 0 && at < around.end && bytes[at - 1].is_ascii_alphabetic() {
        at += 1;
    }
    let mut previous: Option<Range<usize>> = None;
    while at < around.end {
        let length = word_length(&bytes[at..around.end]);
        if length == 0 {
            at += 1;
            continue;
        }
        let this = at..at + length;
        at = this.end;
        if this.start < word.end && word.start < this.end {
            previous = None;
            continue;
        }
        let before = previous
            .take()
            .filter(|before| joins(&bytes[before.end..this.start]));
        // Only behind a title a stop does not end the sentence.
        let beside = |before: &Range<usize>| {
            &bytes[before.end..this.start] == b" " || is_title(&bytes[before.clone()])
        };
        if let Some(before) = before.filter(beside)
            && is_name(&bytes[before.clone()], &bytes[this.clone()])
        {
            return Some(name_of(bytes, before, this, around.end));
        }
        previous = Some(this);
    }
    None
}

/// Letters, hyphens and apostrophes of a word.
fn word_length(text: &[u8]) -> usize {
    let inside = |byte: &u8| byte.is_ascii_alphabetic() || !byte.is_ascii();
    let mut length = text.iter().take_while(|byte| inside(byte)).count();
    while length > 0
        && matches!(text.get(length), Some(b'-' | b'\''))
        && text.get(length + 1).is_some_and(inside)
    {
        length += 1 + text[length + 1..].iter().take_while(|byte| inside(byte)).count();
    }
    length
}

/// Whether two words stand beside each other: a title may have a full stop or a colon behind it.
fn joins(between: &[u8]) -> bool {
    matches!(between, b" " | b". " | b" : " | b": " | b".")
}

fn is_name(before: &[u8], this: &[u8]) -> bool {
    let (low, next) = (before.to_ascii_lowercase(), this.to_ascii_lowercase());
    let none = |word: &[u8]| NO_NAMES.iter().any(|other| other.as_bytes() == word);
    let capital = is_capital(this);
    if is_title(before) {
        // "Mme Le Goff": behind a title an article belongs to the name.
        return capital && (!none(&next) || matches!(&next[..], b"le" | b"la" | b"des"));
    }
    if !capital || !is_capital(before) || none(&next) || none(&low) {
        return false;
    }
    is_first(&low) || is_first(&next) && is_all_capitals(before)
}

fn is_title(word: &[u8]) -> bool {
    TITLES
        .iter()
        .any(|title| word.eq_ignore_ascii_case(title.as_bytes()))
}

fn is_capital(word: &[u8]) -> bool {
    word.first().is_some_and(u8::is_ascii_uppercase) && word.len() > 1
}

fn is_all_capitals(word: &[u8]) -> bool {
    word.len() > 1
        && word
            .iter()
            .all(|byte| byte.is_ascii_uppercase() || !byte.is_ascii_alphabetic())
}

/// A given name, or two joined by a hyphen.
fn is_first(word: &[u8]) -> bool {
    let head = word.split(|byte| *byte == b'-').next().unwrap_or_default();
    FIRST_NAMES
        .binary_search_by(|name| name.as_bytes().cmp(head))
        .is_ok()
}

/// Takes in a further word in capitals: "Mme Le Goff", "Jeanne Dupont".
fn name_of(bytes: &[u8], before: Range<usize>, this: Range<usize>, end: usize) -> Range<usize> {
    let titled = TITLES
        .iter()
        .any(|title| bytes[before.clone()].eq_ignore_ascii_case(title.as_bytes()));
    let start = if titled { this.start } else { before.start };
    let mut last = this.end;
    while last < end && bytes.get(last) == Some(&b' ') {
        let length = word_length(&bytes[last + 1..end]);
        if length == 0 || !is_capital(&bytes[last + 1..last + 1 + length]) {
            break;
        }
        last += 1 + length;
    }
    start..last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_names_are_in_order() {
        for pair in FIRST_NAMES.windows(2) {
            assert!(pair[0] < pair[1], "{pair:?}");
        }
    }

    #[test]
    fn a_title_a_given_name_or_capitals_make_a_name() {
        for (text, name) in [
            ("Le diabete de Mme Le Goff", Some("Le Goff")),
            ("Jeanne Dupont a un diabete", Some("Jeanne Dupont")),
            ("DUPONT Jeanne, diabete", Some("DUPONT Jeanne")),
            ("M. O'Connor, diabete", Some("O'Connor")),
            ("La maladie de Parkinson et le diabete", None),
            ("Le Ministere et la Caisse pour le diabete", None),
        ] {
            let at = text.find("diabete").unwrap();
            let found = find(text.as_bytes(), 0..text.len(), &(at..at + 7));
            assert_eq!(found.map(|place| &text[place]), name, "{text}");
        }
    }
}
