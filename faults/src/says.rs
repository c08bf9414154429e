//! How a target says its answer, or fails to: OpenAI's wire format, streaming and not.

use std::io::{self, Read as _, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

use crate::script::{Fault, Script};

/// How long nothing comes where a target stalls, unless the other end leaves before.
const STALL: Duration = Duration::from_secs(15);
/// Between the pieces of a slow answer.
const SLOW: Duration = Duration::from_millis(15);

/// Says it; whether the connection is good for another request. The socket below is for what no protocol provides.
pub(crate) fn answer(
    script: &Script,
    streams: bool,
    out: &mut impl Write,
    socket: &TcpStream,
) -> io::Result<bool> {
    let at_once = !script.late || !script.keeps && script.way.is_multiple_of(7);
    match script.fault {
        Fault::TooMany => return too_many(script, out),
        Fault::ServerError => return server_error(script, out),
        Fault::Garbage if at_once => return garbage(script, out).map(|()| false),
        Fault::Crash | Fault::Stall | Fault::Cut if at_once => {
            if script.way.is_multiple_of(2) {
                out.write_all(head(script, streams).as_bytes())?;
                out.flush()?;
            }
            return give_up(script, out, socket);
        }
        Fault::Nothing | Fault::Crash | Fault::Stall | Fault::Cut | Fault::Garbage | Fault::Trickle => {}
    }
    if streams {
        stream(script, out, socket)
    } else {
        whole(script, out, socket)
    }
}

fn head(script: &Script, streams: bool) -> String {
    let kind = if streams {
        "text/event-stream"
    } else {
        "application/json"
    };
    let connection = if script.keeps { "keep-alive" } else { "close" };
    let length = match streams {
        true => "transfer-encoding: chunked".to_owned(),
        false => format!("content-length: {}", completion(script).len()),
    };
    format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\nconnection: {connection}\r\n{length}\r\n\r\n")
}

/// Ends in the way of the fault, before the answer has.
fn give_up(script: &Script, out: &mut impl Write, socket: &TcpStream) -> io::Result<bool> {
    match script.fault {
        Fault::Crash => std::process::abort(),
        Fault::Stall => {
            socket.set_read_timeout(Some(STALL))?;
            let _left = (&*socket).read(&mut [0; 64]);
        }
        Fault::Cut if script.way.is_multiple_of(3) => socket.shutdown(Shutdown::Both)?,
        Fault::Nothing
        | Fault::TooMany
        | Fault::ServerError
        | Fault::Cut
        | Fault::Garbage
        | Fault::Trickle => {
            out.flush()?;
        }
    }
    Ok(false)
}

fn refusal(out: &mut impl Write, head: &str, body: &str) -> io::Result<bool> {
    let length = body.len();
    write!(
        out,
        "HTTP/1.1 {head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )?;
    out.flush()?;
    Ok(false)
}

fn too_many(script: &Script, out: &mut impl Write) -> io::Result<bool> {
    let later = ["", "\r\nretry-after: 0", "\r\nretry-after: 1", ""][script.way % 4];
    let head = format!("429 Too Many Requests\r\ncontent-type: application/json{later}");
    let error =
        json!({ "error": { "message": "slow down", "type": "rate_limit", "code": "rate_limit_exceeded" } });
    refusal(out, &head, &error.to_string())
}

fn server_error(script: &Script, out: &mut impl Write) -> io::Result<bool> {
    let status = ["500 Oh", "502 Bad Gateway", "503 Busy", "504 Late"][script.way % 4];
    match script.way % 3 {
        0 => refusal(
            out,
            &format!("{status}\r\ncontent-type: text/html"),
            "<h1>sorry</h1>",
        ),
        1 => refusal(out, status, ""),
        _ => {
            let error = json!({ "error": { "message": "out of memory", "type": "server_error" } });
            let head = format!("{status}\r\ncontent-type: application/json");
            refusal(out, &head, &error.to_string())
        }
    }
}

/// Something else in the place of an answer.
fn garbage(script: &Script, out: &mut impl Write) -> io::Result<()> {
    let ok = "200 OK\r\ncontent-type:";
    match script.way % 5 {
        0 => refusal(
            out,
            &format!("{ok} text/html"),
            "<html>welcome to the captive portal</html>",
        )?,
        1 => refusal(
            out,
            &format!("{ok} application/json"),
            "{\"choices\": [{\"message\": 12}]}",
        )?,
        2 => refusal(
            out,
            &format!("{ok} text/event-stream"),
            "data: {\"choices\": [\n\ndata: [DONE]\n\n",
        )?,
        3 => refusal(out, &format!("{ok} text/event-stream"), "data: [DONE]\n\n")?,
        _ => {
            out.write_all(b"\x16\x03\xff\0\0 nothing of HTTP \r\n\r\n")?;
            out.flush()?;
            false
        }
    };
    Ok(())
}

fn usage() -> Value {
    json!({ "prompt_tokens": 20, "completion_tokens": 30, "total_tokens": 50 })
}

const fn reason(script: &Script) -> &'static str {
    if script.short { "length" } else { "stop" }
}

fn completion(script: &Script) -> String {
    let message = json!({ "role": "assistant", "content": script.text });
    json!({
        "id": "chatcmpl-f", "object": "chat.completion", "created": 1_700_000_000, "model": "modele",
        "choices": [{ "index": 0, "message": message, "finish_reason": reason(script) }], "usage": usage(),
    })
    .to_string()
}

fn whole(script: &Script, out: &mut impl Write, socket: &TcpStream) -> io::Result<bool> {
    out.write_all(head(script, false).as_bytes())?;
    let mut body = completion(script).into_bytes();
    let half = body.len() / 2;
    match script.fault {
        Fault::Nothing => out.write_all(&body)?,
        Fault::Trickle => {
            for piece in body.chunks(body.len() / 12 + 1) {
                out.write_all(piece)?;
                out.flush()?;
                std::thread::sleep(SLOW);
            }
        }
        Fault::Garbage => {
            body[half..].fill(b'\xfe');
            out.write_all(&body)?;
        }
        Fault::Crash | Fault::TooMany | Fault::ServerError | Fault::Stall | Fault::Cut => {
            out.write_all(&body[..half])?;
            out.flush()?;
            return give_up(script, out, socket);
        }
    }
    out.flush()?;
    Ok(script.keeps && script.fault != Fault::Garbage)
}

fn chunk(out: &mut impl Write, data: &str) -> io::Result<()> {
    write!(out, "{:x}\r\n{data}\r\n", data.len())?;
    out.flush()
}

fn event(out: &mut impl Write, delta: &Value, finish: Option<&str>) -> io::Result<()> {
    let mut event = json!({
        "id": "chatcmpl-f", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "modele",
        "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }],
    });
    if finish.is_some() {
        event["usage"] = usage();
    }
    chunk(out, &format!("data: {event}\n\n"))
}

fn stream(script: &Script, out: &mut impl Write, socket: &TcpStream) -> io::Result<bool> {
    out.write_all(head(script, true).as_bytes())?;
    event(out, &json!({ "role": "assistant", "content": "" }), None)?;
    let pieces = script.pieces();
    let whole = script.is_whole();
    let said = if whole { pieces.len() } else { pieces.len() / 2 };
    for piece in &pieces[..said] {
        event(out, &json!({ "content": piece }), None)?;
        if script.fault == Fault::Trickle {
            std::thread::sleep(SLOW);
        }
    }
    if whole {
        event(out, &json!({}), Some(reason(script)))?;
        chunk(out, "data: [DONE]\n\n")?;
        out.write_all(b"0\r\n\r\n")?;
        out.flush()?;
        return Ok(script.keeps);
    }
    match (script.fault, script.way % 5) {
        (Fault::Garbage, 0) => chunk(out, "data: {\"choices\": [{\"delta\": \n\n")?,
        (Fault::Garbage, 1) => chunk(out, "data: {\"choices\": 7}\n\ndata: [DONE]\n\n")?,
        (Fault::Garbage, 2) => chunk(out, "\u{0}\u{1}\u{2} noise \n\ndata: nothing\n\n")?,
        (Fault::Garbage, _) => out.write_all(b"zz\r\nnot a chunk\r\n")?,
        // The end of the body, and not of the answer.
        (Fault::Cut, 0) => out.write_all(b"0\r\n\r\n")?,
        (Fault::Cut, 1) => {
            chunk(
                out,
                "data: {\"error\": {\"message\": \"overloaded\", \"code\": 503}}\n\n",
            )?;
            out.write_all(b"0\r\n\r\n")?;
        }
        _ => {}
    }
    out.flush()?;
    give_up(script, out, socket)
}
