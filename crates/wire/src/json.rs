//! Limits on foreign JSON, checked in one pass over the bytes before anything is built from them.
//!
//! A parsed value takes many times the memory of its text: five megabytes of `0,0,0,...` would become hundreds.

use memchr::memchr2;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::error::Category;

use crate::fault::Fault;

/// How deeply values may be nested.
pub(crate) const DEPTH: usize = 64;
/// How many values a text may hold, those in arrays and objects counted one by one.
pub(crate) const VALUES: usize = 250_000;

/// Reads a request of a client. Where a value is not of its type, `locate` finds the field; it is asked only then.
pub(crate) fn request<T: DeserializeOwned>(
    bytes: &[u8],
    locate: impl FnOnce(&Value) -> Option<Fault>,
) -> Result<T, Fault> {
    check(bytes, VALUES)?;
    serde_json::from_slice(bytes).map_err(|error| {
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
    check(bytes, values).map_err(Fault::malformed)?;
    serde_json::from_slice(bytes).map_err(Fault::malformed)
}

/// The arguments of a tool call, which are a JSON text; some write the value itself.
pub(crate) fn arguments(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        value => value.to_string(),
    }
}

/// Fails when the text nests too deeply or holds too many values. Says nothing of whether it is JSON.
pub(crate) fn check(bytes: &[u8], values: usize) -> Result<(), Fault> {
    let (mut depth, mut found, mut at) = (0_usize, 1_usize, 0);
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' => at = string_end(bytes, at),
            b'[' | b'{' => {
                depth += 1;
                found += 1;
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' => found += 1,
            _ => {}
        }
        if depth > DEPTH {
            return Err(Fault::TooDeep { limit: DEPTH });
        }
        if found > values {
            let param = "values".to_owned();
            return Err(Fault::TooMany { param, limit: values });
        }
    }
    Ok(())
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
        assert_eq!(check(nested(DEPTH).as_bytes(), VALUES), Ok(()));
        let limit = DEPTH;
        assert_eq!(
            check(nested(DEPTH + 1).as_bytes(), VALUES),
            Err(Fault::TooDeep { limit })
        );
        let quoted = format!(r#"["\"{}", "\\"]"#, "[".repeat(1000));
        assert_eq!(check(quoted.as_bytes(), VALUES), Ok(()));
        let after = format!(r#"["\\",{}"#, nested(DEPTH));
        assert!(check(after.as_bytes(), VALUES).is_err());
    }

    #[test]
    fn values_are_counted() {
        assert_eq!(check(b"[1,2,3]", 4), Ok(()));
        assert!(check(b"[1,2,3]", 3).is_err());
        assert_eq!(check(br#"["1,2,3,4,5"]"#, 2), Ok(()));
    }

    #[test]
    fn an_open_string_ends_with_the_text() {
        for text in [r#"""#, r#""\"#, r#""\""#] {
            assert_eq!(check(text.as_bytes(), VALUES), Ok(()));
        }
    }
}
