//! The latency of an honest sender, by HTTP and on a connection of lines, while another tenant sends the costliest that the limits
//! of senders allow, as fast as the server reads it.

use super::server::{Server, p99, vigied};
use crate::process::work_folder;
use anyhow::{Context, Result, ensure};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use socket2::{Domain, Protocol, Socket, Type};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The 99th percentile may be this, or [`TIMES_MAX`] times what it is without the attack, whichever is more.
const P99_MS_MAX: f64 = 50.0;

/// For a machine that is slow, or busy with something else.
const TIMES_MAX: f64 = 5.0;

/// How long each is measured.
const MEASURED: Duration = Duration::from_secs(10);

/// How many send at once.
const ATTACKERS: usize = 8;

/// They come from an address of their own, as most do; the honest sender is at 127.0.0.1.
const ATTACKER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 66);

/// About the longest line that statsd's listener takes, with a key before its name.
const LINE_BYTES: usize = 8000;

/// The size of a datagram, at the most.
const DATAGRAM_BYTES: usize = 60_000;

/// The listeners that are measured.
struct Listeners {
    lines: SocketAddr,
    statsd: SocketAddr,
    datagrams: SocketAddr,
}

/// An attack: bytes that are sent again and again, after those that open the connection.
struct Attack {
    name: &'static str,
    to: SocketAddr,
    by_datagrams: bool,
    begin: String,
    bytes: Vec<u8>,
}

/// How long samples of the honest sender took, in milliseconds, ascending.
struct Took {
    http: Vec<f64>,
    lines: Vec<f64>,
}

pub(super) fn run() -> Result<()> {
    let folder = work_folder()?.join("bench-attacks");
    let listeners = Listeners {
        lines: free_address()?,
        statsd: free_address()?,
        datagrams: free_address()?,
    };
    let [lines, statsd, datagrams] =
        [listeners.lines, listeners.statsd, listeners.datagrams].map(|address| address.to_string());
    let settings = [
        ("VIGIE_GRAPHITE_LISTEN", lines.as_str()),
        ("VIGIE_STATSD_LISTEN", statsd.as_str()),
        ("VIGIE_STATSD_UDP_LISTEN", datagrams.as_str()),
    ];
    let server = Server::start(&vigied()?, &folder, &settings)?;
    let attacks = attacks(&server, &listeners)?;
    let alone = sent_while(&server, &listeners, None)?;
    let (mut worst_post, mut worst_line) = (0.0_f64, 0.0_f64);
    for attack in &attacks {
        let beside = sent_while(&server, &listeners, Some(attack))?;
        worst_post = worst_post.max(p99(&beside.http)?);
        worst_line = worst_line.max(p99(&beside.lines)?);
    }
    for (what, worst, alone) in [
        ("a POST", worst_post, p99(&alone.http)?),
        ("a line", worst_line, p99(&alone.lines)?),
    ] {
        let allowed = P99_MS_MAX.max(TIMES_MAX * alone);
        ensure!(
            worst <= allowed,
            "{what} of an honest sender has a 99th percentile of {worst:.1} ms, more than {allowed:.1} ms"
        );
    }
    Ok(())
}

/// An address that nobody listens at.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Each with what it is the worst of.
fn attacks(server: &Server, listeners: &Listeners) -> Result<Vec<Attack>> {
    let (token, key) = credentials(server)?;
    let name = "n".repeat(900);
    let filled = |name: &str, value: &str, end: &str| {
        let begin = format!("{key}.{name}:");
        let room = LINE_BYTES.saturating_sub(begin.len() + end.len());
        format!("{begin}{}{end}\n", value.repeat(room / value.len()))
    };
    let values = filled(&name, "1:", "1|c");
    let tagged = filled(&name, "1|c|#a:b|@1:", "1|c|#a:b");
    let refused = filled(&name, "x:", "x|c");
    let by_datagram = values.repeat(DATAGRAM_BYTES / values.len());
    let names: String = (0..20_000)
        .map(|number| format!("{key}.many.n{number}:1|ms\n"))
        .collect();
    let statsd = |name, lines: String| Attack {
        name,
        to: listeners.statsd,
        by_datagrams: false,
        begin: String::new(),
        bytes: lines.into_bytes(),
    };
    let lines = |name, lines: String| Attack {
        name,
        to: listeners.lines,
        by_datagrams: false,
        begin: format!("AUTH iam {token} s-{}\n", server.other_space),
        bytes: lines.into_bytes(),
    };
    let now = seconds()?;
    Ok(vec![
        statsd("thousands of values of a name", values),
        statsd("values with tags each", tagged),
        statsd("thousands of refused values", refused),
        statsd("timers of 20 000 names", names),
        Attack {
            name: "the first by datagrams",
            to: listeners.datagrams,
            by_datagrams: true,
            begin: String::new(),
            bytes: by_datagram.into_bytes(),
        },
        lines("renewals that fail", forged(&token)),
        lines("lines that are refused", "a..b 1 1\n".repeat(4000)),
        lines(
            "lines that are stored",
            format!("a.b 1 {now}\n").repeat(3000),
        ),
    ])
}

/// `AUTH` lines whose tokens are whole but for their signature, which has to be checked.
fn forged(token: &str) -> String {
    let (rest, signature) = token.rsplit_once('.').unwrap_or((token, ""));
    let tail = signature.get(1..).unwrap_or_default();
    let letters = ('a'..='z').chain('A'..='Z');
    let others = letters.filter(|letter| !signature.starts_with(*letter));
    others
        .map(|letter| format!("AUTH iam {rest}.{letter}{tail}\n"))
        .collect()
}

/// A token of the other tenant, and a key that may only send to its space, which takes it before names.
fn credentials(server: &Server) -> Result<(String, String)> {
    let form = format!(
        "grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey&apikey={}",
        utf8_percent_encode(&server.other, NON_ALPHANUMERIC)
    );
    let urlencoded = "Content-Type: application/x-www-form-urlencoded\r\n";
    let token = server.ask("POST", "/identity/token", urlencoded, &form)?;
    let token = text(&token, "access_token")?;
    let bearer = format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n");
    let person = server.ask("GET", "/identity/userinfo", &bearer, "")?;
    let domain = format!("s-{}", server.other_space);
    let wanted = json!({
        "name": "sender",
        "iam_id": text(&person, "iam_id")?,
        "reach": {"domain": domain, "only": "send"},
    });
    let made = server.ask("POST", "/v1/apikeys", &bearer, &wanted.to_string())?;
    let scoped = format!("{bearer}X-Auth-Scope-Id: {domain}\r\n");
    let taken = json!({"key_before_names": true}).to_string();
    server.ask("PUT", "/v1/settings/domain", &scoped, &taken)?;
    let key = text(&made, "apikey")?;
    Ok((token, key))
}

fn text(value: &Value, field: &str) -> Result<String> {
    let text = value.get(field).and_then(Value::as_str);
    let text = text.with_context(|| format!("the answer has no `{field}`"))?;
    Ok(text.to_owned())
}

fn seconds() -> Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())
}

/// A connection that comes from this address.
fn connect_from(from: Ipv4Addr, to: SocketAddr) -> Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    socket.bind(&SocketAddr::new(IpAddr::V4(from), 0).into())?;
    socket.connect_timeout(&to.into(), Duration::from_secs(20))?;
    let stream = TcpStream::from(socket);
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Sends samples by HTTP and on a connection of lines, beside an attack where there is one, and prints what they took.
fn sent_while(server: &Server, listeners: &Listeners, attack: Option<&Attack>) -> Result<Took> {
    let (over, sent) = (AtomicBool::new(false), AtomicU64::new(0));
    let took = std::thread::scope(|scope| {
        for _ in 0..attack.map_or(0, |_| ATTACKERS) {
            scope.spawn(|| {
                while let Some(attack) = attack
                    && !over.load(Ordering::Relaxed)
                {
                    // Whoever is closed comes again in a moment.
                    let _ = send(attack, &over, &sent);
                    std::thread::sleep(Duration::from_millis(10));
                }
            });
        }
        let lines = scope.spawn(|| lines_for(server, listeners.lines, MEASURED));
        let http = server.write_for(MEASURED, &server.owner);
        let lines = lines.join();
        over.store(true, Ordering::Relaxed);
        let lines = lines.map_err(|_| anyhow::anyhow!("the sender of lines has failed"))?;
        Ok::<_, anyhow::Error>(Took {
            http: http?,
            lines: lines?,
        })
    })?;
    for (what, took) in [("POST", &took.http), ("line", &took.lines)] {
        println!(
            "{:>30}, {what}: {} samples, median {:.1} ms, p99 {:.1} ms, longest {:.1} ms",
            attack.map_or("nobody attacks", |attack| attack.name),
            took.len(),
            took.get(took.len() / 2).copied().unwrap_or_default(),
            p99(took)?,
            took.last().copied().unwrap_or_default(),
        );
    }
    let megabytes = sent.load(Ordering::Relaxed) / 1_000_000;
    if attack.is_some() {
        println!("{megabytes:>30} MB of it were sent");
    }
    Ok(took)
}

/// Attacks until it is over, or the server has closed.
fn send(attack: &Attack, over: &AtomicBool, sent: &AtomicU64) -> Result<()> {
    if attack.by_datagrams {
        let socket = UdpSocket::bind((ATTACKER, 0))?;
        while !over.load(Ordering::Relaxed) {
            let bytes = socket.send_to(&attack.bytes, attack.to)?;
            sent.fetch_add(bytes as u64, Ordering::Relaxed);
            // Far more than the server takes, and not all of the machine.
            std::thread::sleep(Duration::from_millis(1));
        }
        return Ok(());
    }
    let mut stream = connect_from(ATTACKER, attack.to)?;
    stream.write_all(attack.begin.as_bytes())?;
    let moment = Duration::from_millis(20);
    stream.set_write_timeout(Some(moment))?;
    stream.set_read_timeout(Some(Duration::from_millis(1)))?;
    let (mut answers, mut at) = ([0; 16 * 1024], 0);
    while !over.load(Ordering::Relaxed) {
        // A part of a line is followed by its rest, whatever stops it.
        let rest = attack.bytes.get(at..).unwrap_or_default();
        match stream.write(rest) {
            Ok(bytes) => {
                sent.fetch_add(bytes as u64, Ordering::Relaxed);
                at = (at + bytes) % attack.bytes.len().max(1);
            }
            Err(error) if passes(&error) => {}
            Err(error) => return Err(error.into()),
        }
        // The server writes nothing to who does not read.
        match stream.read(&mut answers) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if passes(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn passes(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}

/// Sends one line after another for as long: what each took until it was stored, in milliseconds, ascending. The answer to the
/// renewal after it says that.
fn lines_for(server: &Server, to: SocketAddr, long: Duration) -> Result<Vec<f64>> {
    let mut stream = connect_from(Ipv4Addr::LOCALHOST, to)?;
    stream.set_read_timeout(Some(Duration::from_secs(120)))?;
    let mut answers = BufReader::new(stream.try_clone()?);
    let auth = format!("AUTH apikey {} s-{}\n", server.owner, server.owner_space);
    let mut ask = |lines: &str| -> Result<()> {
        stream.write_all(lines.as_bytes())?;
        let mut answer = String::new();
        answers.read_line(&mut answer)?;
        ensure!(
            answer.starts_with("OK "),
            "an honest sender is told `{}`",
            answer.trim_end()
        );
        Ok(())
    };
    ask(&auth)?;
    let (mut took, begun) = (Vec::new(), Instant::now());
    while begun.elapsed() < long {
        let line = format!("a.neighbour.line 1 {}\n{auth}", seconds()?);
        let sent = Instant::now();
        ask(&line)?;
        took.push(sent.elapsed().as_secs_f64() * 1000.0);
    }
    took.sort_by(f64::total_cmp);
    Ok(took)
}
