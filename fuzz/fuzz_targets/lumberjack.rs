//! Any bytes are a conversation, up to where they break a rule; a buffer of one frame is enough for it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::ingest::lumberjack::{Conversation, Event, FRAME_BYTES_MAX, Reply};

fuzz_target!(|input: (&[u8], u8)| {
    let (bytes, chunk) = input;
    let (mut conversation, mut buffer) = (Conversation::new(), Vec::new());
    for chunk in bytes.chunks(usize::from(chunk).max(1)) {
        buffer.extend_from_slice(chunk);
        loop {
            let before = conversation.last();
            let Ok(step) = conversation.read(&buffer) else {
                return;
            };
            let consumed = step.consumed;
            match step.event {
                None => {
                    buffer.drain(..consumed);
                    break;
                }
                Some(Event::Message { number, .. } | Event::Record { number, .. }) => {
                    assert_eq!((number, conversation.last()), (before + 1, before + 1));
                }
                Some(Event::Login { .. }) => conversation.answer_login(true),
                Some(_) => {}
            }
            buffer.drain(..consumed);
        }
        assert!(buffer.len() < FRAME_BYTES_MAX);
    }
    if let Ok(Some((reply, rest))) = Reply::read(bytes) {
        assert!(rest.len() == bytes.len() - 6 && (reply == Reply::Refused || bytes.starts_with(&reply.bytes())));
    }
});
