//! A receiver of webhooks, as somebody else would write it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::Value;

/// A message as it came.
#[derive(Debug, Clone)]
pub struct Message {
    pub id: String,
    pub media: String,
    pub body: String,
    headers: reqwest::header::HeaderMap,
}

impl Message {
    /// The events in it.
    pub fn events(&self) -> Vec<Value> {
        match serde_json::from_str(&self.body).unwrap() {
            Value::Array(events) => events,
            event => vec![event],
        }
    }

    /// Whether a published verifier accepts it with a secret.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        standardwebhooks::Webhook::new(secret).unwrap().verify(self.body.as_bytes(), &self.headers).is_ok()
    }

    /// How many signatures it has.
    pub fn signatures(&self) -> usize {
        self.headers["webhook-signature"].to_str().unwrap().split(' ').count()
    }
}

/// How a message is answered.
#[derive(Debug, Clone, Copy)]
pub enum Answer {
    With(u16),
    MovedTo(&'static str),
    After(Duration),
}

#[derive(Default)]
struct Desk {
    came: Vec<Message>,
    next: VecDeque<Answer>,
}

/// A receiver; answers 204 unless it is told otherwise.
pub struct Receiver {
    pub url: String,
    desk: Arc<Mutex<Desk>>,
    server: actix_web::dev::ServerHandle,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

impl Receiver {
    pub fn start() -> Self {
        let desk = Arc::new(Mutex::new(Desk::default()));
        let state = Data::new(desk.clone());
        let server = HttpServer::new(move || App::new().app_data(state.clone()).default_service(web::to(take)));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/jixiao", listener.local_addr().unwrap());
        let running = server.workers(1).disable_signals().listen(listener).unwrap().run();
        let handle = running.handle();
        actix_web::rt::spawn(running);
        Self { url, desk, server: handle }
    }

    /// How the next messages are answered.
    pub fn answers(&self, answers: impl IntoIterator<Item = Answer>) {
        self.desk.lock().unwrap().next.extend(answers);
    }

    /// What came so far.
    pub fn came(&self) -> Vec<Message> {
        self.desk.lock().unwrap().came.clone()
    }

    /// The events of all that came, in that order.
    pub fn events(&self) -> Vec<Value> {
        self.came().iter().flat_map(Message::events).collect()
    }

    /// What came, once it is so many messages.
    pub async fn messages(&self, count: usize) -> Vec<Message> {
        let begun = Instant::now();
        loop {
            let came = self.came();
            if came.len() >= count {
                return came;
            }
            assert!(begun.elapsed() < Duration::from_secs(40), "{count} messages were awaited: {came:#?}");
            actix_web::rt::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

async fn take(request: HttpRequest, body: Bytes, desk: Data<Arc<Mutex<Desk>>>) -> HttpResponse {
    let text = |name: &str| request.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    let mut headers = reqwest::header::HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name, text(name).parse().unwrap());
    }
    let body = String::from_utf8(body.to_vec()).unwrap();
    let answer = {
        let mut desk = desk.lock().unwrap();
        desk.came.push(Message { id: text("webhook-id"), media: text("content-type"), body, headers });
        desk.next.pop_front()
    };
    match answer {
        None => HttpResponse::NoContent().finish(),
        Some(Answer::With(status)) => HttpResponse::build(StatusCode::from_u16(status).unwrap()).finish(),
        Some(Answer::MovedTo(url)) => HttpResponse::Found().insert_header(("location", url)).finish(),
        Some(Answer::After(wait)) => {
            actix_web::rt::time::sleep(wait).await;
            HttpResponse::NoContent().finish()
        }
    }
}
