use super::*;
use base::secret::Secret;
use proptest::prelude::*;

/// A frame, as a client makes it.
#[derive(Debug, Clone)]
enum Sent {
    Label(String),
    Login(bool, String, String),
    Window(u32),
    Message(u32, String),
    Record(u32, Vec<(String, String)>),
}

fn short(text: &str) -> Vec<u8> {
    [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

fn long(text: &str) -> Vec<u8> {
    [
        &u32::try_from(text.len()).unwrap().to_be_bytes(),
        text.as_bytes(),
    ]
    .concat()
}

fn write(sent: &[Sent]) -> Vec<u8> {
    let one = |sent: &Sent| match sent {
        Sent::Label(label) => [b"1I".as_slice(), &short(label)].concat(),
        Sent::Login(is_several, tenant, password) => {
            let kind = if *is_several { b"2S" } else { b"2T" };
            [kind.as_slice(), &short(tenant), &short(password)].concat()
        }
        Sent::Window(count) => [b"1W".as_slice(), &count.to_be_bytes()].concat(),
        Sent::Message(number, text) => {
            [b"1M".as_slice(), &number.to_be_bytes(), &long(text)].concat()
        }
        Sent::Record(number, pairs) => {
            let count = u32::try_from(pairs.len()).unwrap().to_be_bytes();
            let fields = pairs.iter().flat_map(|(key, text)| [long(key), long(text)]);
            let head = [b"1D".as_slice(), &number.to_be_bytes(), &count].concat();
            [head, fields.collect::<Vec<_>>().concat()].concat()
        }
    };
    sent.iter().flat_map(one).collect()
}

/// Everything that comes, with the bytes in pieces and a buffer of the size that is promised to be enough.
fn talk(bytes: &[u8], chunk: usize) -> (Vec<String>, Option<Violation>) {
    let (mut conversation, mut buffer, mut events) = (Conversation::new(), Vec::new(), Vec::new());
    for chunk in bytes.chunks(chunk) {
        buffer.extend_from_slice(chunk);
        loop {
            let step = match conversation.read(&buffer) {
                Ok(step) => step,
                Err(violation) => return (events, Some(violation)),
            };
            let consumed = step.consumed;
            let is_login = matches!(step.event, Some(Event::Login { .. }));
            let is_done = step.event.is_none();
            events.extend(step.event.map(|event| format!("{event:?}")));
            if is_login {
                conversation.answer_login(true);
            }
            buffer.drain(..consumed);
            if is_done {
                break;
            }
        }
        assert!(buffer.len() < FRAME_BYTES_MAX, "{}", buffer.len());
    }
    (events, None)
}

fn login() -> Sent {
    Sent::Login(false, "guid".into(), "token".into())
}

#[test]
fn a_client_of_the_time_is_understood() {
    let bytes = write(&[
        Sent::Label("192.0.2.7".into()),
        login(),
        Sent::Window(3),
        Sent::Message(1, "guid.a 1 1519862400\r\n".into()),
        Sent::Record(
            2,
            vec![
                ("ALCH_TENANT_ID".into(), "guid".into()),
                ("message".into(), "x".repeat(5000)),
            ],
        ),
        Sent::Message(3, "guid.b 2 1519862400\r\n".into()),
        Sent::Message(4, "guid.c 3 1519862400\r\n".into()),
        Sent::Window(1),
        Sent::Message(5, String::new()),
    ]);
    let mut conversation = Conversation::new();
    let mut rest = bytes.as_slice();
    let mut next = || {
        let step = conversation.read(rest).unwrap();
        rest = &rest[step.consumed..];
        if matches!(step.event, Some(Event::Login { .. })) {
            conversation.answer_login(true);
        }
        step.event
    };
    let message = |number, line: &'static str, ends_window| {
        Some(Event::Message {
            number,
            line: line.as_bytes(),
            ends_window,
        })
    };
    assert_eq!(next(), Some(Event::Label(b"192.0.2.7")));
    let password = Secret::new(b"token".to_vec());
    assert_eq!(
        next(),
        Some(Event::Login {
            kind: Kind::Tenant,
            tenant: b"guid",
            password
        })
    );
    assert_eq!(next(), Some(Event::Window(3)));
    assert_eq!(next(), message(1, "guid.a 1 1519862400", false));
    assert_eq!(
        next(),
        Some(Event::Record {
            number: 2,
            ends_window: false
        })
    );
    assert_eq!(next(), message(3, "guid.b 2 1519862400", true));
    // Without a window of its own: it begins one of the same size.
    assert_eq!(next(), message(4, "guid.c 3 1519862400", false));
    assert_eq!(next(), Some(Event::Window(1)));
    assert_eq!(next(), message(5, "", true));
    assert_eq!(next(), None);
    assert_eq!((conversation.last(), rest), (5, [].as_slice()));
}

#[test]
fn what_breaks_a_rule_ends_the_conversation() {
    let message = |number| Sent::Message(number, "a 1".into());
    for (sent, expected) in [
        (
            vec![Sent::Window(1)],
            "`1W` was sent before a login was accepted",
        ),
        (
            vec![message(1)],
            "`1M` was sent before a login was accepted",
        ),
        (
            vec![Sent::Record(1, vec![])],
            "`1D` was sent before a login was accepted",
        ),
        (vec![login(), login()], "a second login on a connection"),
        (
            vec![login(), message(1)],
            "a message was sent before a window",
        ),
        (
            vec![login(), Sent::Record(1, vec![])],
            "a message was sent before a window",
        ),
        (
            vec![login(), Sent::Window(0)],
            "a window cannot have 0 messages: it has 1 to 1048576",
        ),
        (
            vec![login(), Sent::Window(u32::MAX)],
            "a window cannot have 4294967295 messages: it has 1 to 1048576",
        ),
        (
            vec![login(), Sent::Window(5), message(2)],
            "message 2 was sent where 1 was due",
        ),
        (
            vec![login(), Sent::Window(5), message(1), message(1)],
            "message 1 was sent where 2 was due",
        ),
        (
            vec![
                login(),
                Sent::Window(5),
                message(1),
                Sent::Record(3, vec![]),
            ],
            "message 3 was sent where 2 was due",
        ),
        (
            vec![
                login(),
                Sent::Window(5),
                Sent::Message(1, "a".repeat(PAYLOAD_BYTES_MAX + 1)),
            ],
            "a message of 4097 bytes is longer than 4096",
        ),
    ] {
        let (_, violation) = talk(&write(&sent), 7);
        assert_eq!(violation.unwrap().to_string(), expected);
    }
    let open = write(&[login(), Sent::Window(5)]);
    for (bytes, expected) in [
        (b"GET / HTTP/1.1".as_slice(), "`GE` does not begin a frame"),
        (b"2M", "`2M` does not begin a frame"),
        (b"1A", "`1A` does not begin a frame"),
        (b"\x16\x03", "`\\x16\\x03` does not begin a frame"),
        (
            b"1D\0\0\0\x01\0\0\x04\x01",
            "a record of 1025 fields has more than 1024",
        ),
        (
            b"1D\0\0\0\x01\0\0\0\x01\0\x10\0\x01",
            "a record's field of 1048577 bytes is longer than 1048576",
        ),
        // The length is enough: nothing of the message has come.
        (
            b"1M\0\0\0\x01\xff\xff\xff\xff",
            "a message of 4294967295 bytes is longer than 4096",
        ),
    ] {
        let (_, violation) = talk(&[open.as_slice(), bytes].concat(), usize::MAX);
        assert_eq!(violation.unwrap().to_string(), expected);
    }
    assert_eq!(
        Conversation::new().read(b"\x16").unwrap_err().to_string(),
        "`\\x16 ` does not begin a frame"
    );
}

#[test]
fn a_login_that_is_refused_lets_nothing_in_but_another() {
    let mut conversation = Conversation::new();
    let bytes = write(&[Sent::Login(true, "guid".into(), "wrong".into())]);
    for _ in 0..2 {
        let step = conversation.read(&bytes).unwrap();
        assert!(matches!(
            step.event,
            Some(Event::Login {
                kind: Kind::Supertenant,
                ..
            })
        ));
        assert!(!format!("{step:?}").contains("wrong"));
        assert_eq!(
            conversation.read(&write(&[Sent::Window(1)])),
            Err(Violation::NoLogin("1W"))
        );
        conversation.answer_login(false);
        assert_eq!(
            conversation.read(&write(&[Sent::Window(1)])),
            Err(Violation::NoLogin("1W"))
        );
    }
}

#[test]
fn a_record_is_passed_over_and_never_kept() {
    let pairs = (0..20)
        .map(|at| (format!("k{at}"), "x".repeat(50_000)))
        .collect();
    let bytes = write(&[
        login(),
        Sent::Window(2),
        Sent::Record(1, pairs),
        Sent::Record(2, vec![]),
    ]);
    // `talk` fails where its buffer grows beyond a frame.
    let (events, violation) = talk(&bytes, 1000);
    assert_eq!(violation, None);
    assert_eq!(
        events[2..],
        [
            "Record { number: 1, ends_window: false }",
            "Record { number: 2, ends_window: true }"
        ]
    );
}

fn sent() -> impl Strategy<Value = Sent> {
    prop_oneof![
        1 => "[a-z]{0,5}".prop_map(Sent::Label),
        1 => (1_u32..4).prop_map(Sent::Window),
        6 => "[a-z]{1,3} [0-9] [0-9]\r\n".prop_map(|text| Sent::Message(0, text)),
        2 => prop::collection::vec(("[a-z]{0,3}", "[a-z]{0,9}"), 0..3).prop_map(|pairs| Sent::Record(0, pairs)),
    ]
}

/// With numbers as they are due.
fn numbered(sent: Vec<Sent>) -> Vec<Sent> {
    let mut last = 0;
    let mut due = || {
        last += 1;
        last
    };
    let rest = sent.into_iter().map(|sent| match sent {
        Sent::Message(_, text) => Sent::Message(due(), text),
        Sent::Record(_, pairs) => Sent::Record(due(), pairs),
        other => other,
    });
    [login(), Sent::Window(2)].into_iter().chain(rest).collect()
}

proptest! {
    #[test]
    fn what_is_written_is_read_however_it_is_cut(sent in prop::collection::vec(sent(), 0..20), chunk in 1_usize..30) {
        let sent = numbered(sent);
        let bytes = write(&sent);
        let whole = talk(&bytes, usize::MAX);
        prop_assert_eq!(&talk(&bytes, chunk), &whole);
        let (events, violation) = whole;
        prop_assert_eq!(violation, None);
        prop_assert_eq!(events.len(), sent.len());
        for (event, sent) in events.iter().zip(&sent) {
            let begin = match sent {
                Sent::Label(_) => "Label(".to_owned(),
                Sent::Login(..) => "Login { kind: Tenant".to_owned(),
                Sent::Window(count) => format!("Window({count})"),
                Sent::Message(number, text) => format!("Message {{ number: {number}, line: {:?}", text.trim_end().as_bytes()),
                Sent::Record(number, _) => format!("Record {{ number: {number}"),
            };
            prop_assert!(event.starts_with(&begin), "{} {}", event, begin);
        }
    }

    #[test]
    fn no_bytes_panic_and_chunks_do_not_matter(bytes in prop::collection::vec(prop_oneof![Just(b'1'), Just(b'2'), Just(b'M'), Just(b'D'), Just(b'W'), Just(b'T'), 0_u8..4, any::<u8>()], 0..80), chunk in 1_usize..9, is_in: bool) {
        let bytes = if is_in { [write(&[login(), Sent::Window(2)]), bytes].concat() } else { bytes };
        let (whole, cut) = (talk(&bytes, usize::MAX), talk(&bytes, chunk));
        prop_assert_eq!(&whole.0, &cut.0);
        prop_assert_eq!(whole.1.is_some(), cut.1.is_some());
    }

    #[test]
    fn answers_are_six_bytes(number: u32, is_accepted: bool) {
        let reply = if is_accepted { Reply::Accepted(number) } else { Reply::Refused };
        let bytes = reply.bytes();
        for end in 0..6 {
            prop_assert_eq!(Reply::read(&bytes[..end]), Ok(None));
        }
        prop_assert_eq!(Reply::read(&bytes), Ok(Some((reply, [].as_slice()))));
        prop_assert!(Reply::read(b"1M").is_err());
    }
}
