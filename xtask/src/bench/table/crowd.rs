//! Rows of who is served while a crowd of connections is there: most say nothing, some a byte now and then.

use super::baseline::Programs;
use super::row::{Bound, Row, median};
use crate::bench::server::{Server, p99};
use anyhow::{Result, bail, ensure};
use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use socket2::{Domain, Protocol, Socket, Type};
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How many say nothing, and how many a byte now and then.
const SILENT: usize = 10_000;
const SLOW: usize = 1000;

/// From so many addresses, 127.0.1.1 and on.
const ADDRESSES: usize = 20;

/// How many silent ones come again before the next pause of 20 ms.
const REPLACED_AT_ONCE: usize = 50;

/// How many slow ones send a byte before it.
const BETWEEN_PAUSES: usize = 100;

/// The limit `connections`: beyond it, a new connection takes the place of an idle one.
const STAYING: usize = 4096;

const WINDOWS: usize = 10;
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

    /// Some of the silent ones that the server has closed come again: clients that know nothing of each other do not come all at once. The
    /// system says which they are: a program that looked at each would keep a processor busy, which a crowd on machines of its own takes
    /// from nobody.
    fn replace_silent(&mut self) -> Result<()> {
        let mut closed = Vec::with_capacity(REPLACED_AT_ONCE);
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

    /// Again and again: a byte of each slow one, and again whoever was closed; 2500 connections a second at the most.
    fn go_on(&mut self, over: &AtomicBool) -> Result<()> {
        while !over.load(Ordering::Relaxed) {
            for begin in (0..SLOW).step_by(BETWEEN_PAUSES) {
                let slow = self.slow.iter_mut().enumerate();
                for (at, stream) in slow.skip(begin).take(BETWEEN_PAUSES) {
                    if stream.write_all(b"x").is_err()
                        && let Ok(new) = connect_from(address(at), self.to)
                    {
                        *stream = new;
                    }
                }
                self.replace_silent()?;
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        Ok(())
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

/// The 99th percentile of the time of requests on connections of their own, or on a kept one, in milliseconds: the median of that of each
/// window, because a pause of the machine for a moment is half of the hundredth that counts in one of them, and in none of the others.
fn asked(server: &Server, mut ask: impl FnMut() -> Result<TcpStream>) -> Result<f64> {
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
    median(percentiles)
}

pub(super) fn rows(programs: &Programs<'_>) -> Result<Vec<Row>> {
    let server = Server::start(programs.vigied()?, &programs.folder("crowd")?, &[])?;
    let to: SocketAddr = server.address.trim_start_matches("http://").parse()?;
    let kept = connect_from(address(0), to)?;
    let new = || connect_from(Ipv4Addr::new(127, 0, 2, 1), to);
    let old = || Ok(kept.try_clone()?);
    let (new_before, kept_before) = (asked(&server, new)?, asked(&server, old)?);
    let mut crowd = Crowd::gather(to)?;
    crowd.count("before the requests")?;
    let over = AtomicBool::new(false);
    let (new_now, kept_now) = std::thread::scope(|scope| {
        let others = scope.spawn(|| crowd.go_on(&over));
        let measured = asked(&server, new).and_then(|new| Ok((new, asked(&server, old)?)));
        over.store(true, Ordering::Relaxed);
        match others.join() {
            Ok(ended) => ended?,
            Err(_) => bail!("the crowd has failed"),
        }
        measured
    })?;
    crowd.count("behind the requests")?;
    let row = |who: &str, before: f64, now: f64| Row {
        what: format!(
            "a request {who}, 99th percentile: without (before) and with (now) {SILENT} silent and \
             {SLOW} slow connections of {ADDRESSES} addresses"
        ),
        unit: "ms",
        before,
        now,
        ratio: now / before,
        bound: Bound::AtMost(TIMES_MAX),
        or_at_most: None,
    };
    Ok(vec![
        row(
            "from another address on a connection of its own",
            new_before,
            new_now,
        ),
        row(
            "of one of the addresses on a connection kept",
            kept_before,
            kept_now,
        ),
    ])
}
