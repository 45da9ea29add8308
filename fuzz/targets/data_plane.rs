//! What a client posts, in either era: the three headers, each in a line, then the body. Whatever comes is read or refused, and
//! a refusal is short.

#![no_main]

use libfuzzer_sys::fuzz_target;
use valetkey_mcp::protocol::envelope::{self, Mirror, Tolerance};
use valetkey_mcp::protocol::{Body, Fault, Message, ask, message};

/// The longest refusal, in bytes: an id or a name that comes back in it is cut.
const LONGEST: usize = 4 * 1024;

fuzz_target!(|sent: &[u8]| {
    let mut lines = sent.splitn(4, |byte| *byte == b'\n');
    let mut header = || lines.next().and_then(|line| str::from_utf8(line).ok()).filter(|line| !line.is_empty());
    let mirror = Mirror { version: header(), method: header(), name: header(), unclear: None };
    let messages = match message::read(lines.next().unwrap_or_default()) {
        Ok(Body::One(message)) => vec![Ok(message)],
        Ok(Body::Batch(messages)) => messages,
        Err(refused) => vec![Err(refused)],
    };
    for message in messages {
        match message {
            Ok(Message::Request(request)) => {
                let taken = |tolerance| envelope::version(&mirror, &request.method, &request.params, tolerance);
                match (taken(Tolerance::Strict), taken(Tolerance::StaleHeader)) {
                    (Ok(version), forgiven) => {
                        assert_eq!(forgiven.ok(), Some(version), "what is taken strictly is taken");
                        let told = mirror.version == Some(version.as_str());
                        assert!(!version.modern() || told && mirror.method == Some(&*request.method), "headers differ");
                        asked(ask::read(version, &request.method, request.params));
                    }
                    (Err(fault), Ok(version)) => {
                        short(&fault);
                        asked(ask::read(version, &request.method, request.params));
                    }
                    (Err(fault), Err(_)) => short(&fault),
                }
            }
            Ok(Message::Notification { .. }) => envelope::notified(&mirror).unwrap_or_else(|fault| short(&fault)),
            Ok(Message::Response) => {}
            Err(refused) => short(&refused.fault),
        }
    }
});

fn asked(read: Result<ask::Ask, Fault>) {
    if let Err(fault) = read {
        short(&fault);
    }
}

fn short(fault: &Fault) {
    let data = fault.data.as_ref().map_or(0, |data| data.to_string().len());
    assert!(fault.message.len() + data <= LONGEST, "{}", fault.message);
}
