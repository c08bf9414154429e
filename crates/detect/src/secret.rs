//! API keys, by the formats that their issuers publish and by how random they look, and private keys in
//! armour (RFC 7468, RFC 9580).

use std::ops::{Range, RangeInclusive};

/// The least entropy of a key's body, in bits per character. Placeholders repeat themselves; random base 64,
/// base 62 or hexadecimal of the lengths below does not fall under it.
const LEAST_ENTROPY: f32 = 2.5;

/// How much of a text a token or an armoured key may need to be told.
pub(crate) const LONGEST: usize = LONGEST_ARMOUR;

/// The format of an issuer's keys.
#[derive(Debug)]
pub(crate) struct KeyFormat {
    /// What they begin with.
    pub(crate) prefix: &'static str,
    /// What follows it.
    body: Body,
    /// How many characters follow it.
    length: RangeInclusive<usize>,
}

impl KeyFormat {
    /// How many bytes tell such a key, with the end of the sentence behind it.
    pub(crate) fn reach(&self) -> usize {
        self.prefix.len() + self.length.end() + 2
    }
}

/// The characters of a key after its prefix.
#[derive(Clone, Copy, Debug)]
enum Body {
    /// Letters and digits.
    Word,
    /// Capitals and digits.
    Capitals,
    /// Letters, digits, `-` and `_`.
    Url,
    /// Base 64 for URLs in parts joined by dots, as in tokens (RFC 7519).
    Dotted,
}

/// Tokens that carry data are looked for up to this length.
const LONGEST_TOKEN: usize = 8192;

/// The formats, each with a prefix that no other begins with.
pub(crate) const FORMATS: &[KeyFormat] = &[
    // OpenAI, Anthropic, DeepSeek, OpenRouter, LiteLLM and others.
    format("sk-", Body::Url, 20..=255),
    // Trousseau's own keys.
    format("trs-", Body::Url, 32..=128),
    format("trs_", Body::Url, 32..=128),
    // GitHub.
    format("ghp_", Body::Word, 36..=255),
    format("gho_", Body::Word, 36..=255),
    format("ghu_", Body::Word, 36..=255),
    format("ghs_", Body::Word, 36..=255),
    format("ghr_", Body::Word, 36..=255),
    format("github_pat_", Body::Url, 60..=255),
    // GitLab.
    format("glpat-", Body::Url, 20..=255),
    // AWS: key ids, lasting and temporary.
    format("AKIA", Body::Capitals, 16..=16),
    format("ASIA", Body::Capitals, 16..=16),
    // Google.
    format("AIza", Body::Url, 35..=35),
    format("ya29.", Body::Url, 30..=512),
    // Slack.
    format("xoxa-", Body::Url, 20..=255),
    format("xoxb-", Body::Url, 20..=255),
    format("xoxe-", Body::Url, 20..=255),
    format("xoxp-", Body::Url, 20..=255),
    format("xoxr-", Body::Url, 20..=255),
    format("xoxs-", Body::Url, 20..=255),
    format("xapp-", Body::Url, 20..=255),
    // Stripe.
    format("sk_live_", Body::Word, 20..=255),
    format("rk_live_", Body::Word, 20..=255),
    format("sk_test_", Body::Word, 20..=255),
    // Hugging Face, Groq, Replicate, Perplexity, NVIDIA, xAI.
    format("hf_", Body::Word, 30..=64),
    format("gsk_", Body::Word, 40..=64),
    format("r8_", Body::Word, 32..=64),
    format("pplx-", Body::Word, 40..=64),
    format("nvapi-", Body::Url, 40..=128),
    format("xai-", Body::Word, 60..=128),
    // Registries of packages and images.
    format("npm_", Body::Word, 36..=36),
    format("pypi-", Body::Url, 50..=512),
    format("dckr_pat_", Body::Url, 20..=64),
    // DigitalOcean, Shopify, Linear, PostHog, Grafana, Vault, Doppler, Atlassian, Cloudflare, Scaleway.
    format("dop_v1_", Body::Word, 64..=64),
    format("shpat_", Body::Word, 32..=32),
    format("lin_api_", Body::Word, 40..=48),
    format("phc_", Body::Word, 40..=48),
    format("glsa_", Body::Url, 38..=48),
    format("hvs.", Body::Url, 24..=128),
    format("dp.pt.", Body::Word, 40..=44),
    format("ATATT3", Body::Url, 60..=255),
    format("SCW", Body::Capitals, 17..=17),
    // SendGrid, age.
    format("SG.", Body::Dotted, 60..=80),
    format("AGE-SECRET-KEY-1", Body::Capitals, 58..=58),
    // Signed JSON web tokens: the beginning of a JSON object in base 64.
    format("eyJ", Body::Dotted, 60..=LONGEST_TOKEN),
];

const fn format(prefix: &'static str, body: Body, length: RangeInclusive<usize>) -> KeyFormat {
    KeyFormat { prefix, body, length }
}

/// The place of the key of this format that begins at `start`.
pub(crate) fn api_key(bytes: &[u8], start: usize, format: &KeyFormat) -> Option<Range<usize>> {
    // The automaton takes small letters and capitals for the same; issuers do not.
    if !bytes[start..].starts_with(format.prefix.as_bytes()) {
        return None;
    }
    // Tokens are long, so that one inside another is not looked at: that would read it again and again.
    let continues = |byte: u8| match format.body {
        Body::Dotted => format.body.contains(byte),
        Body::Word | Body::Capitals | Body::Url => byte.is_ascii_alphanumeric() || byte == b'_',
    };
    if start
        .checked_sub(1)
        .is_some_and(|before| continues(bytes[before]))
    {
        return None;
    }
    let from = start + format.prefix.len();
    let run = bytes[from..].iter().take(format.length.end() + 1);
    let run = run.take_while(|byte| format.body.contains(**byte)).count();
    let body = trim_end(&bytes[from..from + run]);
    let parts = body.split(|byte| *byte == b'.').count();
    let shaped = match (format.prefix, format.body) {
        ("eyJ", Body::Dotted) => parts == 3,
        (_, Body::Dotted) => parts == 2,
        _ => true,
    };
    let random = has_digit_and_letter(body) && entropy(body) >= LEAST_ENTROPY;
    (format.length.contains(&body.len()) && shaped && random).then(|| start..from + body.len())
}

impl Body {
    const fn contains(self, byte: u8) -> bool {
        match self {
            Self::Word => byte.is_ascii_alphanumeric(),
            Self::Capitals => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Self::Url => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
            Self::Dotted => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'),
        }
    }
}

/// Full stops and dashes at the end belong to the sentence.
fn trim_end(body: &[u8]) -> &[u8] {
    let end = body.iter().rposition(|byte| !matches!(byte, b'.' | b'-'));
    &body[..end.map_or(0, |last| last + 1)]
}

fn has_digit_and_letter(body: &[u8]) -> bool {
    // Of sixteen random characters of base 32, one key in thirty has no digit; of longer ones in base 62 some have none,
    // but capitals all over.
    let (digits, capitals) = (
        body.iter().any(u8::is_ascii_digit),
        body.iter().filter(|byte| byte.is_ascii_uppercase()).count(),
    );
    let mixed = capitals >= 3 && capitals * 4 <= body.len() * 3 && entropy(body) >= 3.5;
    body.iter().any(u8::is_ascii_alphabetic) && (body.len() <= 16 || digits || mixed)
}

/// Shannon's entropy of the characters, in bits per character.
pub(crate) fn entropy(body: &[u8]) -> f32 {
    let mut counts = [0_u16; 128];
    for byte in body {
        counts[usize::from(byte & 0x7F)] += 1;
    }
    let length = body.len() as f32;
    let shares = counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f32::from(*count) / length);
    -shares.map(|share| share * share.log2()).sum::<f32>()
}

/// The most bytes that an armoured key takes.
const LONGEST_ARMOUR: usize = 32 * 1024;
/// The fewest characters of base 64 in a private key.
const SHORTEST_ARMOUR: usize = 40;

/// The place of the private key whose armour begins at `start`, through the end of its last line; where
/// that line is missing, through the last character of base 64.
pub(crate) fn private_key(bytes: &[u8], start: usize) -> Option<Range<usize>> {
    let armour = &bytes[start..bytes.len().min(start + LONGEST_ARMOUR)];
    let head = &armour["-----BEGIN ".len()..];
    let name = head.windows(5).take(64).position(|window| window == b"-----")?;
    if !head[..name].ends_with(b"PRIVATE KEY") && !head[..name].ends_with(b"PRIVATE KEY BLOCK") {
        return None;
    }
    let from = "-----BEGIN ".len() + name + 5;
    let rest = &armour[from..];
    let is_key = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let dashes = rest.windows(5).position(|window| window == b"-----");
    let (body, end) = match dashes.map(|dashes| rest.split_at(dashes)) {
        Some((body, foot)) if foot.starts_with(b"-----END ") => {
            let name = &foot[9..];
            let close = name.windows(5).take(64).position(|window| window == b"-----");
            (body, body.len() + 9 + close.map_or(0, |close| close + 5))
        }
        _ => {
            let is_inside = |byte: &u8| is_key(byte) || byte.is_ascii_whitespace() || *byte == b'\\';
            let run = rest.iter().take_while(|byte| is_inside(byte)).count();
            let last = rest[..run].iter().rposition(is_key).map_or(0, |last| last + 1);
            (&rest[..last], last)
        }
    };
    let enough = body.iter().filter(|byte| is_key(byte)).count() >= SHORTEST_ARMOUR;
    enough.then_some(start..start + from + end)
}
