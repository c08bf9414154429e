//! Events as lines of text, for snapshots.

use std::fmt::Write as _;

use trousseau_core::chat::{ChatEvent, ToolCallDelta};
use trousseau_wire::Fault;
use trousseau_wire::client::ChatReader;

/// One line for each event.
pub(crate) fn told(events: &[ChatEvent]) -> String {
    let mut lines = String::new();
    for event in events {
        match event {
            ChatEvent::Text(text) => writeln!(lines, "text {text:?}"),
            ChatEvent::Reasoning(text) => writeln!(lines, "reasoning {text:?}"),
            ChatEvent::ToolCall(call) => writeln!(lines, "{}", told_call(call)),
            ChatEvent::Citation(citation) => writeln!(lines, "citation {}", citation.number),
            ChatEvent::Extra(extra) => writeln!(lines, "extra {}", serde_json::to_string(extra).unwrap()),
            ChatEvent::Seam(seam) => writeln!(lines, "seam {} {}", seam.at, seam.to),
            ChatEvent::End(end) => writeln!(
                lines,
                "end {} {}+{} {}",
                end.finish.name(),
                end.usage.input,
                end.usage.output,
                serde_json::to_string(&end.usage.details).unwrap()
            ),
        }
        .unwrap();
    }
    lines
}

fn told_call(call: &ToolCallDelta) -> String {
    let mut line = format!("call {}", call.index);
    for (name, value) in [("id", &call.id), ("name", &call.name)] {
        if let Some(value) = value {
            line += &format!(" {name} {value}");
        }
    }
    line += &format!(" {:?}", call.arguments);
    if !call.extra.is_empty() {
        line += &format!(" {}", serde_json::to_string(&call.extra).unwrap());
    }
    line
}

/// Reads the data of a stream's events; what was read is told also where it ends in a fault.
pub(crate) fn read<'a>(stream: impl IntoIterator<Item = &'a str>) -> String {
    let (mut reader, mut lines) = (ChatReader::default(), String::new());
    for data in stream {
        match reader.chunk(data) {
            Ok(events) => lines += &told(&events),
            Err(fault) => return lines + &told_fault(&fault),
        }
    }
    lines += &told(&reader.end());
    lines
}

/// A fault, as it is written.
pub(crate) fn told_fault(fault: &Fault) -> String {
    match fault {
        Fault::Reported { message, status } => format!("reported {status:?} {message:?}\n"),
        fault => format!("fault {:?}: {fault}\n", fault.param().unwrap_or_default()),
    }
}
