//! A request comes from a client. What is accepted is written for a server and read back the same, and no text is
//! sent that the detectors of data classes were not shown.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trousseau_wire::client::Dialect;
use trousseau_wire::server::chat;

#[path = "../shared/sent.rs"]
mod sent;

fuzz_target!(|bytes: &[u8]| {
    let Ok(call) = chat(bytes) else {
        return;
    };
    let request = call.request;
    for dialect in Dialect::ALL {
        let written = sent::written(&request, call.stream, dialect);
        if dialect == Dialect::OpenAi {
            let again = chat(written.as_bytes()).expect("what is written is read again");
            assert_eq!(sent::visited(&again.request), sent::visited(&request));
            assert_eq!(again.request.messages.len(), request.messages.len());
        }
    }
});
