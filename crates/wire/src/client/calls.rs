//! Tool calls in a stream, put in order: servers number and name their pieces in more ways than one.
//!
//! What is given out is in OpenAI's way: calls are counted from 0, and id and name come once, with the first piece.

use serde_json::Value;
use trousseau_core::chat::ToolCallDelta;

use super::delta::WireCall;
use crate::fault::Fault;
use crate::json;

/// The most tool calls of one answer.
const CALLS: usize = 128;

/// The calls of one answer so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Calls(Vec<Known>);

#[derive(Clone, Debug)]
struct Known {
    /// The number that the server gave it.
    number: Option<u64>,
    /// The id that the server gave it, or the empty text.
    id: String,
    name: Option<String>,
}

impl Calls {
    /// Whether there are any.
    pub(super) const fn any(&self) -> bool {
        !self.0.is_empty()
    }

    /// Takes in a piece of a call; `answer` is the answer's id, of which calls without an id get theirs.
    pub(super) fn take(&mut self, piece: WireCall, answer: &str) -> Result<ToolCallDelta, Fault> {
        let (name, arguments, function) = match piece.function {
            Some(function) => (function.name, function.arguments, function.rest),
            None => Default::default(),
        };
        let name = name.filter(|name| !name.is_empty());
        let id = piece.id.filter(|id| !id.is_empty());
        let mut extra = piece.rest;
        extra.retain(|name, value| !value.is_null() && name != "trousseau");
        if !function.is_empty() {
            extra.insert("function".to_owned(), Value::Object(function));
        }
        let mut delta = ToolCallDelta {
            arguments: json::arguments(arguments),
            extra,
            ..ToolCallDelta::default()
        };
        match self.find(piece.index, id.as_deref(), name.as_deref()) {
            Some(at) => {
                delta.index = at;
                let known = self.0.get_mut(at).filter(|known| known.name.is_none());
                if let Some(known) = known {
                    known.name.clone_from(&name);
                    delta.name = name;
                }
            }
            None if self.0.len() >= CALLS => {
                return Err(Fault::malformed(format!("more than {CALLS} tool calls")));
            }
            None => {
                delta.index = self.0.len();
                let made = || format!("call_{answer}_{}", self.0.len());
                delta.id = Some(id.clone().unwrap_or_else(made));
                delta.name.clone_from(&name);
                self.0.push(Known {
                    number: piece.index,
                    id: id.unwrap_or_default(),
                    name,
                });
            }
        }
        Ok(delta)
    }

    /// Which known call a piece belongs to; `None` when it begins one.
    fn find(&self, number: Option<u64>, id: Option<&str>, name: Option<&str>) -> Option<usize> {
        if number.is_none() {
            return match (id, name) {
                (Some(id), _) => self.0.iter().rposition(|known| known.id == id),
                (None, Some(_)) => None,
                (None, None) => self.0.len().checked_sub(1),
            };
        }
        let at = self.0.iter().rposition(|known| known.number == number)?;
        let known = self.0.get(at)?;
        // Some number every call 0, and send each whole: then another id comes with a name. Others make up an id
        // for every piece: then it comes without.
        let another = id.is_some_and(|id| id != known.id) && name.is_some() && known.name.is_some();
        (!another).then_some(at)
    }
}
