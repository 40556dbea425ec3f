//! What all connections of a listener share: the routes, and how they are spoken to.

use super::proxies::Proxies;
use super::times::Times;
use super::tls::Tls;
use axum::Router;
use http::HeaderValue;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often a peer that has gone without a word is looked for, and how long it may take to answer.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// Streams of one HTTP/2 connection at once.
const STREAMS_MAX: u32 = 256;

/// Streams that a client has reset and that were not yet looked at; more end the connection (CVE-2023-44487).
const PENDING_RESETS_MAX: usize = 20;

/// Streams that we have reset for the client's errors; more end the connection (CVE-2025-8671).
const ERROR_RESETS_MAX: usize = 1024;

/// What a client may send ahead of being read, for one stream and for the connection.
const STREAM_WINDOW_BYTES: u32 = 256 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 512 * 1024;

/// What is kept of one stream's answer between its body and the socket.
const SEND_BUFFER_BYTES: usize = 32 * 1024;

/// What all connections of a listener share.
pub(super) struct Shared {
    pub(super) router: Router,
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) proxies: Proxies,
    pub(super) times: Times,
    pub(super) hsts: Option<HeaderValue>,
    pub(super) builder: Builder<TokioExecutor>,
    /// The operator has been told of a connection without a usable PROXY header; once is enough, strangers can make many.
    has_warned: AtomicBool,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Shared {
    /// `head_buffer_bytes`: what hyper buffers of a request's head.
    pub(super) fn new(
        router: Router,
        tls: Option<Arc<Tls>>,
        proxies: Proxies,
        times: Times,
        hsts: Option<HeaderValue>,
        head_buffer_bytes: usize,
    ) -> Self {
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            // Ours counts from a head's first byte, so that an idle connection may stay longer; and it counts for HTTP/2.
            .header_read_timeout(None)
            // Who has closed his side may wait for his answer; for how long, `followed` knows.
            .half_close(true)
            .max_buf_size(head_buffer_bytes);
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT)
            .max_header_list_size(u32::try_from(head_buffer_bytes).unwrap_or(u32::MAX))
            .max_concurrent_streams(STREAMS_MAX)
            .max_pending_accept_reset_streams(PENDING_RESETS_MAX)
            .max_local_error_reset_streams(ERROR_RESETS_MAX)
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .max_send_buf_size(SEND_BUFFER_BYTES);
        Self {
            router,
            tls,
            proxies,
            times,
            hsts,
            builder,
            has_warned: AtomicBool::new(false),
        }
    }

    pub(super) fn no_header(&self, peer: IpAddr, why: &dyn std::fmt::Display) {
        if self.has_warned.swap(true, Ordering::Relaxed) {
            tracing::debug!(%peer, %why, "connection refused: `proxy_protocol` is on");
        } else {
            tracing::warn!(
                %peer,
                %why,
                hint = "let the proxy send the header, name it in `trusted_proxies`, or turn `proxy_protocol` off; further ones are logged at `debug`",
                "connection refused: `proxy_protocol` is on"
            );
        }
    }
}
