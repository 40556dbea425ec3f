use super::listener::CONNECTIONS_MAX;
use super::*;
use crate::listeners::counts::Refusals;
use base::name::SeriesName;
use base::sample::Batch;
use base::time::Millis;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream, UdpSocket};
use std::sync::{Arc, Mutex, mpsc};
use wire::ingest::statsd::packet;

/// A limit for every wait, generous for slow machines.
const PATIENCE: Duration = Duration::from_secs(60);

const ANY: &str = "127.0.0.1:0";

/// Listeners, a journal that takes everything, and what was told.
struct Bench {
    listeners: Listeners,
    intake: Intake,
    notifier: Notifier,
    written: Mutex<String>,
    reports: Mutex<Vec<(ListenerKind, Refusals)>>,
}

impl Bench {
    fn of(wanted: &ListenerSettings) -> Self {
        Self {
            listeners: Listeners::bind(wanted).unwrap(),
            intake: Intake::default(),
            notifier: Notifier::default(),
            written: Mutex::default(),
            reports: Mutex::default(),
        }
    }

    fn graphite() -> Self {
        Self::of(&ListenerSettings {
            graphite: Some(ANY.parse().unwrap()),
            ..ListenerSettings::default()
        })
    }

    fn statsd(settings: Settings) -> Self {
        Self::of(&ListenerSettings {
            statsd: Some(ANY.parse().unwrap()),
            sums: settings,
            ..ListenerSettings::default()
        })
    }

    fn address(&self) -> SocketAddr {
        self.listeners.addresses().next().unwrap().1
    }

    /// Runs the listeners while `act` does what it does, and to their end.
    fn run(&self, act: impl FnOnce()) {
        std::thread::scope(|threads| {
            let writer = threads.spawn(|| {
                self.intake.write(|body, _| {
                    let text = std::str::from_utf8(body).unwrap();
                    self.written.lock().unwrap().push_str(text);
                    true
                })
            });
            let serving = threads.spawn(|| {
                let on_refused = |kind, refused| self.reports.lock().unwrap().push((kind, refused));
                self.listeners
                    .serve(&self.intake, &self.notifier, on_refused)
            });
            // A failed assertion must not wait for ever for threads that nobody stops.
            let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(act));
            self.notifier.stop();
            assert!(serving.join().unwrap().is_ok());
            self.intake.close();
            writer.join().unwrap();
            if let Err(panic) = ended {
                std::panic::resume_unwind(panic);
            }
        });
    }

    fn written(&self) -> String {
        self.written.lock().unwrap().clone()
    }

    fn until_written(&self, what: &str) {
        let begun = Instant::now();
        while !self.written().contains(what) {
            assert!(
                begun.elapsed() < PATIENCE,
                "`{what}` never came: {}",
                self.written()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn counted(&self) -> ListenerTotals {
        self.listeners.counted().next().unwrap().1
    }
}

/// Sends a text by TCP and reads to the end what is answered.
fn send(address: SocketAddr, text: &str) -> String {
    try_send(address, text).unwrap()
}

/// The same where the connection may be reset.
fn try_send(address: SocketAddr, text: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(text.as_bytes())?;
    stream.shutdown(Shutdown::Write)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn a_connection_that_is_closed_without_a_word_is_on_disk() {
    let bench = Bench::graphite();
    bench.run(|| {
        for round in 0..20 {
            let text = format!("a.b{round} {round} 1700000000\na.c;host=web1 2 1700000000\n");
            assert_eq!(send(bench.address(), &text), "");
            assert!(bench.written().contains(&format!("\"a.b{round}\"")));
        }
    });
    assert!(bench.written().contains("\"a.c;host=web1\""));
    assert_eq!(
        bench.counted(),
        ListenerTotals {
            received: 40,
            refused: 0
        }
    );
    assert_eq!(*bench.reports.lock().unwrap(), []);
}

#[test]
fn datagrams_need_no_line_end() {
    let bench = Bench::graphite();
    bench.run(|| {
        let socket = UdpSocket::bind(ANY).unwrap();
        socket
            .send_to(b"a.b 1 1700000000\na.c 2 1700000000", bench.address())
            .unwrap();
        bench.until_written("\"a.c\"");
    });
    assert_eq!(
        bench.counted(),
        ListenerTotals {
            received: 2,
            refused: 0
        }
    );
}

#[test]
fn what_is_no_line_is_counted_and_told() {
    let bench = Bench::graphite();
    bench.run(|| {
        let text = "a..b 1 1700000000\na.b x 1700000000\na.b 1 1700000000\na.b 17";
        let answer = send(bench.address(), text);
        let expected = "ERR 3 of 4 lines were refused; the first: `a..b`: the name has an empty element (a dot too many)\n";
        assert_eq!(answer, expected);
        assert!(bench.written().contains("\"a.b\""), "the others are on disk");
    });
    assert_eq!(
        bench.counted(),
        ListenerTotals {
            received: 4,
            refused: 3
        }
    );
    let reports = bench.reports.lock().unwrap();
    let count: u64 = reports.iter().map(|(_, refused)| refused.count).sum();
    assert_eq!(count, 3);
    assert!(reports[0].1.first.starts_with("`a..b`: "), "{reports:?}");
    assert!(!bench.written().contains("17}"), "it may have been cut");
}

#[test]
fn what_has_come_when_it_ends_is_still_taken() {
    let bench = Bench::graphite();
    let mut stream = None;
    bench.run(|| {
        let mut sender = TcpStream::connect(bench.address()).unwrap();
        sender.write_all(b"a.first 1 1700000000\n").unwrap();
        // From now on somebody reads it.
        bench.until_written("a.first");
        sender.write_all(b"a.last 1 1700000000\n").unwrap();
        stream = Some(sender);
    });
    assert!(bench.written().contains("a.last"));
    let mut answer = String::new();
    stream.unwrap().read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "ERR the agent is ending\n");
}

#[test]
fn a_browser_sends_nothing() {
    let bench = Bench::graphite();
    bench.run(|| {
        let page = "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\na.b 1 1700000000\n";
        assert_eq!(send(bench.address(), page), "ERR no HTTP is taken here\n");
    });
    assert_eq!(bench.written(), "");
}

#[test]
fn who_shows_a_credential_is_told_that_it_counts_for_nothing() {
    for bench in [Bench::graphite(), Bench::statsd(Settings::default())] {
        bench.run(|| {
            let mut stream = TcpStream::connect(bench.address()).unwrap();
            stream.write_all(b"AUTH apikey secret s-guid\n").unwrap();
            // It is waited for before anything else is sent, so that it cannot come at the end alone.
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            let expected = "ERR no `AUTH` line is taken here: the agent sends under its own identity; leave the line out\n";
            assert_eq!(answer, expected);
            let text = "AUTH iam secret\na.b 1 1700000000\na.b:1|c\n";
            assert_eq!(send(bench.address(), text), expected);
        });
        assert_eq!(bench.written(), "");
        assert_eq!(
            bench.counted(),
            ListenerTotals {
                received: 2,
                refused: 2
            }
        );
        let reports = bench.reports.lock().unwrap();
        assert!(!reports.is_empty());
        assert!(!format!("{reports:?}").contains("secret"), "{reports:?}");
    }
}

#[test]
fn no_more_connections_than_there_may_be() {
    let bench = Bench::graphite();
    bench.run(|| {
        let address = bench.address();
        let mut held = Vec::new();
        for number in 0..CONNECTIONS_MAX {
            let mut stream = TcpStream::connect(address).unwrap();
            writeln!(stream, "a.held{number} 1 1700000000").unwrap();
            held.push(stream);
        }
        for number in 0..CONNECTIONS_MAX {
            bench.until_written(&format!("\"a.held{number}\""));
        }
        let mut refused = TcpStream::connect(address).unwrap();
        let mut answer = String::new();
        refused.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "ERR there are 64 connections already\n");
        // A place that is free again is given again.
        drop(held.pop());
        let begun = Instant::now();
        while !try_send(address, "a.again 1 1700000000\n").is_ok_and(|answer| answer.is_empty()) {
            assert!(begun.elapsed() < PATIENCE);
        }
        assert!(bench.written().contains("a.again"));
    });
}

#[test]
fn statsd_is_summed_up_and_flushed_at_the_end() {
    let settings = Settings {
        flush_interval_ms: 3_600_000,
        percentiles: vec![50.0],
        ..Settings::default()
    };
    let bench = Bench::statsd(settings);
    bench.run(|| {
        let socket = UdpSocket::bind(ANY).unwrap();
        for _ in 0..10 {
            socket
                .send_to(b"shop.orders:1|c|@0.5\nshop.users:ada|s", bench.address())
                .unwrap();
        }
        let text = "shop.latency:320|ms\nshop.load:3|g\nshop.load:+4|g\nshop.x:1|y\nshop.cut:1";
        let answer = send(bench.address(), text);
        let expected = "ERR 2 of 5 values were refused; the first: `shop.x`: ";
        assert!(answer.starts_with(expected), "{answer}");
        let begun = Instant::now();
        while bench.counted().received < 25 {
            assert!(begun.elapsed() < PATIENCE, "{:?}", bench.counted());
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    for (name, value) in [
        ("stats_counts.shop.orders", "20"),
        ("stats.timers.shop.latency.mean_50", "320"),
        ("stats.gauges.shop.load", "7"),
        ("stats.sets.shop.users.count", "1"),
    ] {
        let expected = format!("{{\"name\":\"{name}\",\"value\":{value},");
        assert!(
            bench.written().contains(&expected),
            "{expected}: {}",
            bench.written()
        );
    }
    assert_eq!(
        bench.counted(),
        ListenerTotals {
            received: 25,
            refused: 2
        }
    );
}

#[test]
fn statsd_is_flushed_at_its_interval() {
    let settings = Settings {
        flush_interval_ms: 200,
        ..Settings::default()
    };
    let bench = Bench::statsd(settings);
    bench.run(|| {
        let socket = UdpSocket::bind(ANY).unwrap();
        socket.send_to(b"one:1|c", bench.address()).unwrap();
        bench.until_written("stats_counts.one");
        // Each flush has a second of its own, whatever the interval.
        let times = || {
            let written = bench.written();
            let parts = written.split("stats_counts.one").skip(1);
            let times = parts.map(|part| {
                let (_, time) = part.split_once("\"timestamp\":").unwrap();
                time.split('}').next().unwrap().to_owned()
            });
            times.collect::<Vec<_>>()
        };
        let begun = Instant::now();
        while times().len() < 4 {
            assert!(begun.elapsed() < PATIENCE);
            std::thread::sleep(Duration::from_millis(5));
        }
        let all = times();
        let mut different = all.clone();
        different.dedup();
        assert_eq!(all, different);
    });
}

/// A flush that waited for the disk once kept the stop from ending that wait.
#[test]
fn a_disk_that_takes_nothing_keeps_no_end_waiting() {
    let settings = Settings {
        flush_interval_ms: 50,
        ..Settings::default()
    };
    let bench = Arc::new(Bench::statsd(settings));
    let long = "x".repeat(900);
    let mut batch = Batch::default();
    for _ in 0..500 {
        batch.push(&SeriesName::parse(&long).unwrap(), Millis(1000), 1.0);
    }
    while bench.intake.try_put(&batch) {}
    let mut sums = bench.listeners.sums.lock();
    let reading = packet(b"one:1|c", true, |metric| sums.aggregator.add(metric));
    assert_eq!((reading.received, reading.rejected()), (1, 0));
    drop(sums);
    // Not in a scope: where they do not end, this test fails and does not wait for them.
    let (to_end, ended) = mpsc::channel();
    let (shared, written) = (Arc::clone(&bench), to_end.clone());
    std::thread::spawn(move || {
        let given_up = shared.intake.write(|_, _| false);
        written.send(given_up > 0).unwrap();
    });
    let shared = Arc::clone(&bench);
    std::thread::spawn(move || {
        let served = shared
            .listeners
            .serve(&shared.intake, &shared.notifier, |_, _| {});
        shared.intake.close();
        to_end.send(served.is_ok()).unwrap();
    });
    let begun = Instant::now();
    while bench.listeners.sums.lock().flushed_at < Millis(0) {
        assert!(begun.elapsed() < PATIENCE, "it was never flushed");
        std::thread::sleep(Duration::from_millis(5));
    }
    bench.notifier.stop();
    for _ in 0..2 {
        assert_eq!(ended.recv_timeout(PATIENCE), Ok(true));
    }
}

#[test]
fn an_address_that_is_taken_is_told() {
    let taken = std::net::TcpListener::bind(ANY).unwrap();
    let address = taken.local_addr().unwrap();
    let wanted = ListenerSettings {
        graphite: Some(address),
        ..ListenerSettings::default()
    };
    let error = Listeners::bind(&wanted).unwrap_err();
    assert!(matches!(error, ListenerError::Address { address: refused, .. } if refused == address));
    let wanted = ListenerSettings {
        sums: Settings {
            percentiles: vec![0.0],
            ..Settings::default()
        },
        ..ListenerSettings::default()
    };
    assert!(matches!(
        Listeners::bind(&wanted),
        Err(ListenerError::Sums(_))
    ));
}
