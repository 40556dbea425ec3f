//! The state that all connections of a listener share: the routes, TLS, limits and the HTTP settings.

use super::proxies::Proxies;
use super::source_schedule::StreamExecutor;
use super::times::Times;
use super::tls::Tls;
use axum::Router;
use http::HeaderValue;
use hyper_util::rt::TokioTimer;
use hyper_util::server::conn::auto::Builder;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often HTTP/2 peers are pinged to find dead ones, and how long they may take to answer.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// Streams of one HTTP/2 connection at once.
const STREAMS_MAX: u32 = 256;

/// Unprocessed streams that the client has reset; more of them end the connection (CVE-2023-44487).
const PENDING_RESETS_MAX: usize = 20;

/// Streams that the server has reset for client errors; more of them end the connection (CVE-2025-8671).
const ERROR_RESETS_MAX: usize = 1024;

/// Flow-control windows: bytes a client may send ahead, per stream and per connection.
const STREAM_WINDOW_BYTES: u32 = 256 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 512 * 1024;

/// Bytes of one stream's answer buffered between its body and the socket.
const SEND_BUFFER_BYTES: usize = 32 * 1024;

/// The state that all connections of a listener share.
pub(super) struct ListenerContext {
    pub(super) router: Router,
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) proxies: Proxies,
    pub(super) times: Times,
    pub(super) hsts: Option<HeaderValue>,
    head_buffer_bytes: usize,
    /// The log has one warning about a connection without a usable PROXY header. Further ones are debug lines: anyone can cause
    /// many of them.
    has_warned: AtomicBool,
}

impl std::fmt::Debug for ListenerContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ListenerContext").finish_non_exhaustive()
    }
}

impl ListenerContext {
    /// `head_buffer_bytes`: how much of a request head hyper buffers.
    pub(super) fn new(
        router: Router,
        tls: Option<Arc<Tls>>,
        proxies: Proxies,
        times: Times,
        hsts: Option<HeaderValue>,
        head_buffer_bytes: usize,
    ) -> Self {
        Self {
            router,
            tls,
            proxies,
            times,
            hsts,
            head_buffer_bytes,
            has_warned: AtomicBool::new(false),
        }
    }

    /// The HTTP settings of a connection, whose streams this executor polls.
    pub(super) fn builder(&self, executor: StreamExecutor) -> Builder<StreamExecutor> {
        let mut builder = Builder::new(executor);
        builder
            .http1()
            .timer(TokioTimer::new())
            // Our own timer starts at the first byte of a head, so that idle connections may stay longer; it also covers HTTP/2.
            .header_read_timeout(None)
            // A client that has closed its side may wait for its answer; `client_watch` bounds how long.
            .half_close(true)
            .max_buf_size(self.head_buffer_bytes);
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT)
            .max_header_list_size(u32::try_from(self.head_buffer_bytes).unwrap_or(u32::MAX))
            .max_concurrent_streams(STREAMS_MAX)
            .max_pending_accept_reset_streams(PENDING_RESETS_MAX)
            .max_local_error_reset_streams(ERROR_RESETS_MAX)
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .max_send_buf_size(SEND_BUFFER_BYTES);
        builder
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
