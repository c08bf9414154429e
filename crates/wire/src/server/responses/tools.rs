//! Tools: those that the client runs, and the search in vector stores that a grounded route is.

use serde_json::{Map, Value, json};

use crate::fault::Fault;
use crate::server::fields::Fields;

/// The tools of a request.
pub(super) struct Wanted {
    /// Those that the client runs, as a chat has them.
    pub(super) definitions: Vec<Value>,
    /// The vector stores that are searched.
    pub(super) stores: Option<Vec<String>>,
}

/// Reads tools. One that would run at a provider is refused.
pub(super) fn read(tools: &[Value]) -> Result<Wanted, Fault> {
    let mut wanted = Wanted {
        definitions: Vec::new(),
        stores: None,
    };
    for (at, tool) in tools.iter().enumerate() {
        let tool = Fields::of(tool, format!("tools[{at}]"))?;
        match tool.needed("type")? {
            "function" => wanted.definitions.push(function(&tool)?),
            "file_search" => {
                tool.only(&["type", "vector_store_ids"])?;
                for (number, store) in tool.list("vector_store_ids")?.iter().enumerate() {
                    let place = || format!("{}[{number}]", tool.at("vector_store_ids"));
                    let id = store
                        .as_str()
                        .ok_or_else(|| Fault::invalid(place(), "a string is expected"))?;
                    wanted.stores.get_or_insert_default().push(id.to_owned());
                }
                if wanted.stores.is_none() {
                    return Err(Fault::missing(tool.at("vector_store_ids")));
                }
            }
            other => {
                return Err(Fault::RunsElsewhere {
                    param: tool.at("type"),
                    tool: other.to_owned(),
                });
            }
        }
    }
    Ok(wanted)
}

fn function(tool: &Fields<'_>) -> Result<Value, Fault> {
    const FIELDS: [&str; 4] = ["name", "description", "parameters", "strict"];
    tool.only(&["type", "name", "description", "parameters", "strict"])?;
    tool.needed("name")?;
    let fields = FIELDS.into_iter();
    let given = fields.filter_map(|name| Some((name.to_owned(), tool.value(name)?.clone())));
    Ok(json!({ "type": "function", "function": given.collect::<Map<_, _>>() }))
}

/// Which tool is to be called, as a chat has it.
pub(super) fn choice(choice: &Value) -> Result<Value, Fault> {
    if let Value::String(word) = choice {
        return match word.as_str() {
            "none" | "auto" | "required" => Ok(choice.clone()),
            _ => Err(Fault::invalid(
                "tool_choice",
                "none, auto, required or a function",
            )),
        };
    }
    let fields = Fields::of(choice, "tool_choice".to_owned())?;
    match fields.needed("type")? {
        "function" => {
            fields.only(&["type", "name"])?;
            Ok(json!({ "type": "function", "function": { "name": fields.needed("name")? } }))
        }
        _ => Err(Fault::unsupported(fields.at("type"))),
    }
}
