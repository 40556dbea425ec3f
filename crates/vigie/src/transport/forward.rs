//! Plain HTTP through a proxy (RFC 9112, 3.2.2): the request line has the whole URL, and the proxy forwards the request. The
//! library would use a tunnel (`CONNECT`) instead, which many proxies allow only to port 443.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use ureq::config::Config;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};
use ureq::{Error, Proxy};

/// Connects to the proxy of a request that goes to an address without TLS.
#[derive(Debug)]
pub(super) struct ForwardConnector {
    /// The agent's settings without a proxy, for the connection to the proxy itself.
    direct: Config,
}

impl ForwardConnector {
    pub(super) const fn new(direct: Config) -> Self {
        Self { direct }
    }
}

impl Connector<()> for ForwardConnector {
    type Out = ForwardProxy;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        _: Option<()>,
    ) -> Result<Option<ForwardProxy>, Error> {
        let Some(proxy) = details.config.proxy().filter(|_| !details.needs_tls()) else {
            return Ok(None);
        };
        let to_proxy = ConnectionDetails {
            uri: proxy.uri(),
            addrs: (details.resolver).resolve(proxy.uri(), &self.direct, details.timeout)?,
            config: &self.direct,
            request_level: details.request_level,
            resolver: details.resolver,
            now: details.now,
            timeout: details.timeout,
            current_time: details.current_time.clone(),
            run_connector: details.run_connector.clone(),
            register_shutdown: details.register_shutdown.clone(),
        };
        let authority = details
            .uri
            .authority()
            .map_or("", |authority| authority.as_str());
        Ok(Some(ForwardProxy {
            inner: (details.run_connector)(&to_proxy)?,
            origin: format!("http://{authority}"),
            authorization: authorization(proxy),
            is_at_head: true,
        }))
    }
}

/// `Basic …`, where user or password are in the proxy's address.
fn authorization(proxy: &Proxy) -> Option<String> {
    if proxy.username().is_none() && proxy.password().is_none() {
        return None;
    }
    let (user, password) = (
        proxy.username().unwrap_or_default(),
        proxy.password().unwrap_or_default(),
    );
    Some(format!(
        "Basic {}",
        STANDARD.encode(format!("{user}:{password}"))
    ))
}

/// A connection to a proxy; it rewrites the first line of each request.
pub(super) struct ForwardProxy {
    inner: Box<dyn Transport>,
    origin: String,
    authorization: Option<String>,
    /// Whether the next output begins a request: at first, and after an answer.
    is_at_head: bool,
}

/// Without the password.
impl fmt::Debug for ForwardProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forward")
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

impl Transport for ForwardProxy {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        if !self.is_at_head {
            return self.inner.transmit_output(amount, timeout);
        }
        self.is_at_head = false;
        let written = self.inner.buffers().output();
        let written = written.get(..amount).unwrap_or_default();
        let head = completed(written, &self.origin, self.authorization.as_deref())
            .ok_or_else(|| Error::Other("a request without a first line".into()))?;
        let mut rest = head.as_slice();
        while !rest.is_empty() {
            let output = self.inner.buffers().output();
            let (now, later) = rest.split_at(rest.len().min(output.len()));
            let Some(place) = output.get_mut(..now.len()).filter(|_| !now.is_empty()) else {
                return Err(Error::Other("no room to send anything".into()));
            };
            place.copy_from_slice(now);
            self.inner.transmit_output(now.len(), timeout)?;
            rest = later;
        }
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.is_at_head = true;
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        false
    }
}

/// Rewrites `GET /path HTTP/1.1` to the whole URL, followed by the proxy's own header.
fn completed(written: &[u8], origin: &str, authorization: Option<&str>) -> Option<Vec<u8>> {
    let end = written.windows(2).position(|two| two == b"\r\n")?;
    let (line, rest) = written.split_at_checked(end)?;
    let line = std::str::from_utf8(line).ok()?;
    let (method, target) = line.split_once(' ')?;
    if !target.starts_with('/') {
        return None;
    }
    let mut head = format!("{method} {origin}{target}").into_bytes();
    if let Some(authorization) = authorization {
        head.extend_from_slice(b"\r\nProxy-Authorization: ");
        head.extend_from_slice(authorization.as_bytes());
    }
    head.extend_from_slice(rest);
    Some(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_gets_the_whole_address_and_nothing_else_changes() {
        let text = |written: &str, authorization| {
            completed(written.as_bytes(), "http://h:1", authorization)
                .map(|head| String::from_utf8(head).unwrap())
        };
        assert_eq!(
            text("GET /a?b HTTP/1.1\r\nHost: h:1\r\n\r\nbody\r\n", None).as_deref(),
            Some("GET http://h:1/a?b HTTP/1.1\r\nHost: h:1\r\n\r\nbody\r\n")
        );
        assert_eq!(
            text("POST / HTTP/1.1\r\n", Some("Basic x")).as_deref(),
            Some("POST http://h:1/ HTTP/1.1\r\nProxy-Authorization: Basic x\r\n")
        );
        for wrong in ["", "GET /", "GET\r\n", "GET h HTTP/1.1\r\n"] {
            assert_eq!(text(wrong, None), None, "{wrong}");
        }
    }
}
