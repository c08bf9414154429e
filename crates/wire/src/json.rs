//! Foreign JSON, with limits.
//!
//! A parsed value takes many times the memory of its text: five megabytes of `0,0,0,...` would become hundreds. So the
//! values of a long text are counted before anything is built from it. How deep they are nested the parser counts itself.

use memchr::memchr2;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::error::Category;

use crate::fault::Fault;

/// How deeply values may be nested: the parser's own limit.
const DEPTH: usize = 127;
/// How many values a text may hold, those in arrays and objects counted one by one.
pub(crate) const VALUES: usize = 250_000;

/// Reads a request of a client. Where a value is not of its type, `locate` finds the field; it is asked only then.
pub(crate) fn request<T: DeserializeOwned>(
    bytes: &[u8],
    locate: impl FnOnce(&Value) -> Option<Fault>,
) -> Result<T, Fault> {
    count(bytes, VALUES)?;
    serde_json::from_slice(bytes).map_err(|error| {
        if depth(bytes) > DEPTH {
            return Fault::TooDeep { limit: DEPTH };
        }
        let reason = error.to_string();
        match error.classify() {
            Category::Data => {
                let body: Value = serde_json::from_slice(bytes).unwrap_or_default();
                locate(&body).unwrap_or_else(|| Fault::invalid("", reason))
            }
            Category::Syntax | Category::Eof | Category::Io => Fault::NotJson { reason },
        }
    })
}

/// What is wrong with the field `name` of an object whose own name is `object`, where it cannot be read as `T`.
pub(crate) fn misread<T: DeserializeOwned>(value: &Value, object: &str, name: &str) -> Option<Fault> {
    let error = T::deserialize(value.get(name)?).err()?;
    let dot = if object.is_empty() { "" } else { "." };
    Some(Fault::invalid(format!("{object}{dot}{name}"), error))
}

/// Reads an answer of a server that holds at most `values` values.
pub(crate) fn answer<T: DeserializeOwned>(bytes: &[u8], values: usize) -> Result<T, Fault> {
    count(bytes, values).map_err(Fault::malformed)?;
    serde_json::from_slice(bytes).map_err(|error| match depth(bytes) > DEPTH {
        true => Fault::malformed(Fault::TooDeep { limit: DEPTH }),
        false => Fault::malformed(error),
    })
}

/// The arguments of a tool call, which are a JSON text; some write the value itself.
pub(crate) fn arguments(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        value => value.to_string(),
    }
}

/// Fails when a text holds more than `values` values. Says nothing of whether it is JSON.
fn count(bytes: &[u8], values: usize) -> Result<(), Fault> {
    // Every value but the first has a bracket or a comma of its own before it.
    if bytes.len() <= values {
        return Ok(());
    }
    let mut found = 1;
    visit_signs(bytes, |sign| {
        found += usize::from(matches!(sign, b'[' | b'{' | b','));
    });
    if found > values {
        let param = "values".to_owned();
        return Err(Fault::TooMany { param, limit: values });
    }
    Ok(())
}

/// How deeply a text nests its values.
fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    visit_signs(bytes, |sign| {
        match sign {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    });
    deepest
}

/// Calls `visit` with every byte outside of strings.
fn visit_signs(bytes: &[u8], mut visit: impl FnMut(u8)) {
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' => at = string_end(bytes, at),
            sign => visit(*sign),
        }
    }
}

/// Where the string that began before `at` is over.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        if bytes.get(at + found) == Some(&b'"') {
            return at + found + 1;
        }
        at += found + 2;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_is_counted_outside_of_strings() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(depth(nested(5).as_bytes()), 5);
        let quoted = format!(r#"["\"{}", "\\"]"#, "[".repeat(1000));
        assert_eq!(depth(quoted.as_bytes()), 1);
        let after = format!(r#"["\\",{}"#, nested(7));
        assert_eq!(depth(after.as_bytes()), 8);
        assert_eq!(depth(b"]]]["), 1);
    }

    /// The limit is the parser's, and is told as ours.
    #[test]
    fn the_parser_refuses_what_is_too_deep() {
        let read = |depth: usize| {
            let text = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            request::<Value>(text.as_bytes(), |_| None).map(drop)
        };
        assert_eq!(read(DEPTH), Ok(()));
        assert_eq!(read(DEPTH + 1), Err(Fault::TooDeep { limit: DEPTH }));
    }

    #[test]
    fn values_are_counted() {
        assert_eq!(count(b"[1,2,3]", 4), Ok(()));
        assert!(count(b"[1,2,3]", 3).is_err());
        assert_eq!(count(br#"["1,2,3,4,5"]"#, 2), Ok(()));
        assert_eq!(count(b"", 0), Ok(()));
        for text in [r#"""#, r#""\""#, r#""\"""#] {
            assert_eq!(
                count(text.as_bytes(), 1),
                Ok(()),
                "an open string ends with the text"
            );
        }
    }
}
