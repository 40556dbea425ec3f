//! Rows of who is served while a crowd of connections is there: most say nothing, some a byte now and then.

use super::baseline::Programs;
use super::row::{Bound, Row, median};
use crate::bench::server::{Server, p99};
use anyhow::{Result, bail, ensure};
use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::VecDeque;
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How many say nothing, and how many a byte now and then.
const SILENT: usize = 10_000;
const SLOW: usize = 1000;

/// From so many addresses, 127.0.1.1 and on.
const ADDRESSES: usize = 20;

/// What the crowd does is spread evenly, as by clients that know nothing of each other: what they do at once keeps a processor busy, and
/// callers wait for it, also beside a crowd that is connected to a program which only accepts.
const PAUSE: Duration = Duration::from_millis(1);

/// How many silent ones come again in a second.
const REPLACED_PER_SECOND: f64 = 2400.0;

/// How many slow ones send a byte in a second.
const BYTES_PER_SECOND: f64 = 5000.0;

/// How many of each at once, where the machine has kept the crowd from its work for longer than a pause.
const AT_ONCE_MAX: usize = 25;

/// The limit `connections`: beyond it, a new connection takes the place of an idle one.
const STAYING: usize = 4096;

const WINDOWS: usize = 15;
const REQUESTS_PER_WINDOW: usize = 300;
const TIMES_MAX: f64 = 5.0;

fn address(number: usize) -> Ipv4Addr {
    let last = u8::try_from(number % ADDRESSES).unwrap_or_default();
    Ipv4Addr::new(127, 0, 1, last + 1)
}

/// A connection that comes from this address.
fn connect_from(from: Ipv4Addr, to: SocketAddr) -> Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    socket.bind(&SocketAddr::new(IpAddr::V4(from), 0).into())?;
    connected(socket, to)
}

fn connected(socket: Socket, to: SocketAddr) -> Result<TcpStream> {
    socket.connect_timeout(&to.into(), Duration::from_secs(20))?;
    let stream = TcpStream::from(socket);
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    Ok(stream)
}

/// The crowd; a connection that the server has closed is replaced.
#[derive(Debug)]
struct Crowd {
    to: SocketAddr,
    silent: Vec<TcpStream>,
    slow: Vec<TcpStream>,
    /// Tells which of the silent ones are closed.
    closed: OwnedFd,
}

impl Crowd {
    fn gather(to: SocketAddr) -> Result<Self> {
        let connections = |number| {
            (0..number)
                .map(|at| connect_from(address(at), to))
                .collect()
        };
        let silent: Result<Vec<TcpStream>> = connections(SILENT);
        let slow: Result<Vec<TcpStream>> = connections(SLOW);
        let crowd = Self {
            to,
            silent: silent?,
            slow: slow?,
            closed: epoll::create(epoll::CreateFlags::CLOEXEC)?,
        };
        for (at, stream) in crowd.silent.iter().enumerate() {
            watch(&crowd.closed, stream, at)?;
        }
        for mut stream in &crowd.slow {
            // One that was closed already comes again below.
            let _ = stream.write_all(b"POST /v1/metrics HTTP/1.1\r\n");
        }
        Ok(crowd)
    }

    /// How many connections the server has left open, of each kind; fewer than it lets stay would be no crowd.
    fn count(&self, when: &str) -> Result<()> {
        let open = |all: &[TcpStream]| all.iter().filter(|stream| !is_closed(stream)).count();
        let (silent, slow) = (open(&self.silent), open(&self.slow));
        eprintln!("{when}: {silent} silent and {slow} slow connections are open");
        let needed = STAYING.min(SILENT + SLOW) * 95 / 100;
        ensure!(
            silent + slow >= needed,
            "{when} only {silent} silent and {slow} slow connections were open, of {needed}"
        );
        Ok(())
    }

    /// So many of the silent ones that the server has closed come again. The system says which they are: a program that looked at each
    /// would keep a processor busy, which a crowd on machines of its own takes from nobody.
    fn replace_silent(&mut self, most: usize) -> Result<()> {
        let mut closed = Vec::with_capacity(most);
        if most == 0 {
            return Ok(());
        }
        epoll::wait(
            &self.closed,
            spare_capacity(&mut closed),
            Some(&Timespec::default()),
        )?;
        for event in closed {
            let at = usize::try_from(event.data.u64())?;
            if let Ok(new) = connect_from(address(at), self.to)
                && let Some(stream) = self.silent.get_mut(at)
            {
                watch(&self.closed, &new, at)?;
                *stream = new;
            }
        }
        Ok(())
    }

    /// The next slow one sends a byte, or comes again where the server has closed it.
    fn send_byte(&mut self, at: usize) {
        if let Some(stream) = self.slow.get_mut(at)
            && stream.write_all(b"x").is_err()
            && let Ok(new) = connect_from(address(at), self.to)
        {
            *stream = new;
        }
    }

    /// Again and again: a byte of each slow one, and again whoever was closed.
    fn go_on(&mut self, over: &AtomicBool) -> Result<()> {
        let (mut replacing, mut sending) =
            (Pace::new(REPLACED_PER_SECOND), Pace::new(BYTES_PER_SECOND));
        let mut slow = (0..SLOW).cycle();
        while !over.load(Ordering::Relaxed) {
            self.replace_silent(replacing.due())?;
            for at in slow.by_ref().take(sending.due()) {
                self.send_byte(at);
            }
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }
}

/// Something that is done so often in a second.
#[derive(Debug)]
struct Pace {
    per_second: f64,
    last: Instant,
    /// What is due and was not done, less than one.
    rest: f64,
}

impl Pace {
    fn new(per_second: f64) -> Self {
        Self {
            per_second,
            last: Instant::now(),
            rest: 0.0,
        }
    }

    /// How often since the last call.
    fn due(&mut self) -> usize {
        let now = Instant::now();
        let passed = now.duration_since(self.last).as_secs_f64();
        self.last = now;
        self.rest += passed * self.per_second;
        let whole = self.rest.floor();
        self.rest -= whole;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is whole and not negative, and a large one is cut"
        )]
        let due = whole as usize;
        due.min(AT_ONCE_MAX)
    }
}

/// Has the system tell when the silent connection of this number is closed.
fn watch(closed: &OwnedFd, stream: &TcpStream, at: usize) -> Result<()> {
    let number = epoll::EventData::new_u64(u64::try_from(at)?);
    Ok(epoll::add(closed, stream, number, epoll::EventFlags::IN)?)
}

/// Whether the server has closed a connection, or answered what never was a whole request.
fn is_closed(stream: &TcpStream) -> bool {
    let _ = stream.set_nonblocking(true);
    let peeked = stream.peek(&mut [0]);
    !matches!(peeked, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
}

/// The 99th percentiles of the time of requests on connections of their own, or on a kept one, in milliseconds, one of each window. The
/// median of them counts, because a pause of the machine for a moment is half of the hundredth that counts in one, and in none of the others.
fn asked(server: &Server, mut ask: impl FnMut() -> Result<TcpStream>) -> Result<Vec<f64>> {
    let mut percentiles = Vec::new();
    for _ in 0..WINDOWS {
        let mut took = Vec::new();
        for _ in 0..REQUESTS_PER_WINDOW {
            let begun = Instant::now();
            let mut stream = ask()?;
            let path = "/v1/metrics/list?query=none";
            let status = server.request(&mut stream, "GET", path, &server.owner, "")?;
            ensure!(status == 200, "a listing was answered with {status}");
            took.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
        took.sort_by(f64::total_cmp);
        percentiles.push(p99(&took)?);
    }
    Ok(percentiles)
}

/// A program that does nothing but accept, and keeps the newest connections, as many as the server does.
fn only_accept(listener: &TcpListener, over: &AtomicBool) -> io::Result<()> {
    let mut kept = VecDeque::with_capacity(STAYING);
    while !over.load(Ordering::Relaxed) {
        kept.push_back(listener.accept()?.0);
        if kept.len() > STAYING {
            kept.pop_front();
        }
    }
    Ok(())
}

/// The percentiles of one caller on new connections, and of one on a kept one.
type Percentiles = (Vec<f64>, Vec<f64>);

/// What callers wait while a crowd is connected to an address.
fn beside_crowd(
    to: SocketAddr,
    measure: impl FnOnce() -> Result<Percentiles>,
) -> Result<Percentiles> {
    let mut crowd = Crowd::gather(to)?;
    crowd.count("before the requests")?;
    let over = AtomicBool::new(false);
    let measured = std::thread::scope(|scope| {
        let others = scope.spawn(|| crowd.go_on(&over));
        let measured = measure();
        over.store(true, Ordering::Relaxed);
        match others.join() {
            Ok(ended) => ended?,
            Err(_) => bail!("the crowd has failed"),
        }
        measured
    })?;
    crowd.count("behind the requests")?;
    Ok(measured)
}

/// The same with a crowd that is connected to a program which only accepts: what is left is the machine's.
fn beside_crowd_of_another_program(
    measure: impl FnOnce() -> Result<Percentiles>,
) -> Result<Percentiles> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let to = listener.local_addr()?;
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let accepting = scope.spawn(|| only_accept(&listener, &over));
        let measured = beside_crowd(to, measure);
        over.store(true, Ordering::Relaxed);
        // Unblocks `accept`, so that the thread sees `over`.
        drop(TcpStream::connect(to));
        match accepting.join() {
            Ok(ended) => ended?,
            Err(_) => bail!("who only accepts has failed"),
        }
        measured
    })
}

pub(super) fn rows(programs: &Programs<'_>) -> Result<Vec<Row>> {
    let server = Server::start(programs.vigied()?, &programs.folder("crowd")?, &[])?;
    let to: SocketAddr = server.address.trim_start_matches("http://").parse()?;
    let kept = connect_from(address(0), to)?;
    // `connect` picks its port: `bind` to port 0 takes milliseconds when thousands of ports are in TIME_WAIT.
    let new = || {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
        connected(socket, to)
    };
    let old = || Ok(kept.try_clone()?);
    let measure = || Ok((asked(&server, new)?, asked(&server, old)?));
    // A server that has just started serves its first callers more slowly.
    measure()?;
    // At two times, because the machine is not the same at all times.
    let mut before = measure()?;
    let beside_another = beside_crowd_of_another_program(measure)?;
    // What the first callers wait for may be the end of that crowd.
    measure()?;
    let again = measure()?;
    before.0.extend(again.0);
    before.1.extend(again.1);
    let beside = beside_crowd(to, measure)?;
    let row = |what: String, before: f64, now: f64, bound: Bound| Row {
        what,
        unit: "ms",
        before,
        now,
        ratio: now / before,
        bound,
        or_at_most: None,
    };
    let rows = |who: &str, before, beside, beside_another| {
        let (before, beside) = (median(before)?, median(beside)?);
        let what = format!(
            "a request {who}, 99th percentile: without (before) and with (now) {SILENT} silent and {SLOW} slow connections of \
             {ADDRESSES} addresses"
        );
        let compared = format!(
            "for comparison: a request {who}, while that crowd is connected to a program which only accepts (now)"
        );
        anyhow::Ok([
            row(what, before, beside, Bound::AtMost(TIMES_MAX)),
            row(compared, before, median(beside_another)?, Bound::None),
        ])
    };
    let of_new = rows(
        "from another address on a connection of its own",
        before.0,
        beside.0,
        beside_another.0,
    )?;
    let of_kept = rows(
        "of one of the addresses on a connection kept",
        before.1,
        beside.1,
        beside_another.1,
    )?;
    Ok(of_new.into_iter().chain(of_kept).collect())
}
