//! Where servers differ in what they accept.

use trousseau_core::chat::Role;

/// The way of speaking that a server wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// OpenAI's, which vLLM, llama.cpp, Ollama, LiteLLM, OVHcloud and Scaleway speak: unknown fields do no harm.
    #[default]
    OpenAi,
    /// That of Mistral's own API, which refuses a request with any field that it does not know, `stream_options` and
    /// `seed` among them. The tokens come without being asked for; the seed is called `random_seed`; in the history it
    /// knows neither the reasoning of earlier answers nor names of speakers.
    Mistral,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 2] = [Self::OpenAi, Self::Mistral];

    /// The name used in configuration files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Mistral => "mistral",
        }
    }

    /// The dialect of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.name() == name)
    }

    /// The dialect of the server at an address such as `https://api.mistral.ai/v1`, as far as its host tells.
    pub fn of_url(url: &str) -> Self {
        let address = url.split_once("://").map_or(url, |(_, address)| address);
        let server = address.split(['/', '?', '#']).next().unwrap_or_default();
        let host = server.rsplit('@').next().unwrap_or_default();
        let name = host.split(':').next().unwrap_or_default().to_ascii_lowercase();
        match name.as_str() {
            "api.mistral.ai" | "codestral.mistral.ai" => Self::Mistral,
            _ => Self::OpenAi,
        }
    }

    /// Whether the tokens of a streamed answer must be asked for.
    pub(super) const fn asks_for_usage(self) -> bool {
        matches!(self, Self::OpenAi)
    }

    /// What the seed is called.
    pub(super) const fn seed(self) -> &'static str {
        match self {
            Self::OpenAi => "seed",
            Self::Mistral => "random_seed",
        }
    }

    /// Whether a field of a message that this program does not know may be sent.
    pub(super) fn knows(self, role: Role, field: &str) -> bool {
        match self {
            Self::OpenAi => true,
            Self::Mistral => matches!((role, field), (Role::Tool, "name") | (Role::Assistant, "prefix")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_tells_the_dialect() {
        for url in [
            "https://api.mistral.ai/v1",
            "https://API.mistral.ai:443",
            "https://u@codestral.mistral.ai?x",
        ] {
            assert_eq!(Dialect::of_url(url), Dialect::Mistral, "{url}");
        }
        for url in [
            "https://api.mistral.ai.example.org/v1",
            "http://[::1]:8000/api.mistral.ai",
            "https://api.mistral.ai@example.org",
            "https://api.scaleway.ai/v1",
            "",
        ] {
            assert_eq!(Dialect::of_url(url), Dialect::OpenAi, "{url}");
        }
    }
}
