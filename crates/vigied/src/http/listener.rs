//! Accepts connections, speaks HTTP/1.1 and HTTP/2 on them, and lets the last request finish at shutdown.

use super::tls::Tls;
use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

/// Time for a TLS handshake and for a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);

/// How long requests may go on after the shutdown signal at the very most; `crate::shutdown` ends it by the setting.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(3600);

/// Where a request came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(IpAddr);

impl Peer {
    /// Its address.
    pub(crate) const fn address(self) -> IpAddr {
        self.0
    }
}

/// How hard the listener works.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ListenerLimits {
    pub(crate) connections: usize,
    /// What hyper buffers of a request's head; larger than the limit, so that our own error answers first.
    pub(crate) head_buffer_bytes: usize,
}

/// What the listener tells: things that no request can be answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// A connection waits for a place.
    Full,
    /// A head was larger than even the buffer, or of too many lines: refused with a bare 431 or 414.
    HeadTooLarge,
}

/// Serves `router` until `stop` resolves, then drains. `heard` hears of what happens beside the requests.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    router: Router,
    limits: ListenerLimits,
    heard: impl Fn(Event) + Clone + Send + 'static,
    stop: impl Future<Output = ()>,
) {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(limits.connections));
    let mut stop = std::pin::pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, mostly: what frees one is a connection that ends.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        let place = match Arc::clone(&places).try_acquire_owned() {
            Ok(place) => Ok(place),
            Err(_) => {
                heard(Event::Full);
                tokio::select! {
                    place = Arc::clone(&places).acquire_owned() => place,
                    () = &mut stop => break,
                }
            }
        };
        let router = router.clone().layer(axum::Extension(Peer(peer.ip())));
        let (watcher, tls, heard) = (graceful.watcher(), tls.clone(), heard.clone());
        tokio::spawn(async move {
            let _place = place;
            let builder = builder(limits);
            let _ = stream.set_nodelay(true);
            match tls {
                None => run(&builder, stream, router, watcher, heard).await,
                Some(tls) => {
                    if let Some(stream) = handshake(stream, &tls).await {
                        run(&builder, stream, router, watcher, heard).await;
                    }
                }
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN_TIMEOUT, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!(
            seconds = DRAIN_TIMEOUT.as_secs(),
            "connections still open were cut"
        );
    }
}

fn builder(limits: ListenerLimits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(limits.head_buffer_bytes);
    let list = u32::try_from(limits.head_buffer_bytes).unwrap_or(u32::MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(list)
        .max_concurrent_streams(256);
    builder
}

async fn handshake(
    stream: TcpStream,
    tls: &Tls,
) -> Option<tokio_rustls::server::TlsStream<TcpStream>> {
    let acceptor = tokio_rustls::TlsAcceptor::from(tls.current());
    match tokio::time::timeout(HEAD_TIMEOUT, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            tracing::debug!(%error, "tls handshake failed");
            None
        }
        Err(_) => None,
    }
}

async fn run<S>(
    builder: &Builder<TokioExecutor>,
    stream: S,
    router: Router,
    watcher: hyper_util::server::graceful::Watcher,
    heard: impl Fn(Event),
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = TowerToHyperService::new(router.map_request(tidied));
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection.into_owned()).await {
        if is_too_large(&*error) {
            heard(Event::HeadTooLarge);
        }
        tracing::debug!(error, "connection ended early");
    }
}

/// The request without slashes that say nothing: `//v1/metrics/` is `/v1/metrics`. They come from clients that put a path
/// behind an address with a slash at its end. Done before anything looks at the path, so that all see the same one.
fn tidied<B>(mut request: http::Request<B>) -> http::Request<B> {
    if let Some(path) = tidy(request.uri().path()) {
        let query = request.uri().query();
        let target = query.map_or_else(|| path.clone(), |query| format!("{path}?{query}"));
        let mut parts = request.uri().clone().into_parts();
        parts.path_and_query = target.parse().ok();
        if let Ok(uri) = http::Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
    request
}

/// The path in its shortest form; `None` when it is that already.
fn tidy(path: &str) -> Option<String> {
    let is_tidy = !path.contains("//") && (path.len() < 2 || !path.ends_with('/'));
    if is_tidy {
        return None;
    }
    let parts = path.split('/').filter(|part| !part.is_empty());
    Some(parts.fold(String::new(), |whole, part| whole + "/" + part)).map(|path| {
        if path.is_empty() {
            "/".to_owned()
        } else {
            path
        }
    })
}

fn is_too_large(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    error
        .downcast_ref::<hyper::Error>()
        .is_some_and(hyper::Error::is_parse_too_large)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_that_say_nothing_go() {
        for (given, tidied) in [
            ("//v1/metrics", "/v1/metrics"),
            ("/v1//metrics/", "/v1/metrics"),
            ("/v1/metrics/", "/v1/metrics"),
            ("//", "/"),
        ] {
            assert_eq!(tidy(given).as_deref(), Some(tidied), "{given}");
        }
        for same in ["/", "/v1/metrics", "/v1/apikeys/a%2Fb"] {
            assert_eq!(tidy(same), None, "{same}");
        }
        let request = http::Request::get("http://h//v1/metrics/?target=a//b/").body(());
        let tidied = super::tidied(request.unwrap());
        assert_eq!(tidied.uri(), "http://h/v1/metrics?target=a//b/");
    }
}
