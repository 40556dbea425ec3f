use super::*;

fn plain() -> Writer {
    Writer::default()
        .identity(["h", "p", "", "t", ""])
        .number(1, SECONDS)
        .values(&[TypedValue::Gauge(1.0)])
}

fn open(packet: &Writer, least: Protections) -> Result<Protection, Refused> {
    read_with(packet, &Types::default(), least).map(|read| {
        assert_eq!(
            samples(&read),
            [("h.p.t".to_owned(), 1_519_862_400_000, 1.0)]
        );
        read.protection
    })
}

#[test]
fn a_packet_says_whose_it_is() {
    let signed = open(&plain().signed("web", "geheim"), Protections::Signed).unwrap();
    assert_eq!(signed, Protection::Signed("web".to_owned()));
    let encrypted = open(&plain().encrypted("web", "geheim"), Protections::Encrypted).unwrap();
    assert_eq!(encrypted, Protection::Encrypted("web".to_owned()));
    assert_eq!(
        (signed.user(), encrypted.user()),
        (Some("web"), Some("web"))
    );
    assert_eq!(
        open(&plain().encrypted("web", "geheim"), Protections::Signed),
        Ok(encrypted)
    );
}

#[test]
fn less_protection_than_is_asked_for_is_refused() {
    for (packet, least, error) in [
        (
            plain(),
            Protections::Signed,
            "the packet is neither signed nor encrypted, but must be signed",
        ),
        (
            plain(),
            Protections::Encrypted,
            "the packet is neither signed nor encrypted, but must be encrypted",
        ),
        (
            plain().signed("web", "geheim"),
            Protections::Encrypted,
            "the packet is signed, but must be encrypted",
        ),
    ] {
        assert_eq!(open(&packet, least).unwrap_err().to_string(), error);
    }
}

#[test]
fn another_password_or_user_is_refused_alike_and_also_where_nothing_is_asked_for() {
    for packet in [
        plain().signed("web", "Geheim"),
        plain().signed("db", "geheim"),
        // Who is not known has no password, which must not be the empty one.
        plain().signed("db", ""),
        plain().encrypted("web", "Geheim"),
        plain().encrypted("db", "geheim"),
        plain().encrypted("db", ""),
    ] {
        assert_eq!(open(&packet, Protections::None), Err(Refused::Password));
    }
}

#[test]
fn no_changed_bit_passes() {
    for packet in [
        plain().signed("web", "geheim"),
        plain().encrypted("web", "geheim"),
    ] {
        for at in 0..packet.0.len() {
            for bit in 0..8 {
                let mut changed = packet.clone();
                changed.0[at] ^= 1 << bit;
                // Where the kind of the first part is another, the packet is one that nobody signed.
                assert!(open_any(&changed).is_err(), "{at} {bit}");
            }
        }
        for length in 0..packet.0.len() {
            let cut = Writer(packet.0[..length].to_vec());
            assert!(open_any(&cut).is_err(), "{length}");
        }
        let more = Writer([packet.0.as_slice(), &plain().0].concat());
        assert!(open_any(&more).is_err());
    }
    let twice = plain()
        .encrypted("web", "geheim")
        .encrypted("web", "geheim");
    let read = read_with(&twice, &Types::default(), Protections::None).unwrap();
    assert_eq!(
        rejects(&read),
        ["0: the packet is signed or encrypted after its beginning"]
    );
}

fn open_any(packet: &Writer) -> Result<Packet, Refused> {
    read_with(packet, &Types::default(), Protections::Signed)
}

#[test]
fn the_cryptography_is_the_one_that_is_named() {
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    assert_eq!(
        hex(&Known.sha1(b"abc")),
        "a9993e364706816aba3e25717850c26c9cd0d89d"
    );
    assert_eq!(
        hex(&Known.sha256(b"abc")),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    // OFB: the stream is the vector, encrypted again and again; that of a text of zeros is the stream itself.
    let mut stream = [0; 32];
    assert!(Known.aes256_ofb(&[1; 32], [2; 16], &mut stream));
    let mut second = [0; 16];
    let first: [u8; 16] = stream[..16].try_into().unwrap();
    assert!(Known.aes256_ofb(&[1; 32], first, &mut second));
    assert_eq!(second, stream[16..]);
}
