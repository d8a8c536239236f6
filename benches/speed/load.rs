//! Asks a server as fast as it answers, over connections that stay open, and keeps the time of every answer.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
}

impl Ask {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self { method: "GET", path: path.into(), headers: Vec::new(), body: Bytes::new() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn sending(mut self, method: &'static str, body: impl Into<Bytes>) -> Self {
        (self.method, self.body) = (method, body.into());
        self
    }
}

/// An answer.
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) tag: Option<String>,
    pub(crate) body: Bytes,
}

/// What came of a while of asking.
#[derive(Debug, Default, Clone)]
pub(crate) struct Asked {
    pub(crate) times: Vec<Duration>,
    pub(crate) took: Duration,
    pub(crate) bytes: usize,
}

impl Asked {
    /// The time that a share of all answers came within.
    pub(crate) fn within(&self, share: f64) -> Duration {
        let mut times = self.times.clone();
        times.sort();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let place = (times.len() as f64 * share) as usize;
        times[place.min(times.len() - 1)]
    }

    pub(crate) fn a_second(&self) -> f64 {
        #[expect(clippy::cast_precision_loss)]
        let count = self.times.len() as f64;
        count / self.took.as_secs_f64()
    }
}

/// A connection.
pub(crate) struct Line(SendRequest<Full<Bytes>>);

impl Line {
    pub(crate) async fn open(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (sender, connection) = handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self(sender)
    }

    pub(crate) async fn ask(&mut self, ask: &Ask) -> Told {
        let mut request = hyper::Request::builder().method(ask.method).uri(&ask.path).header("host", "localhost");
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Full::new(ask.body.clone())).unwrap();
        self.0.ready().await.unwrap();
        let reply = self.0.send_request(request).await.unwrap();
        let status = reply.status().as_u16();
        let tag = reply.headers().get("etag").and_then(|tag| tag.to_str().ok()).map(str::to_owned);
        Told { status, tag, body: reply.into_body().collect().await.unwrap().to_bytes() }
    }

    /// How long an answer is, and its last bytes; it is not held.
    #[allow(dead_code, clippy::allow_attributes, reason = "one benchmark exports, the other does not")]
    pub(crate) async fn length(&mut self, ask: &Ask) -> (usize, String) {
        let mut request = hyper::Request::builder().method(ask.method).uri(&ask.path).header("host", "localhost");
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        let mut body = self.0.send_request(request.body(Full::new(Bytes::new())).unwrap()).await.unwrap().into_body();
        let (mut length, mut end) = (0, Vec::new());
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.unwrap().into_data() else { continue };
            length += data.len();
            end.extend_from_slice(&data);
            end.drain(..end.len().saturating_sub(200));
        }
        (length, String::from_utf8_lossy(&end).into_owned())
    }
}

/// How long is asked: a while, or so often.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Lasting {
    Time(Duration),
    #[allow(dead_code, clippy::allow_attributes, reason = "one benchmark uploads, the other does not")]
    Turns(usize),
}

/// Asks over so many lines; every answer must have the status.
pub(crate) async fn press(
    port: u16,
    lines: usize,
    lasting: Lasting,
    status: u16,
    next: &(impl Fn(usize) -> Ask + Sync),
) -> Asked {
    let turn = AtomicUsize::new(0);
    let begun = Instant::now();
    let workers = (0..lines).map(|_| async {
        let (mut line, mut own) = (Line::open(port).await, Asked::default());
        loop {
            let place = turn.fetch_add(1, Ordering::Relaxed);
            let over = match lasting {
                Lasting::Time(time) => begun.elapsed() >= time,
                Lasting::Turns(turns) => place >= turns,
            };
            if over {
                break own;
            }
            let ask = next(place);
            let asked = Instant::now();
            let told = line.ask(&ask).await;
            own.times.push(asked.elapsed());
            own.bytes += told.body.len();
            assert_eq!(told.status, status, "{} {}: {}", ask.method, ask.path, String::from_utf8_lossy(&told.body));
        }
    });
    let all = futures_util::future::join_all(workers).await;
    let took = begun.elapsed();
    let bytes = all.iter().map(|one| one.bytes).sum();
    Asked { times: all.into_iter().flat_map(|one| one.times).collect(), took, bytes }
}
