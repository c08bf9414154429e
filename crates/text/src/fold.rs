//! One spelling for what readers take as the same letters: lower case, no accents, no ligatures.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Appends `text` to `folded` in lower case, without accents, ligatures spelled out.
///
/// Composed and decomposed accents (NFC and NFD), capital and small letters, full-width and superscript
/// variants come out the same. Characters that are not letters or digits of a word (soft hyphens, joiners,
/// apostrophes, hyphens) are dropped.
pub fn fold_into(folded: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            'a'..='z' | '0'..='9' => folded.push(letter),
            'A'..='Z' => folded.push(letter.to_ascii_lowercase()),
            '\0'..='\x7f' => {}
            _ => fold_letter(folded, letter),
        }
    }
}

/// `text` folded, as by [`fold_into`].
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    fold_into(&mut folded, text);
    folded
}

fn fold_letter(folded: &mut String, letter: char) {
    let plain = match letter {
        'à' | 'â' | 'ä' | 'á' | 'ã' | 'å' | 'À' | 'Â' | 'Ä' | 'Á' | 'Ã' | 'Å' => "a",
        'é' | 'è' | 'ê' | 'ë' | 'É' | 'È' | 'Ê' | 'Ë' => "e",
        'î' | 'ï' | 'í' | 'ì' | 'Î' | 'Ï' | 'Í' | 'Ì' => "i",
        'ô' | 'ö' | 'ó' | 'ò' | 'õ' | 'ø' | 'Ô' | 'Ö' | 'Ó' | 'Ò' | 'Õ' | 'Ø' => "o",
        'ù' | 'û' | 'ü' | 'ú' | 'Ù' | 'Û' | 'Ü' | 'Ú' => "u",
        'ÿ' | 'Ÿ' => "y",
        'ç' | 'Ç' => "c",
        'ñ' | 'Ñ' => "n",
        'œ' | 'Œ' => "oe",
        'æ' | 'Æ' => "ae",
        'ß' | 'ẞ' => "ss",
        'ł' | 'Ł' => "l",
        'đ' | 'Đ' => "d",
        _ => return fold_rare(folded, letter),
    };
    folded.push_str(plain);
}

fn fold_rare(folded: &mut String, letter: char) {
    let parts = std::iter::once(letter)
        .nfkd()
        .flat_map(char::to_lowercase)
        .nfkd()
        .filter(|part| part.is_alphanumeric() && !is_combining_mark(*part));
    for part in parts {
        match part {
            _ if part == letter => folded.push(part),
            '\0'..='\x7f' => folded.push(part),
            _ => fold_letter(folded, part),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn accents_case_and_ligatures_fold_together() {
        assert_eq!(fold("Élève"), "eleve");
        assert_eq!(fold("E\u{301}le\u{300}ve"), "eleve");
        assert_eq!(fold("CŒUR"), "coeur");
        assert_eq!(fold("ﬁn"), "fin");
        assert_eq!(fold("co\u{ad}pie"), "copie");
        assert_eq!(fold("İstanbul"), "istanbul");
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,30}") {
            let once = fold(&text);
            prop_assert_eq!(&fold(&once), &once);
        }

        #[test]
        fn composition_does_not_matter(text in "\\PC{0,30}") {
            let composed: String = text.nfc().collect();
            let decomposed: String = text.nfd().collect();
            prop_assert_eq!(fold(&composed), fold(&decomposed));
        }
    }
}
