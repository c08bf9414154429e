//! How servers are asked to go on with an answer that was begun.

use super::dialect::Dialect;

/// How a server is asked to go on with an answer that another one began.
///
/// The ways that show the model the beginning as its own (`...-prefix`) end the messages with an assistant's one; servers
/// differ in what makes them write on behind it instead of answering it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Continues {
    /// `prefix: true` in the message: Mistral's API, which gives the beginning back with the rest, and DeepSeek's.
    MistralPrefix,
    /// `continue_final_message: true` and `add_generation_prompt: false` beside the messages: vLLM and SGLang.
    VllmPrefix,
    /// Nothing: llama.cpp's server, unless it was started with `--no-prefill-assistant`.
    AssistantPrefix,
    /// In words, in a message of the user's behind the beginning: any server.
    Prompt,
    /// Not at all.
    No,
}

impl Continues {
    /// Every way.
    pub const ALL: [Self; 5] = [
        Self::MistralPrefix,
        Self::VllmPrefix,
        Self::AssistantPrefix,
        Self::Prompt,
        Self::No,
    ];

    /// The name used in configuration files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MistralPrefix => "mistral-prefix",
            Self::VllmPrefix => "vllm-prefix",
            Self::AssistantPrefix => "assistant-prefix",
            Self::Prompt => "prompt",
            Self::No => "no",
        }
    }

    /// The way of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.name() == name)
    }

    /// The way that servers of a dialect can all be asked in.
    pub const fn of(dialect: Dialect) -> Self {
        match dialect {
            Dialect::OpenAi => Self::Prompt,
            Dialect::Mistral => Self::MistralPrefix,
        }
    }

    /// The field that marks the beginning, in its message.
    pub const fn mark(self) -> Option<&'static str> {
        match self {
            Self::MistralPrefix => Some("prefix"),
            Self::VllmPrefix | Self::AssistantPrefix | Self::Prompt | Self::No => None,
        }
    }

    /// The fields beside the messages.
    pub(super) const fn fields(self) -> &'static [(&'static str, bool)] {
        match self {
            Self::VllmPrefix => &[("continue_final_message", true), ("add_generation_prompt", false)],
            Self::MistralPrefix | Self::AssistantPrefix | Self::Prompt | Self::No => &[],
        }
    }
}
