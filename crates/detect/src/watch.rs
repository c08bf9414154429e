//! An answer as it is made: what is found in it raises its label, and may hold it back.
//!
//! Text, reasoning and the arguments of each tool's call are read as streams of their own. Where an answer may be held
//! back, an event goes out once everything in it is cleared, and only behind those that came before it; text goes out
//! as far as it is cleared.

use std::collections::{BTreeMap, VecDeque};

use trousseau_core::chat::{ChatEnd, ChatEvent, Extra, FinishReason, Usage};
use trousseau_core::label::{Class, Label};

use crate::Detectors;
use crate::finding::Finding;
use crate::stream::Stream;

/// Watches one answer.
#[derive(Debug)]
pub struct Watch {
    detectors: Detectors,
    hold: Option<Class>,
    channels: BTreeMap<Kind, Channel>,
    waiting: VecDeque<Waiting>,
    label: Label,
    held: bool,
}

/// The texts that an answer consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Text,
    Reasoning,
    Call(usize),
}

#[derive(Debug)]
struct Channel {
    stream: Stream,
    /// How much of it has come, and how much has gone out.
    came: usize,
    gone: usize,
    /// What may go out at most: where something that holds the answer back begins.
    wall: Option<usize>,
}

/// An event that has not gone out, with the place in its text where it ends.
#[derive(Debug)]
struct Waiting {
    event: ChatEvent,
    end: Option<(Kind, usize)>,
}

impl Watch {
    /// Watches an answer; what is found of class `hold` or above holds it back.
    pub fn new(detectors: &Detectors, hold: Option<Class>) -> Self {
        Self {
            detectors: detectors.clone(),
            hold,
            channels: BTreeMap::new(),
            waiting: VecDeque::new(),
            label: Label::default(),
            held: false,
        }
    }

    /// Watches an answer that goes on from `delivered`, which is out already: what is found across the seam counts too.
    pub fn going_on(detectors: &Detectors, hold: Option<Class>, delivered: &str) -> Self {
        let mut watch = Self::new(detectors, hold);
        let end = watch.read(Kind::Text, delivered);
        if let Some(channel) = watch.channels.get_mut(&Kind::Text) {
            channel.gone = end;
        }
        watch
    }

    /// Takes in an event, and gives those that may go out now. The end of the answer is among them when its end has come,
    /// and when something was found that holds the rest back.
    pub fn push(&mut self, event: ChatEvent) -> Vec<ChatEvent> {
        if let ChatEvent::End(end) = event {
            return self.finish(end);
        }
        let end = match &event {
            ChatEvent::Text(text) => Some((Kind::Text, text.clone())),
            ChatEvent::Reasoning(text) => Some((Kind::Reasoning, text.clone())),
            ChatEvent::ToolCall(call) => {
                let head = [call.id.as_deref(), call.name.as_deref()].into_iter().flatten();
                let head: String = head.map(|part| format!("{part}\n")).collect();
                self.read_fields(&Extra {
                    message: call.extra.clone(),
                    ..Extra::default()
                });
                Some((Kind::Call(call.index), head + &call.arguments))
            }
            ChatEvent::Extra(extra) => {
                self.read_fields(extra);
                None
            }
            ChatEvent::Citation(_) | ChatEvent::Seam(_) | ChatEvent::End(_) => None,
        };
        let end = end.map(|(kind, text)| (kind, self.read(kind, &text)));
        if self.hold.is_none() {
            return vec![event];
        }
        self.waiting.push_back(Waiting { event, end });
        let mut out = self.release();
        if self.held {
            out.push(ChatEvent::End(ChatEnd {
                finish: FinishReason::ContentFilter,
                abstained: false,
                usage: Usage::default(),
                removed_markers: 0,
            }));
        }
        out
    }

    /// Nothing more comes: gives the events that may still go out, and the end.
    fn finish(&mut self, mut end: ChatEnd) -> Vec<ChatEvent> {
        self.close();
        let mut out = self.release();
        if self.held {
            end.finish = FinishReason::ContentFilter;
        }
        out.push(ChatEvent::End(end));
        out
    }

    /// Nothing more comes, whether or not the answer has ended: the label of everything found in what has come.
    pub fn close(&mut self) -> &Label {
        let hold = self.hold;
        for channel in self.channels.values_mut() {
            let findings = channel.stream.finish();
            self.held |= channel.note(&findings, hold, &mut self.label);
        }
        &self.label
    }

    /// The label of everything found so far.
    pub const fn label(&self) -> &Label {
        &self.label
    }

    /// Whether something was found that holds the rest of the answer back.
    pub const fn held(&self) -> bool {
        self.held
    }

    /// Reads more of a text; gives the place where it ends.
    fn read(&mut self, kind: Kind, text: &str) -> usize {
        let channel = self.channels.entry(kind).or_insert_with(|| Channel {
            stream: self.detectors.stream(),
            came: 0,
            gone: 0,
            wall: None,
        });
        channel.came += text.len();
        let findings = channel.stream.push(text);
        self.held |= channel.note(&findings, self.hold, &mut self.label);
        channel.came
    }

    /// Reads fields that this program does not know, which come whole.
    fn read_fields(&mut self, extra: &Extra) {
        let Ok(text) = serde_json::to_string(extra) else {
            return;
        };
        let label = self.detectors.detect(&text).label();
        self.held |= self.hold.is_some_and(|hold| label.class >= hold);
        self.label.raise(&label);
    }

    fn release(&mut self) -> Vec<ChatEvent> {
        let mut out = Vec::new();
        while let Some(next) = self.waiting.front_mut() {
            let Some((kind, end)) = next.end else {
                // Fields in which something was found do not go out, nor does anything behind them.
                if self.held && matches!(next.event, ChatEvent::Extra(_)) {
                    break;
                }
                out.extend(self.waiting.pop_front().map(|waiting| waiting.event));
                continue;
            };
            let Some(channel) = self.channels.get_mut(&kind) else {
                break;
            };
            let open = channel.wall.unwrap_or(usize::MAX).min(channel.stream.cleared());
            if open >= end {
                channel.gone = end;
                out.extend(self.waiting.pop_front().map(|waiting| waiting.event));
                continue;
            }
            if let ChatEvent::Text(text) | ChatEvent::Reasoning(text) = &mut next.event
                && open > channel.gone
            {
                let rest = text.split_off(open - channel.gone);
                let now = std::mem::replace(text, rest);
                channel.gone = open;
                out.push(if kind == Kind::Text {
                    ChatEvent::Text(now)
                } else {
                    ChatEvent::Reasoning(now)
                });
            }
            break;
        }
        out
    }
}

impl Channel {
    /// Raises the label; tells whether one of the findings holds the answer back.
    fn note(&mut self, findings: &[Finding], hold: Option<Class>, all: &mut Label) -> bool {
        let mut held = false;
        for finding in findings {
            let label = finding.detector.label();
            if hold.is_some_and(|hold| label.class >= hold) {
                self.wall.get_or_insert(finding.bytes.start);
                held = true;
            }
            all.raise(&label);
        }
        held
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use trousseau_core::chat::{Seam, ToolCallDelta};

    use super::*;

    fn end(finish: FinishReason) -> ChatEvent {
        ChatEvent::End(ChatEnd {
            finish,
            abstained: false,
            usage: Usage::default(),
            removed_markers: 0,
        })
    }

    fn text_of(events: &[ChatEvent]) -> String {
        let texts = events.iter().map(|event| match event {
            ChatEvent::Text(text) => text.as_str(),
            _ => "",
        });
        texts.collect()
    }

    proptest! {
        /// However an answer comes, what goes out of it is the same, and ends before what holds it back.
        #[test]
        fn what_is_held_back_never_goes_out(
            before in "[a-zé .]{0,400}", after in "[a-zé .]{0,400}", size in 1_usize..40, found in any::<bool>(),
        ) {
            let secret = if found { " 2 55 08 14 168 025 38 " } else { " 2 55 08 14 168 025 39 " };
            let answer = format!("{before}{secret}{after}");
            let mut watch = Watch::new(&Detectors::default(), Some(Class::Personal));
            let mut out = Vec::new();
            let characters: Vec<char> = answer.chars().collect();
            for piece in characters.chunks(size) {
                if out.last() != Some(&end(FinishReason::ContentFilter)) {
                    out.extend(watch.push(ChatEvent::Text(piece.iter().collect())));
                }
            }
            if !watch.held() {
                out.extend(watch.push(end(FinishReason::Stop)));
            }
            let finish = if found { FinishReason::ContentFilter } else { FinishReason::Stop };
            prop_assert_eq!(out.last(), Some(&end(finish)));
            prop_assert_eq!(watch.held(), found);
            if found {
                prop_assert_eq!(text_of(&out), format!("{before} "));
                prop_assert_eq!(watch.label().to_string(), "personal+nir");
            } else {
                prop_assert_eq!(text_of(&out), answer);
            }
        }
    }

    #[test]
    fn an_answer_that_goes_on_is_held_back_by_what_begins_in_what_was_delivered() {
        let hold = Some(Class::Personal);
        let mut watch = Watch::going_on(&Detectors::default(), hold, "Le numéro est 2 55 08 14 168 ");
        assert_eq!((watch.held(), watch.label()), (false, &Label::default()));
        let mut out = watch.push(ChatEvent::Text("025 38, je crois.".to_owned()));
        out.extend(watch.push(end(FinishReason::Stop)));
        assert_eq!(text_of(&out), "");
        assert_eq!((watch.held(), watch.label().class), (true, Class::Personal));
        let mut watch = Watch::going_on(&Detectors::default(), hold, "Le guichet ouvre ");
        let mut out = watch.push(ChatEvent::Text("à neuf heures.".to_owned()));
        out.extend(watch.push(end(FinishReason::Stop)));
        assert_eq!(text_of(&out), "à neuf heures.");
    }

    #[test]
    fn without_a_class_everything_goes_out_at_once_and_raises_the_label() {
        let mut watch = Watch::new(&Detectors::default(), None);
        let call = ChatEvent::ToolCall(ToolCallDelta {
            arguments: r#"{"to":"a\u0040exemple.fr"}"#.to_owned(),
            ..ToolCallDelta::default()
        });
        for event in [
            ChatEvent::Text("Bon".to_owned()),
            call,
            ChatEvent::Reasoning("jour".to_owned()),
        ] {
            assert_eq!(watch.push(event.clone()), [event]);
        }
        assert_eq!(watch.push(end(FinishReason::Stop)), [end(FinishReason::Stop)]);
        assert_eq!(
            (watch.label().to_string().as_str(), watch.held()),
            ("personal", false)
        );
    }

    #[test]
    fn a_seam_goes_out_between_the_texts_that_it_joins_and_nothing_is_overlooked_across_it() {
        let seam = ChatEvent::Seam(Seam {
            from: "a".to_owned(),
            to: "b".to_owned(),
            at: 3,
            error: "model-cut".to_owned(),
        });
        let (before, after) = (ChatEvent::Text("Oui".to_owned()), ChatEvent::Text(".".to_owned()));
        let mut watch = Watch::new(&Detectors::default(), Some(Class::Personal));
        let events = [before, seam.clone(), after];
        for event in events.clone() {
            assert_eq!(watch.push(event), []);
        }
        assert_eq!(watch.push(end(FinishReason::Stop))[..3], events);

        let mut watch = Watch::new(&Detectors::default(), None);
        for event in [
            ChatEvent::Text("2 55 08 14 ".to_owned()),
            seam,
            ChatEvent::Text("168 025 38".to_owned()),
            end(FinishReason::Stop),
        ] {
            watch.push(event);
        }
        assert_eq!(watch.label().to_string(), "personal+nir");
    }

    #[test]
    fn events_go_out_in_the_order_in_which_they_came() {
        let mut watch = Watch::new(&Detectors::default(), Some(Class::Personal));
        let call = |arguments: &str| {
            ChatEvent::ToolCall(ToolCallDelta {
                arguments: arguments.to_owned(),
                ..ToolCallDelta::default()
            })
        };
        let events = [
            ChatEvent::Reasoning("Hm.".to_owned()),
            ChatEvent::Text("Oui".to_owned()),
            call("{}"),
            ChatEvent::Text(".".to_owned()),
        ];
        let mut out = Vec::new();
        for event in events.clone() {
            out.extend(watch.push(event));
        }
        assert_eq!(out, []);
        out.extend(watch.push(end(FinishReason::Stop)));
        assert_eq!(out[..4], events);
        let mut watch = Watch::new(&Detectors::default(), Some(Class::Personal));
        assert_eq!(watch.push(call("{\"to\":\"a@exemple.fr\"}")), []);
        assert_eq!(
            watch.push(end(FinishReason::ToolCalls)),
            [end(FinishReason::ContentFilter)]
        );
        assert!(watch.held());
    }
}
