//! A request, drawn at random, and the label that it has by construction.

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::ending::Reason;
use crate::entries::of_requests;
use crate::oracle::{CLASSES, Label};
use crate::random::Random;
use crate::scene::Scene;
use crate::script::OF_ANSWERS;

/// The form in which something is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Chat,
    Responses,
    Messages,
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// What it has in it and no other request has, but for one that asks the same again.
    pub(crate) nonce: String,
    /// Places among the scene's.
    pub(crate) route: usize,
    pub(crate) key: usize,
    pub(crate) form: Form,
    pub(crate) streams: bool,
    /// The label of everything that is written in it.
    content: Label,
    /// What its header says, and the whole label.
    header: Option<Label>,
    pub(crate) label: Label,
    /// Whether its header brings a tag along by which the ledger names it.
    pub(crate) tagged: bool,
    pub(crate) body: Vec<u8>,
    /// It hangs up when so many bytes have come.
    pub(crate) hangs_up: Option<usize>,
    /// Why no detector can read it.
    pub(crate) unreadable: Option<&'static str>,
}

/// An answer that was given before, and its label.
#[derive(Clone, Debug)]
pub(crate) struct Earlier {
    pub(crate) text: String,
    pub(crate) label: Label,
}

/// What people write.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Texts {
    text: Vec<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    says: String,
    class: String,
    #[serde(default)]
    tags: Vec<String>,
}

impl Texts {
    pub(crate) fn read() -> Result<Self> {
        toml::from_str(include_str!("../texts.toml")).context("texts.toml")
    }
}

/// What requests are drawn from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    pub(crate) scene: &'a Scene,
    pub(crate) texts: &'a Texts,
    pub(crate) earlier: &'a [Earlier],
    /// Requests that may be made again.
    pub(crate) asked: &'a [Wanted],
    /// Whether the ledger must be able to tell each from the others whatever comes back.
    pub(crate) all_tagged: bool,
}

/// What no detector can read, or would not read to the end.
const UNREADABLE: [&str; 6] = [
    "not UTF-8",
    "half a surrogate",
    "too long a text",
    "too long a body",
    "nested too deep",
    "not JSON",
];

impl Wanted {
    pub(crate) fn draw(random: &mut Random, source: Source<'_>) -> Self {
        let Source { scene, asked, .. } = source;
        if !source.all_tagged && !asked.is_empty() && random.percent(12) {
            return random.pick(asked).clone().again(random, scene);
        }
        let nonce = random.letters(12);
        let (route, key) = (
            random.below(scene.routes.len()),
            random.weighted(&[10, 5, 4, 3, 1, 1, 1]),
        );
        let form = *random.pick(&[Form::Chat, Form::Chat, Form::Responses, Form::Messages]);
        let text = match random.percent(40) {
            true => &source.texts.text[0],
            false => random.pick(&source.texts.text),
        };
        let tags: Vec<&str> = text.tags.iter().map(String::as_str).collect();
        let mut content = Label::new(&text.class, &tags);
        let tagged = source.all_tagged || random.percent(75);
        let earlier = source
            .earlier
            .iter()
            .filter(|earlier| tagged || of_requests(&earlier.label.tags).is_empty());
        let earlier: Vec<&Earlier> = earlier.collect();
        let mut body = conversation(random, (&text.says, &nonce), &earlier, &mut content);
        body.model = scene.routes[route].name.clone();
        let streams = random.percent(60);
        let header = tagged.then(|| {
            let class = CLASSES[random.weighted(&[76, 9, 9, 4, 2])];
            let tags: &[&str] = if random.percent(10) { &["health"] } else { &[] };
            let mut label = Label::new(class, tags);
            label.tags.insert(format!("q-{nonce}"));
            label
        });
        let unreadable = random.percent(8).then(|| *random.pick(&UNREADABLE));
        let body = match unreadable {
            Some(why) => spoil(why, &body.written(form, streams), &nonce),
            None => body.written(form, streams).to_string().into_bytes(),
        };
        let hangs_up = (tagged && random.percent(7)).then(|| [0, 1, 300, 700, 1500][random.below(5)]);
        let mut wanted = Self {
            tagged,
            nonce,
            route,
            key,
            form,
            streams,
            content,
            header,
            label: Label::default(),
            body,
            hangs_up: hangs_up.filter(|_| unreadable.is_none()),
            unreadable,
        };
        wanted.join(scene);
        wanted
    }

    /// The same once more, perhaps by somebody else.
    fn again(mut self, random: &mut Random, scene: &Scene) -> Self {
        if random.percent(40) {
            self.key = random.below(scene.keys.len());
        }
        self.join(scene);
        self
    }

    fn join(&mut self, scene: &Scene) {
        let mut label = self.content.clone();
        label.join(&scene.keys[self.key].floor);
        label.join(&scene.routes[self.route].floor);
        if let Some(header) = &self.header {
            label.join(header);
        }
        self.label = label;
    }

    pub(crate) const fn path(&self) -> &'static str {
        match self.form {
            Form::Chat => "/v1/chat/completions",
            Form::Responses => "/v1/responses",
            Form::Messages => "/v1/messages",
        }
    }

    /// The lines of its head that say who asks, and what label.
    pub(crate) fn headers(&self, scene: &Scene) -> String {
        let secret = &scene.keys[self.key].secret;
        let key = match self.form {
            Form::Messages => format!("x-api-key: {secret}\r\nanthropic-version: 2023-06-01\r\n"),
            Form::Chat | Form::Responses => format!("authorization: Bearer {secret}\r\n"),
        };
        let label = self
            .header
            .as_ref()
            .map(|label| format!("x-trousseau-label: {}\r\n", label.written()));
        key + &label.unwrap_or_default()
    }
}

/// What is said, in no form yet.
#[derive(Debug, Default)]
struct Conversation {
    model: String,
    system: Option<String>,
    turns: Vec<(&'static str, String)>,
}

const PLAIN: &str = "Réponds en une phrase.";

/// Puts a text at some place of a conversation, perhaps behind an earlier answer.
fn conversation(
    random: &mut Random,
    (text, nonce): (&str, &str),
    earlier: &[&Earlier],
    content: &mut Label,
) -> Conversation {
    let mut said = Conversation::default();
    if !earlier.is_empty() && random.percent(20) {
        let earlier = random.pick(earlier);
        content.join(&earlier.label);
        said.turns.push(("user", "Bonjour, une question.".to_owned()));
        said.turns.push(("assistant", earlier.text.clone()));
    }
    let last = match random.below(4) {
        0 => {
            said.system = Some(text.to_owned());
            PLAIN
        }
        1 => {
            said.turns.push(("user", text.to_owned()));
            said.turns.push(("assistant", "C’est noté.".to_owned()));
            PLAIN
        }
        _ => text,
    };
    said.turns.push(("user", format!("{last} [[q-{nonce}]]")));
    said
}

impl Conversation {
    fn written(&self, form: Form, streams: bool) -> Value {
        let turns = self
            .turns
            .iter()
            .map(|(role, text)| json!({ "role": role, "content": text }));
        let turns: Vec<Value> = turns.collect();
        let mut body = json!({ "model": self.model, "stream": streams });
        match form {
            Form::Chat => {
                let system = self
                    .system
                    .iter()
                    .map(|text| json!({ "role": "system", "content": text }));
                body["messages"] = system.chain(turns).collect();
            }
            Form::Responses => {
                body["input"] = turns.into();
                if let Some(system) = &self.system {
                    body["instructions"] = system.as_str().into();
                }
            }
            Form::Messages => {
                body["messages"] = turns.into();
                body["max_tokens"] = 400.into();
                if let Some(system) = &self.system {
                    body["system"] = system.as_str().into();
                }
            }
        }
        body
    }
}

/// Makes of a request one that a detector cannot read.
fn spoil(why: &str, body: &Value, nonce: &str) -> Vec<u8> {
    let mark = format!("[[q-{nonce}]]");
    let text = body.to_string();
    match why {
        "not UTF-8" => {
            let (before, after) = text.split_once(&mark).unwrap_or((&text, ""));
            [
                before.as_bytes(),
                mark.as_bytes(),
                b" \xff\xfe\xc3",
                after.as_bytes(),
            ]
            .concat()
        }
        "half a surrogate" => text.replace(&mark, &format!("{mark} \\ud83d")).into_bytes(),
        "too long a text" => text
            .replace(&mark, &format!("{mark} {}", "mot ".repeat(6000)))
            .into_bytes(),
        "too long a body" => text
            .replace(&mark, &format!("{mark} {}", "mot ".repeat(70_000)))
            .into_bytes(),
        "nested too deep" => {
            let deep = format!("{}{}", "[".repeat(400), "]".repeat(400));
            text.replacen('{', &format!("{{\"metadata\":{deep},"), 1)
                .into_bytes()
        }
        _ => text.replace(&mark, &format!("{mark} \" ")).into_bytes(),
    }
}

impl Earlier {
    /// What is known of an answer to a request: what was found in it counts, though it was held back.
    pub(crate) fn of(wanted: &Wanted, text: String, reason: Reason) -> Self {
        let mut label = wanted.label.clone();
        if text.contains(OF_ANSWERS) || reason == Reason::Held {
            label.join(&Label::new("personal", &[]));
        }
        Self { text, label }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_classes_that_there_are() {
        for text in Texts::read().unwrap().text {
            assert!(CLASSES.contains(&text.class.as_str()), "{}", text.says);
        }
    }

    #[test]
    fn what_is_spoiled_still_names_its_request() {
        let body = json!({ "model": "m", "messages": [{ "role": "user", "content": "Oui [[q-abc]]" }] });
        for why in UNREADABLE {
            let spoiled = spoil(why, &body, "abc");
            assert!(spoiled.windows(9).any(|window| window == b"[[q-abc]]"), "{why}");
            assert_ne!(spoiled, body.to_string().into_bytes(), "{why}");
        }
    }
}
