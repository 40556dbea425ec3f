//! Files that other programs have exported.

use crate::terminal::Terminal;
use serde_json::json;
use std::io::Write as _;

fn write(terminal: &Terminal, name: &str, text: &str) {
    std::fs::write(terminal.path(name), text).unwrap();
}

/// Exports of Grafana's panels and Graphite's `format=csv`, packed or not, are sent as they are.
#[test]
fn exports_of_other_programs_are_sent_as_they_are() {
    let mut terminal = Terminal::logged_in();
    let packed = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let at = 1_519_862_400_000;
    for (file, text, arguments, name) in [
        (
            "wide.csv",
            "\u{feff}\"Time\",\"g.wide\",\"g.gaps\"\r\n2018-03-01 00:00:00,1.5,\r\n",
            "",
            "g.wide",
        ),
        (
            "spaced.csv",
            "\"Time\",\"web 1\",\"web 2\"\n1519862400000,1.5,2\n",
            "--replace-refused",
            "web_1",
        ),
        (
            "series.csv",
            "sep=;\nSeries;Time;Value\ng.series;2018-03-01T00:00:00+00:00;1.5\ng.series;2018-03-01T00:01:00+00:00;null\n",
            "",
            "g.series",
        ),
        (
            "render",
            "g.render,2018-03-01 00:00:00,1.5\ng.render,2018-03-01 00:01:00,\n",
            "",
            "g.render",
        ),
        (
            "lines.jsonl",
            "{\"name\":\"g.json\",\"value\":1.5,\"timestamp\":1519862400}\n{\"name\":\"g.json\",\"value\":2,\"timestamp\":1519862460}\n",
            "",
            "g.json",
        ),
        (
            "influx",
            "cpu,host=a usage=1.5,idle=3i 1519862400000000000\n",
            "",
            "cpu.usage;host=a",
        ),
    ] {
        write(&terminal, file, text);
        let path = format!("{file}.gz");
        std::fs::write(terminal.path(&path), packed(text)).unwrap();
        for file in [file, &path] {
            let ran = terminal.run(&format!("vigie metrics send --file {file} {arguments}"));
            assert_eq!(ran.code, 0, "{file}: {ran:?}");
            let mut store = terminal.server.store.lock().unwrap();
            let sent = store.samples.remove(name).unwrap();
            assert_eq!(sent[&at], json!(1.5), "{file}");
        }
    }
    // A number that could be two is none.
    write(
        &terminal,
        "thousands.csv",
        "\"Time\",\"g.a\",\"g.b\"\n1519862400,\"1,234.5\",\"1.234,5\"\n",
    );
    let ran = terminal.run("vigie metrics send --file thousands.csv");
    assert_eq!(ran.code, 1, "{ran:?}");
    let reason = "has a point and a comma, of which either could begin the decimals: write thousands without a sign, as in `1234.5`";
    assert_eq!(
        ran.stderr.matches(reason).count() + ran.stdout.matches(reason).count(),
        2,
        "{ran:?}"
    );
}
