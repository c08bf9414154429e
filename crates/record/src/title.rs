//! What a conversation is called until somebody calls it otherwise.

/// The most characters of a title.
pub const TITLE: usize = 80;

/// The first line of a text, cut to [`TITLE`] characters at the end of a word.
pub fn title_of(text: &str) -> String {
    let mut words = text.trim().lines().next().unwrap_or_default().split_whitespace();
    let mut title = words.next().unwrap_or_default().to_owned();
    let mut length = title.chars().count();
    for word in words {
        length += 1 + word.chars().count();
        if length >= TITLE {
            title.push_str(" …");
            break;
        }
        title.push(' ');
        title.push_str(word);
    }
    title.chars().take(TITLE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_the_first_line_cut_at_a_word() {
        assert_eq!(
            title_of("  Quand  ouvre le guichet ?\nMerci."),
            "Quand ouvre le guichet ?"
        );
        assert_eq!(title_of(" \n"), "");
        let long = title_of(&"télétravail ".repeat(20));
        assert!(
            long.chars().count() <= TITLE && long.ends_with("télétravail …"),
            "{long}"
        );
        assert_eq!(title_of(&"é".repeat(200)).chars().count(), TITLE);
    }
}
