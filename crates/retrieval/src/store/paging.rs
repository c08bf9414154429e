//! Lists in pages: where a page begins, how long it is, and in which order.

use std::fmt::Write as _;

/// Which page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paging {
    /// The most items.
    pub limit: usize,
    /// Oldest first instead of newest first.
    pub oldest_first: bool,
    /// The page begins behind this id.
    pub after: Option<String>,
    /// The page ends before this id; counts where `after` is not given.
    pub before: Option<String>,
}

impl Default for Paging {
    /// The twenty newest.
    fn default() -> Self {
        Self {
            limit: 20,
            oldest_first: false,
            after: None,
            before: None,
        }
    }
}

/// Part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Whether there are more in the direction that was asked for.
    pub more: bool,
}

impl Paging {
    /// The id that the page begins or ends at.
    pub fn cursor(&self) -> Option<&str> {
        self.after.as_deref().or(self.before.as_deref())
    }

    /// Whether the page is read from its end.
    fn backwards(&self) -> bool {
        self.after.is_none() && self.before.is_some()
    }

    /// The end of a query on `listed`, which has the columns `created` and `id`, with the cursor as bind `cursor`. It asks
    /// for one row more than the page has.
    pub(super) fn clause(&self, cursor: usize) -> String {
        let rising = self.oldest_first != self.backwards();
        let (beyond, order) = if rising { (">", "ASC") } else { ("<", "DESC") };
        let mut sql = format!(
            "(?{cursor} IS NULL OR (created, id) {beyond} (SELECT created, id FROM listed WHERE id = ?{cursor}))
             ORDER BY created {order}, id {order}"
        );
        // Writing to a string does not fail.
        let _infallible = write!(sql, " LIMIT {}", self.limit + 1);
        sql
    }

    /// The page of what such a query gave.
    pub fn cut<T>(&self, mut items: Vec<T>) -> Page<T> {
        let more = items.len() > self.limit;
        items.truncate(self.limit);
        if self.backwards() {
            items.reverse();
        }
        Page { items, more }
    }

    /// The page of a list that is in memory, sorted from the oldest to the newest. `None` when it does not hold the
    /// cursor.
    pub fn slice<T>(&self, mut all: Vec<T>, id: impl Fn(&T) -> &str) -> Option<Page<T>> {
        if self.oldest_first == self.backwards() {
            all.reverse();
        }
        if let Some(cursor) = self.cursor() {
            let at = all.iter().position(|item| id(item) == cursor)?;
            all.drain(..=at);
        }
        Some(self.cut(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(oldest_first: bool, after: Option<&str>, before: Option<&str>) -> Option<(String, bool)> {
        let paging = Paging {
            limit: 2,
            oldest_first,
            after: after.map(str::to_owned),
            before: before.map(str::to_owned),
        };
        let page = paging.slice(vec!["a", "b", "c", "d"], |item| item)?;
        Some((page.items.concat(), page.more))
    }

    #[test]
    fn pages_go_on_in_both_orders_and_both_directions() {
        let told = |text: &str, more| Some((text.to_owned(), more));
        assert_eq!(page(true, None, None), told("ab", true));
        assert_eq!(page(true, Some("b"), None), told("cd", false));
        assert_eq!(page(true, None, Some("d")), told("bc", true));
        assert_eq!(page(true, None, Some("c")), told("ab", false));
        assert_eq!(page(false, None, None), told("dc", true));
        assert_eq!(page(false, Some("c"), None), told("ba", false));
        assert_eq!(page(false, None, Some("a")), told("cb", true));
        assert_eq!(page(false, Some("x"), None), None);
    }
}
