//! `GET /v1/models`: which models a server offers.

use serde_json::Value;

use crate::fault::Fault;
use crate::json;

/// The most values of one answer.
const VALUES: usize = 250_000;
/// The most models that are told, and the longest name of one, in bytes.
const MODELS: usize = 1000;
const NAME: usize = 256;

/// The names of the models in a server's list, in its order, each once. OpenAI and most others send `data` with an `id`
/// each; some send the list alone, or `models` with a `name` each (Ollama).
pub fn offered(bytes: &[u8]) -> Result<Vec<String>, Fault> {
    let value = json::answer::<Value>(bytes, VALUES)?;
    let list = ["data", "models"]
        .iter()
        .find_map(|key| value.get(key)?.as_array());
    let Some(list) = list.or_else(|| value.as_array()) else {
        return Err(Fault::malformed("a list of models without one"));
    };
    let name = |model: &Value| {
        let name = ["id", "name"].iter().find_map(|key| model.get(key)?.as_str());
        name.or_else(|| model.as_str()).map(str::to_owned)
    };
    let mut names: Vec<String> = Vec::new();
    for name in list.iter().filter_map(name) {
        let whole = !name.is_empty() && name.len() <= NAME && !name.contains(char::is_control);
        if whole && names.len() < MODELS && !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lists_of_several_servers_are_read() {
        for list in [
            r#"{"object":"list","data":[{"id":"a","object":"model"},{"id":"b"},{"id":"a"}]}"#,
            r#"[{"id":"a"},{"id":"b"}]"#,
            r#"{"models":[{"name":"a"},{"name":"b"},{"size":1}]}"#,
            r#"{"data":["a","b","c\u0007"]}"#,
        ] {
            assert_eq!(offered(list.as_bytes()).unwrap(), ["a", "b"], "{list}");
        }
        assert!(offered(b"{\"data\":{}}").is_err());
        assert!(offered(b"<html>").is_err());
        let many: Vec<Value> = (0..5000).map(|number| Value::from(number.to_string())).collect();
        assert_eq!(
            offered(Value::from(many).to_string().as_bytes()).unwrap().len(),
            MODELS
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(names) = offered(&bytes) {
                prop_assert!(names.iter().all(|name| name.len() <= NAME));
            }
        }
    }
}
