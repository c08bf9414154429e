//! Fields of a request that this program does not pass on: what it cannot do, and what would take the decision of
//! where a request may run out of its hands.

use serde_json::{Map, Value};

use crate::fault::Fault;

/// Fields that make some servers send the request on to others, or fetch from elsewhere. The policy has decided
/// about one server; a request must not steer past it.
const STEERING: [&str; 22] = [
    "api_base",
    "api_key",
    "api_version",
    "base_url",
    "connectors",
    "custom_llm_provider",
    "deployment_id",
    "extra_body",
    "extra_headers",
    "fallbacks",
    "kv_transfer_params",
    "mcp_servers",
    "model_list",
    "models",
    "plugins",
    "provider",
    "providers",
    "route",
    "search_parameters",
    "transforms",
    "web_search",
    "web_search_options",
];

/// Fields of OpenAI's API that this program does not have: tools in their oldest form and answers in sound.
const ABSENT: [&str; 3] = ["functions", "function_call", "audio"];

/// Leaves the fields that are passed on. A null says nothing and is left out; a field that asks for what cannot be
/// honoured is an error that names it.
pub(super) fn filter(extra: Map<String, Value>) -> Result<Map<String, Value>, Fault> {
    let mut kept = Map::new();
    for (name, value) in extra {
        let honoured = match name.as_str() {
            _ if value.is_null() => continue,
            "n" => value == 1,
            "store" => value == false,
            "modalities" => value
                .as_array()
                .is_some_and(|all| all.iter().all(|one| one == "text")),
            name if STEERING.contains(&name) || ABSENT.contains(&name) => false,
            _ => {
                kept.insert(name, value);
                continue;
            }
        };
        if !honoured {
            return Err(Fault::unsupported(name));
        }
    }
    Ok(kept)
}

/// Tools that the client runs itself. Others run at the server, which then reaches further than was decided.
pub(super) fn check_tools(tools: &[Value]) -> Result<(), Fault> {
    for (at, tool) in tools.iter().enumerate() {
        match tool.get("type").and_then(Value::as_str) {
            Some("function") if tool["function"]["name"].is_string() => {}
            Some("function") => return Err(Fault::missing(format!("tools[{at}].function.name"))),
            Some(_) => return Err(Fault::unsupported(format!("tools[{at}].type"))),
            None => return Err(Fault::missing(format!("tools[{at}].type"))),
        }
    }
    Ok(())
}
