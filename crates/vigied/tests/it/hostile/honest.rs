//! An honest client during an attack: it sends one sample after another over one kept connection, and reports how it was
//! served.

use crate::harness::{Server, whole_answer};
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Time after which an honest request counts as not served.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// How long anybody else waits for what comes, however busy the machine is.
const LONG: Duration = Duration::from_secs(300);

/// Connects from an address of this machine's own 127.0.0.0/8, so that attacker and honest client can be two sources.
pub(super) fn connect_from(source: Ipv4Addr, server: &Server) -> io::Result<TcpStream> {
    let to: SocketAddr = server.serving.address.parse().unwrap();
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((IpAddr::V4(source), 0)).into())?;
    if let Err(error) = socket.connect_timeout(&to.into(), LONG) {
        // A signal came meanwhile, as of a child that ended.
        return match error.kind() {
            io::ErrorKind::Interrupted => connect_from(source, server),
            _ => Err(error),
        };
    }
    let stream = TcpStream::from(socket);
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(LONG))?;
    Ok(stream)
}

/// One answer of a kept connection: status and whole text.
pub(super) fn answer(stream: &mut TcpStream) -> io::Result<(u16, String)> {
    let answer = whole_answer(stream)?;
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.get(9..12).and_then(|status| status.parse().ok());
    Ok((status.ok_or(io::ErrorKind::InvalidData)?, text))
}

/// How an honest client was served.
#[derive(Debug, Default)]
pub(super) struct Served {
    /// How long each answered request took, in order.
    pub(super) took: Vec<Duration>,
    /// Answers other than 200, and missing ones.
    pub(super) refused: Vec<String>,
}

impl Served {
    /// The longest wait.
    pub(super) fn worst(&self) -> Duration {
        self.took.iter().copied().max().unwrap_or_default()
    }
}

/// An honest client that sends until it is told to stop.
#[derive(Debug)]
pub(super) struct Honest {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicBool>,
    thread: JoinHandle<Served>,
}

impl Honest {
    /// Begins to send one sample at a time (`durability=buffered`) from `source`, over one kept connection.
    pub(super) fn start(server: &Server, source: Ipv4Addr) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut stream = connect_from(source, server).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let body = r#"[{"name":"honest.client","value":1}]"#;
        let request = format!(
            "POST /v1/metrics?durability=buffered HTTP/1.1\r\nHost: vigie\r\nX-Auth-User-Token: apikey {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            server.owner.api_key,
            body.len()
        );
        // The first is sent at once: a connection that asks nothing has its time, and the thread may begin later.
        let mut begun = Instant::now();
        let mut sent = stream.write_all(request.as_bytes());
        let asked = Arc::clone(&stop);
        let answered = Arc::new(AtomicBool::new(false));
        let first = Arc::clone(&answered);
        let thread = std::thread::spawn(move || {
            let mut served = Served::default();
            loop {
                match sent.and_then(|()| answer(&mut stream)) {
                    Ok((200, _)) => {
                        served.took.push(begun.elapsed());
                        first.store(true, Ordering::Relaxed);
                    }
                    Ok((_, text)) => served.refused.push(text),
                    Err(error) => {
                        served.refused.push(error.to_string());
                        return served;
                    }
                }
                // Asked for after the request: a test that is over before this thread has begun is served once too.
                if asked.load(Ordering::Relaxed) {
                    return served;
                }
                begun = Instant::now();
                sent = stream.write_all(request.as_bytes());
            }
        });
        Self {
            stop,
            answered,
            thread,
        }
    }

    /// As [`Self::start`], and waits until it was served once: it is known from then on.
    pub(super) fn start_known(server: &Server, source: Ipv4Addr) -> Self {
        let honest = Self::start(server, source);
        while !honest.answered.load(Ordering::Relaxed) && !honest.thread.is_finished() {
            std::thread::yield_now();
        }
        honest
    }

    /// Stops the client; returns how it was served.
    pub(super) fn stop(self) -> Served {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

#[test]
fn an_honest_client_is_served_where_nobody_attacks() {
    let server = Server::start();
    let honest = Honest::start(&server, Ipv4Addr::new(127, 0, 0, 2));
    let mut other = connect_from(Ipv4Addr::new(127, 0, 0, 3), &server).unwrap();
    for _ in 0..20 {
        let ask = b"GET /health/live HTTP/1.1\r\nHost: vigie\r\n\r\n";
        other.write_all(ask).unwrap();
        assert_eq!(answer(&mut other).unwrap().0, 200);
    }
    let served = honest.stop();
    assert!(served.refused.is_empty(), "{:?}", served.refused);
    assert!(served.worst() < PATIENCE);
}
