//! Questions and answers, independent of any wire format, and the trait that models implement.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use futures_core::Stream;
use futures_core::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::document::{Citation, Passage};
use crate::error::{ErrorKind, Explain};
use crate::permit::{Permit, Purpose};

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Instructions of the operator or developer.
    System,
    /// The person who asks.
    User,
    /// A model's earlier answer.
    Assistant,
    /// The result of a tool call.
    Tool,
}

impl Role {
    /// The name used on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
        }
    }
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who wrote it.
    pub role: Role,
    /// Its text.
    pub content: String,
}

impl Message {
    /// A message of the person who asks.
    pub fn user(content: impl Into<String>) -> Self {
        Self {
            role: Role::User,
            content: content.into(),
        }
    }
}

/// How the answer is to be made. What is `None` is the model's own choice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// The most tokens the answer may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// 0 is the most likely answer; larger is more varied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
    /// The seed of the random choices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

/// How rare the terms of a question are among the documents that were searched for it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rarities {
    /// The inverse document frequency of each term that occurs, by its stem.
    pub terms: BTreeMap<String, f32>,
    /// That of a term that does not occur; in a small collection not the highest, for there a common word may
    /// well be missing.
    pub unseen: f32,
    /// The sum over the question's terms on the scale of the passages' scores, words that say little counted less.
    pub attainable: f32,
}

impl Rarities {
    /// The inverse document frequency of a term.
    pub fn of(&self, term: &str) -> f32 {
        self.terms.get(term).copied().unwrap_or(self.unseen)
    }
}

/// A conversation to be continued, with the passages to ground the answer in kept apart from the text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ChatRequest {
    /// The conversation, oldest message first.
    pub messages: Vec<Message>,
    /// The passages the answer must stand on; empty when the route is not grounded.
    pub passages: Vec<Passage>,
    /// How rare the question's terms are where the passages were found; never sent to a network model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rarities: Option<Rarities>,
    /// Whether the answer must stand on `passages` alone, and abstain when they do not support one.
    pub grounded: bool,
    /// How the answer is to be made.
    pub sampling: Sampling,
}

impl ChatRequest {
    /// The last message of the person who asks, or the empty text.
    pub fn question(&self) -> &str {
        self.messages
            .iter()
            .rfind(|message| message.role == Role::User)
            .map_or("", |message| message.content.as_str())
    }

    /// The digest of everything that would be sent: messages and passages. A [`Permit`] is bound to it.
    pub fn digest(&self) -> Digest {
        let messages = self
            .messages
            .iter()
            .flat_map(|message| [message.role.name().as_bytes(), message.content.as_bytes()]);
        let passages = self.passages.iter().flat_map(|passage| {
            [
                b"passage".as_slice(),
                passage.title.as_bytes(),
                passage.text.as_bytes(),
            ]
        });
        Digest::of_fields(messages.chain(passages))
    }
}

/// Why a model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// It had finished.
    Stop,
    /// It reached a limit.
    Length,
    /// It asked for a tool.
    ToolCalls,
    /// A filter held the rest back.
    ContentFilter,
}

/// Tokens as the model counts them; for the extractive answerer, words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens read.
    pub input: u64,
    /// Tokens written.
    pub output: u64,
}

/// One step of an answer as it is made.
#[derive(Clone, Debug, PartialEq)]
pub enum ChatEvent {
    /// More text.
    Text(String),
    /// More of the model's reasoning, apart from the answer.
    Reasoning(String),
    /// A citation that a marker in the text so far points to.
    Citation(Citation),
    /// The end; always the last event of a whole answer.
    End(ChatEnd),
}

/// How an answer ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChatEnd {
    /// Why the model stopped.
    pub finish: FinishReason,
    /// Whether the model declined because nothing supports an answer.
    pub abstained: bool,
    /// What it cost.
    pub usage: Usage,
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChatAnswer {
    /// The text, with citation markers `[1]`, `[2]`, ...
    pub text: String,
    /// What the markers point to, in order of their numbers.
    pub citations: Vec<Citation>,
    /// How it ended.
    pub end: ChatEnd,
}

/// The events of one answer. A stream that ends without [`ChatEvent::End`] was cut.
pub type ChatStream = Pin<Box<dyn Stream<Item = Result<ChatEvent, ModelError>> + Send>>;

/// A model that answers.
pub trait ChatModel: Send + Sync {
    /// What the model is, for people and for the ledger: `extractive/1`, `mistral-small-2603`.
    fn name(&self) -> &str;

    /// Begins an answer. Implementations check with [`check_permit`] that `permit` covers this request
    /// before the first byte leaves, and fail with [`ModelError::NotPermitted`] otherwise.
    fn chat<'a>(
        &'a self,
        permit: &'a Permit,
        request: Arc<ChatRequest>,
    ) -> BoxFuture<'a, Result<ChatStream, ModelError>>;
}

/// Fails unless `permit` covers sending `request` to `target`.
pub fn check_permit(permit: &Permit, target: &str, request: &ChatRequest) -> Result<(), ModelError> {
    if permit.covers(target, Purpose::Chat, request.digest()) {
        return Ok(());
    }
    Err(ModelError::NotPermitted {
        target: target.to_owned(),
    })
}

/// Why a model gave no answer, or not a whole one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The call was made without a permit that covers it: a fault of the program.
    #[error("the call to {target} is not covered by its permit")]
    NotPermitted {
        /// The target.
        target: String,
    },
    /// The target cannot be reached or does not answer now.
    #[error("{target} is not available: {reason}")]
    Unavailable {
        /// The target.
        target: String,
        /// What was seen.
        reason: String,
    },
    /// The target refused the request as wrong.
    #[error("{target} refused the request: {reason}")]
    Refused {
        /// The target.
        target: String,
        /// Its words.
        reason: String,
    },
    /// The stream ended before the answer did.
    #[error("the answer of {target} was cut")]
    Cut {
        /// The target.
        target: String,
    },
}

impl Explain for ModelError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotPermitted { .. } => ErrorKind::Internal,
            Self::Unavailable { .. } | Self::Cut { .. } => ErrorKind::Unavailable,
            Self::Refused { .. } => ErrorKind::InvalidInput,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotPermitted { .. } => "model-not-permitted",
            Self::Unavailable { .. } => "model-unavailable",
            Self::Refused { .. } => "model-refused",
            Self::Cut { .. } => "model-cut",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NotPermitted { target } | Self::Cut { target } => vec![("target", target.clone())],
            Self::Unavailable { target, reason } | Self::Refused { target, reason } => {
                vec![("target", target.clone()), ("reason", reason.clone())]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_is_the_last_user_message() {
        let mut request = ChatRequest::default();
        assert_eq!(request.question(), "");
        for (role, content) in [
            (Role::User, "un"),
            (Role::User, "deux"),
            (Role::Assistant, "trois"),
        ] {
            request.messages.push(Message {
                role,
                content: content.to_owned(),
            });
        }
        assert_eq!(request.question(), "deux");
    }

    #[test]
    fn the_digest_tells_requests_apart() {
        let one = ChatRequest {
            messages: vec![Message::user("a"), Message::user("b")],
            ..ChatRequest::default()
        };
        let other = ChatRequest {
            messages: vec![Message::user("ab")],
            ..ChatRequest::default()
        };
        assert_ne!(one.digest(), other.digest());
    }
}
