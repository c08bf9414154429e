//! The leave to send one text to one target, given by the policy and by nobody else.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::label::Label;

/// What an outgoing call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Answering a question.
    Chat,
    /// Turning text into vectors.
    Embedding,
    /// Ordering passages by relevance.
    Reranking,
    /// Rewriting a question before it is searched.
    Rewriting,
    /// Reading the text in an image.
    Ocr,
    /// Judging an answer against its sources.
    Judging,
}

impl Purpose {
    /// The name used in configuration files and in the ledger.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Embedding => "embedding",
            Self::Reranking => "reranking",
            Self::Rewriting => "rewriting",
            Self::Ocr => "ocr",
            Self::Judging => "judging",
        }
    }
}

/// The leave to send the one content that was decided upon to one target.
///
/// It cannot be copied into a leave for something else: it names its target, its purpose and the
/// digest of what may be sent, and whoever makes the call checks all three with [`Permit::covers`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    target: String,
    purpose: Purpose,
    label: Label,
    content: Digest,
}

impl Permit {
    /// Issues a permit. Only `trousseau-policy` calls this; clippy refuses it everywhere else.
    #[doc(hidden)]
    pub const fn grant(target: String, purpose: Purpose, label: Label, content: Digest) -> Self {
        Self {
            target,
            purpose,
            label,
            content,
        }
    }

    /// The name of the target it allows.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// What the call is for.
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// The label the content was decided under.
    pub const fn label(&self) -> &Label {
        &self.label
    }

    /// Whether it allows sending the content with digest `content` to `target` for `purpose`.
    pub fn covers(&self, target: &str, purpose: Purpose, content: Digest) -> bool {
        self.target == target && self.purpose == purpose && self.content == content
    }
}
