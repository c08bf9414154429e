//! Stems of folded words: Snowball, and for French the word family behind the stem.
//!
//! Snowball's French rules look for accents, which writers leave out and capitals often lack. The accents of the
//! endings it knows are therefore put back first, in the same way whatever was written; then the stem loses
//! what derivation added, so that a verb, its noun and its adjective meet: `licencier`, `licenciement`;
//! `public`, `publique`; `héritage`, `héritier`.

use rust_stemmers::{Algorithm, Stemmer};

use crate::fold::fold_into;
use crate::language::Language;
use crate::terms::Steps;

/// A stemmer of one language, with room to work in.
pub(crate) struct Stems {
    language: Language,
    snowball: Stemmer,
    accented: String,
    stem: String,
}

impl Stems {
    pub(crate) fn of(language: Language) -> Self {
        let algorithm = match language {
            Language::French => Algorithm::French,
            Language::English => Algorithm::English,
        };
        Self {
            language,
            snowball: Stemmer::create(algorithm),
            accented: String::new(),
            stem: String::new(),
        }
    }

    /// The stem of the folded word `form`, or of its family, as `steps` say.
    pub(crate) fn stem(&mut self, form: &str, steps: Steps) -> &str {
        self.stem.clear();
        if self.language == Language::English {
            self.stem.push_str(&self.snowball.stem(form));
            return &self.stem;
        }
        let singular = form.strip_suffix('s').unwrap_or(form);
        if STRANGERS.contains(&singular) {
            self.stem.push_str(singular);
            return &self.stem;
        }
        put_accents_back(form, &mut self.accented);
        let stem = self.snowball.stem(&self.accented);
        if steps.folding {
            fold_into(&mut self.stem, &stem);
        } else {
            self.stem.push_str(&stem);
        }
        if steps.families {
            self.stem.truncate(family(&self.stem));
            if self.stem.ends_with("qu") {
                self.stem.truncate(self.stem.len() - 2);
                self.stem.push('c');
            }
        }
        &self.stem
    }
}

/// Words that would fall together with a stranger (`loyer` with `loi`, `courrier` with `cour`) and are left as they are.
const STRANGERS: [&str; 8] = [
    "commune", "courrier", "delit", "justice", "licence", "loyer", "service", "version",
];

/// Endings that Snowball only knows with their accents.
const ACCENTED: [(&str, &str); 6] = [
    ("ites", "ités"),
    ("ite", "ité"),
    ("ees", "ées"),
    ("ee", "ée"),
    ("eres", "ères"),
    ("ere", "ère"),
];

fn put_accents_back(form: &str, accented: &mut String) {
    accented.clear();
    let ending = ACCENTED
        .iter()
        .find(|(plain, _)| form.len() > plain.len() + 3 && form.ends_with(plain));
    match ending {
        Some((plain, ending)) => {
            accented.push_str(&form[..form.len() - plain.len()]);
            accented.push_str(ending);
        }
        None => accented.push_str(form),
    }
}

/// What derivation leaves at the end of a French stem, longest first where one ends in another.
const ENDINGS: [&str; 35] = [
    "isation", "ation", "ateur", "atric", "atif", "ement", "ment", "ition", "ion", "iteur", "eur", "euse",
    "eux", "ienn", "ien", "aire", "air", "iqu", "isme", "iste", "ist", "ism", "abl", "ibl", "anc", "enc",
    "ant", "ent", "age", "ag", "oir", "if", "iv", "ic", "al",
];

/// Endings of verbs that Snowball leaves on short stems.
const SHORT_ENDINGS: [&str; 4] = ["el", "er", "ir", "e"];

/// No family is named by less than this.
const SHORTEST: usize = 4;

/// How much of `stem` names its family, in bytes.
fn family(stem: &str) -> usize {
    let fits = |ending: &&&str| stem.len() >= ending.len() + SHORTEST && stem.ends_with(**ending);
    let ending = ENDINGS.iter().chain(&SHORT_ENDINGS).find(fits);
    let mut kept = stem.len() - ending.map_or(0, |ending| ending.len());
    if kept > SHORTEST && stem[..kept].ends_with('i') {
        kept -= 1;
    }
    match &stem.as_bytes()[..kept] {
        [.., before, last] if kept > SHORTEST && before == last && last.is_ascii() => kept - 1,
        _ => kept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::fold;

    fn same_family(words: &[&str]) {
        let mut stems = Stems::of(Language::French);
        let families: Vec<String> = words
            .iter()
            .map(|word| stems.stem(&fold(word), Steps::default()).to_owned())
            .collect();
        assert!(
            families.windows(2).all(|pair| pair[0] == pair[1]),
            "{words:?}: {families:?}"
        );
    }

    #[test]
    fn a_family_has_one_stem() {
        same_family(&["licencier", "licenciement", "licencié"]);
        same_family(&["public", "publique", "publics"]);
        same_family(&["héritier", "héritage", "hériter"]);
        same_family(&["professionnel", "professionnelle", "professionnels"]);
        same_family(&["activité", "activités", "ACTIVITE", "active"]);
    }

    #[test]
    fn short_words_keep_apart() {
        let mut stems = Stems::of(Language::French);
        let mut stem = |word: &str| stems.stem(&fold(word), Steps::default()).to_owned();
        assert_ne!(stem("maire"), stem("mari"));
        assert_ne!(stem("loyer"), stem("loi"));
        assert_ne!(stem("impôt"), stem("importer"));
    }
}
