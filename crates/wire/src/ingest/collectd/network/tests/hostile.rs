use super::*;

#[derive(Debug, Clone)]
struct List {
    host: String,
    instance: String,
    at: u64,
    values: Vec<(u8, u32)>,
}

fn lists() -> impl Strategy<Value = Vec<List>> {
    let list = (
        "[a-z]{1,3}",
        "[a-z]{0,2}",
        1_u64..2_000_000_000,
        prop::collection::vec((0_u8..4, any::<u32>()), 1..4),
    );
    prop::collection::vec(
        list.prop_map(|(host, instance, at, values)| List {
            host,
            instance,
            at,
            values,
        }),
        0..8,
    )
}

fn write(lists: &[List]) -> Writer {
    lists.iter().fold(Writer::default(), |writer, list| {
        let values: Vec<_> = list
            .values
            .iter()
            .map(|(kind, value)| match kind {
                0 => TypedValue::Counter(u64::from(*value)),
                1 => TypedValue::Gauge(f64::from(*value)),
                2 => TypedValue::Derive(-i64::from(*value)),
                _ => TypedValue::Absolute(u64::from(*value)),
            })
            .collect();
        let kind = ["one", "two", "three"][values.len() - 1];
        let entry = writer.identity([&list.host, "p", &list.instance, kind, ""]);
        entry.number(1, list.at).values(&values)
    })
}

fn types() -> Types {
    let mut types = Types::default();
    types
        .read("two a:GAUGE:U:U,b:GAUGE:U:U\nthree a:GAUGE:U:U,b:GAUGE:U:U,c:GAUGE:U:U")
        .unwrap();
    types
}

proptest! {
    #[test]
    fn what_is_written_is_read(lists in lists(), protection in 0_u8..3) {
        let packet = match protection {
            0 => write(&lists),
            1 => write(&lists).signed("web", "geheim"),
            _ => write(&lists).encrypted("web", "geheim"),
        };
        let read = read_with(&packet, &types(), Protections::None).unwrap();
        let mut expected = Vec::new();
        for list in &lists {
            let instance = if list.instance.is_empty() { String::new() } else { format!("-{}", list.instance) };
            for (at, (kind, value)) in list.values.iter().enumerate() {
                let source = [".a", ".b", ".c"][at];
                let (kind_name, source) = match list.values.len() {
                    1 => ("one", ""),
                    2 => ("two", source),
                    _ => ("three", source),
                };
                let name = format!("{}.p{instance}.{kind_name}{source}", list.host);
                let value = if *kind == 2 { -f64::from(*value) } else { f64::from(*value) };
                expected.push((name, i64::try_from(list.at).unwrap() * 1000, value));
            }
        }
        prop_assert_eq!(samples(&read), expected);
        prop_assert_eq!(rejects(&read), Vec::<String>::new());
    }

    #[test]
    fn no_bytes_panic(bytes: Vec<u8>) {
        let _ = read_with(&Writer(bytes), &types(), Protections::None);
    }

    #[test]
    fn no_changed_packet_panics_or_grows(lists in lists(), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), end: prop::sample::Index) {
        let mut packet = write(&lists);
        for (at, byte) in changes {
            if !packet.0.is_empty() {
                let at = at.index(packet.0.len());
                packet.0[at] = byte;
            }
        }
        packet.0.truncate(end.index(packet.0.len() + 1));
        if let Ok(read) = read_with(&packet, &types(), Protections::None) {
            prop_assert!(read.received <= packet.0.len() / 9 + 1);
        }
    }
}
