//! Calls that the service itself makes: never to an address that nobody allowed, never along a redirect, never for long.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use url::Host;

use crate::domain::delivery::{Failure, Reply};
use crate::domain::network::Networks;

/// The longest an answer may take: the standard says fifteen to thirty seconds.
pub const LONGEST: Duration = Duration::from_secs(15);

/// Makes calls.
#[derive(Debug, Clone)]
pub struct Outgoing {
    networks: Arc<Networks>,
    https: Client,
    http: Client,
}

/// An address that must not be called.
#[derive(Debug, thiserror::Error)]
#[error("the address is not public, and no setting allows it")]
struct NotAdmitted;

/// A name that has no address.
#[derive(Debug, thiserror::Error)]
#[error("the name has no address")]
struct Unknown;

/// Finds the addresses of names, and tells only those that may be called: the connection is made to these and no others,
/// whatever the name says a moment later.
struct Guarded {
    networks: Arc<Networks>,
    https: bool,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let (networks, https) = (self.networks.clone(), self.https);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await.map_err(|_| Unknown)?;
            let found: Vec<SocketAddr> = found.collect();
            if found.is_empty() {
                return Err(Unknown.into());
            }
            let admitted: Vec<_> = found.into_iter().filter(|one| networks.admit(one.ip(), https)).collect();
            if admitted.is_empty() { Err(NotAdmitted.into()) } else { Ok(Box::new(admitted.into_iter()) as Addrs) }
        })
    }
}

impl Outgoing {
    /// Calls to public addresses by `https`, and to these networks.
    ///
    /// # Errors
    /// The machine has no certificates to trust.
    pub fn new(networks: Networks) -> Result<Self, reqwest::Error> {
        let networks = Arc::new(networks);
        let client = |https: bool| {
            Client::builder()
                .dns_resolver(Guarded { networks: networks.clone(), https })
                .redirect(Policy::none())
                .no_proxy()
                .timeout(LONGEST)
                .user_agent(concat!("jixiao/", env!("CARGO_PKG_VERSION")))
                .build()
        };
        Ok(Self { https: client(true)?, http: client(false)?, networks })
    }

    /// Whether a URL may be called as far as it says itself; what its name leads to is seen at every call.
    pub fn admits(&self, url: &Url) -> bool {
        let https = url.scheme() == "https";
        match url.host() {
            Some(Host::Ipv4(address)) => self.networks.admit(IpAddr::from(address), https),
            Some(Host::Ipv6(address)) => self.networks.admit(IpAddr::from(address), https),
            _ => true,
        }
    }

    /// Sends a message; the answer's body is not read.
    pub async fn post(&self, url: &str, media: &str, headers: Vec<(&'static str, String)>, body: String) -> Reply {
        let Ok(url) = Url::parse(url) else { return Reply::Failed(Failure::UnknownHost) };
        // An address that stands in the URL is not looked up.
        if !self.admits(&url) {
            return Reply::Failed(Failure::RefusedAddress);
        }
        let client = if url.scheme() == "https" { &self.https } else { &self.http };
        let mut request = client.post(url).header(CONTENT_TYPE, media).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        match request.send().await {
            Ok(answer) => Reply::Status(answer.status().as_u16(), retry_after(answer.headers())),
            Err(error) => Reply::Failed(why(&error)),
        }
    }
}

/// The seconds an answer asks to wait; a date is not understood, and the usual wait is taken.
fn retry_after(headers: &HeaderMap<HeaderValue>) -> Option<u32> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}

/// Why there was no answer, from the innermost cause on.
fn why(error: &reqwest::Error) -> Failure {
    if error.is_timeout() {
        return Failure::Timeout;
    }
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(one) = cause {
        if one.is::<NotAdmitted>() {
            return Failure::RefusedAddress;
        }
        if one.is::<Unknown>() {
            return Failure::UnknownHost;
        }
        if one.to_string().contains("certificate") {
            return Failure::NotTrusted;
        }
        cause = one.source();
    }
    Failure::NoConnection
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    async fn post(networks: &str, url: &str) -> Reply {
        let outgoing = Outgoing::new(networks.parse().unwrap()).unwrap();
        outgoing.post(url, "application/json", vec![("webhook-id", "1".into())], "{}".into()).await
    }

    /// Answers one call with these bytes, and tells what was sent.
    fn answering(answer: &'static str) -> (u16, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut sent = vec![0; 4096];
            let length = stream.read(&mut sent).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8(sent[..length].to_vec()).unwrap()
        });
        (port, seen)
    }

    #[actix_web::test]
    async fn what_nobody_allowed_is_not_called() {
        for url in [
            "http://127.0.0.1:9/",
            "https://127.0.0.1:9/",
            "http://localhost:9/",
            "https://[::1]:9/",
            "http://2130706433:9/",
        ] {
            assert_eq!(post("10.0.0.0/8", url).await, Reply::Failed(Failure::RefusedAddress), "{url}");
        }
        assert_eq!(post("127.0.0.1", "http://nowhere.invalid/").await, Reply::Failed(Failure::UnknownHost));
    }

    #[actix_web::test]
    async fn a_redirect_is_an_answer_like_others() {
        let (port, seen) =
            answering("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n");
        assert_eq!(post("127.0.0.1,::1", &format!("http://localhost:{port}/x?y=1")).await, Reply::Status(302, None));
        let sent = seen.join().unwrap();
        assert!(sent.starts_with("POST /x?y=1 HTTP/1.1\r\n") && sent.contains("webhook-id: 1\r\n"), "{sent}");
    }

    #[actix_web::test]
    async fn an_answer_may_ask_for_time() {
        let (port, _) = answering("HTTP/1.1 429 Wait\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n");
        assert_eq!(post("127.0.0.0/8", &format!("http://127.0.0.1:{port}/")).await, Reply::Status(429, Some(7)));
        // Nobody listens there any more.
        let again = post("127.0.0.0/8", &format!("http://127.0.0.1:{port}/")).await;
        assert_eq!(again, Reply::Failed(Failure::NoConnection));
    }
}
