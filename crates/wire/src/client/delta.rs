//! Answers as servers write them, whole or in chunks.
//!
//! Read by hand rather than by derived code: a chunk comes for every token, and fields that this program does not know
//! are mostly null.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};
use trousseau_core::chat::Usage;

use crate::content::Content;

/// An object some of whose fields are known.
pub(super) trait Object<'de>: Default {
    /// Takes in the value of a field that is known; whether it is.
    fn take<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error>;

    /// Where the others go, those that are not null.
    fn rest(&mut self) -> &mut Map<String, Value>;
}

/// Reads such an object. A null is an object without fields.
pub(super) fn object<'de, T: Object<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_any(ObjectVisitor(PhantomData))
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Object<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut object = T::default();
        while let Some(Name(name)) = map.next_key()? {
            if object.take(&name, &mut map)? {
                continue;
            }
            let value: Value = map.next_value()?;
            if !value.is_null() {
                object.rest().insert(name.into_owned(), value);
            }
        }
        Ok(object)
    }
}

/// The name of a field, borrowed from the text where it can be.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Declares an object: its known fields, those that are read over, and the rest.
macro_rules! object {
    ($(#[$doc:meta])* $object:ident { $($field:ident: $type:ty,)* } ignores $($ignored:literal)*) => {
        $(#[$doc])*
        #[derive(Default)]
        pub(super) struct $object {
            $(pub $field: $type,)*
            pub rest: Map<String, Value>,
        }

        impl<'de> Object<'de> for $object {
            fn take<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
                match name {
                    $(stringify!($field) => self.$field = map.next_value()?,)*
                    $($ignored => map.next_value::<IgnoredAny>().map(drop)?,)*
                    _ => return Ok(false),
                }
                Ok(true)
            }

            fn rest(&mut self) -> &mut Map<String, Value> {
                &mut self.rest
            }
        }

        impl<'de> Deserialize<'de> for $object {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                object(deserializer)
            }
        }
    };
}

object! {
    /// A whole answer or a chunk of one.
    WireAnswer {
        id: Option<String>,
        choices: Option<Vec<WireChoice>>,
        usage: Option<WireUsage>,
        error: Option<Value>,
    } ignores "object" "created" "model"
}

object! {
    /// One of the answers that were asked for: we ask for one.
    WireChoice {
        index: Option<u32>,
        delta: Option<WireMessage>,
        message: Option<WireMessage>,
        finish_reason: Option<String>,
    } ignores
}

object! {
    /// A message or a piece of one.
    WireMessage {
        content: Content,
        reasoning: Option<String>,
        reasoning_content: Option<String>,
        tool_calls: Option<Vec<WireCall>>,
    } ignores "role"
}

object! {
    /// A tool call or a piece of one.
    WireCall {
        index: Option<u64>,
        id: Option<String>,
        function: Option<WireFunction>,
    } ignores "type"
}

object! {
    /// The function of a tool call.
    WireFunction {
        name: Option<String>,
        arguments: Value,
    } ignores
}

object! {
    /// Tokens.
    WireUsage {
        prompt_tokens: Option<u64>,
        completion_tokens: Option<u64>,
    } ignores "total_tokens"
}

impl From<WireUsage> for Usage {
    fn from(usage: WireUsage) -> Self {
        Self {
            input: usage.prompt_tokens.unwrap_or_default(),
            output: usage.completion_tokens.unwrap_or_default(),
            details: usage.rest,
        }
    }
}
