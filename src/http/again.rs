//! Answers that are given again. An answer is a function of the rows, the day, and who asks; the journal knows every change of
//! a row, so an answer that was made at a number of it is right until an entry that concerns it. Whoever asks again costs one
//! question, which all who ask at that moment share: where the journal stands.

use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{ETAG, HeaderMap};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse};
use metrics::counter;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::Context;
use super::condition::Conditions;
use super::identity::bearer;
use crate::domain::day::Day;
use crate::domain::kept::Resource;
use crate::store::newest::Newest;

/// What an answer shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// Rows of these resources.
    Rows(Vec<Resource>),
    /// What is computed from rows of any kind.
    Computed,
}

impl Shown {
    /// The newest change that concerns it.
    pub fn newest(&self, newest: &Newest) -> i64 {
        match self {
            Self::Rows(resources) => newest.of(resources),
            Self::Computed => newest.of_any(),
        }
    }
}

/// When an answer was made, and of what: it goes along with the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// What it shows.
    pub of: Shown,
    /// The newest change that concerned it, before its rows were read.
    pub at: i64,
    /// The day.
    pub on: Day,
}

/// An answer as it was given.
#[derive(Debug)]
struct Given {
    made: Made,
    /// The history of the database that it was made of.
    history: u64,
    tag: String,
    headers: HeaderMap,
    body: Bytes,
    route: Option<Route>,
}

/// The route of an answer that the router did not find, or found once: it is given again, or refuses a method.
#[derive(Debug, Clone)]
pub struct Route(Arc<str>);

impl Route {
    /// That of this pattern, `/v1/units/{id}`.
    pub fn new(pattern: &str) -> Self {
        Self(pattern.into())
    }

    /// That of a request which was answered; nothing where there is none.
    pub fn of(request: &HttpRequest) -> Option<Arc<str>> {
        let known = request.extensions().get::<Self>().map(|route| Arc::clone(&route.0));
        known.or_else(|| request.match_pattern().map(Into::into))
    }
}

/// Weighs answers by their bytes.
#[derive(Debug, Clone)]
struct Bytewise;

impl Weighter<String, Arc<Given>> for Bytewise {
    fn weight(&self, asked: &String, given: &Arc<Given>) -> u64 {
        /// What the parts of an entry take beside their bytes.
        const FRAME: usize = 1_000;
        (asked.len() + given.body.len() + FRAME) as u64
    }
}

/// Answers that were given, by what was asked and by whom.
#[derive(Debug)]
pub struct Again {
    given: Option<Cache<String, Arc<Given>, Bytewise>>,
    /// The longest answer that is kept.
    longest: usize,
}

impl Again {
    /// Keeps answers of so many bytes in all; none where that is nothing.
    pub fn keeping(bytes: u64) -> Self {
        /// Bytes of a usual answer.
        const USUAL: u64 = 8 * 1024;
        let entries = usize::try_from(bytes / USUAL).unwrap_or(usize::MAX);
        let given = (bytes > 0).then(|| Cache::with_weighter(entries, bytes, Bytewise));
        Self { given, longest: usize::try_from(bytes / 8).unwrap_or(usize::MAX) }
    }

    /// Whether answers are kept.
    pub fn keeps(&self) -> bool {
        self.given.is_some()
    }
}

/// What is asked, and all that an answer depends on beside the rows and the day: nothing where it is not to be kept. What goes
/// well is told in both languages, and in one form.
fn asked(request: &HttpRequest, context: &Context) -> Option<String> {
    if request.method() != Method::GET || !request.path().starts_with("/v1/") {
        return None;
    }
    let who = match bearer(request) {
        None => String::new(),
        Some(token) => {
            let claims = context.keys.verify(token).ok()?;
            let of = |bound: &Option<String>| bound.clone().unwrap_or_default();
            format!("{}\n{}\n{}\n{}", claims.role, of(&claims.unit), of(&claims.region), claims.sub)
        }
    };
    Some(format!("{}\n{who}", request.uri()))
}

/// Middleware: answers what was answered before, where it is still right.
///
/// # Errors
/// Those of the inner services.
pub async fn answer(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let found = request.app_data::<Data<Context>>().cloned().and_then(|context| {
        let asked = context.again.given.as_ref().and_then(|_| asked(request.request(), &context))?;
        Some((context, asked))
    });
    let Some((context, asked)) = found else { return Ok(next.call(request).await?.map_into_boxed_body()) };
    let Some(kept) = &context.again.given else { return Ok(next.call(request).await?.map_into_boxed_body()) };
    if let Some(given) = kept.get(&asked)
        && context.today().is_ok_and(|today| today == given.made.on)
        && let Ok(newest) = context.store.newest().await
        && given.made.of.newest(&newest) == given.made.at
        && given.history == context.store.history()
        && let Ok(conditions) = Conditions::from_request(request.request(), &mut Payload::None).await
    {
        counter!("jixiao_answers_total", "made" => "before").increment(1);
        if let Some(route) = &given.route {
            request.extensions_mut().insert(route.clone());
        }
        let response = given.again(&conditions);
        return Ok(request.into_response(response));
    }
    let history = context.store.history();
    let response = next.call(request).await?;
    let made = response.response().extensions().get::<Made>().cloned();
    let tag = response.headers().get(ETAG).and_then(|tag| tag.to_str().ok()).map(str::to_owned);
    let (Some(made), Some(tag), StatusCode::OK) = (made, tag, response.status()) else {
        return Ok(response.map_into_boxed_body());
    };
    counter!("jixiao_answers_total", "made" => "now").increment(1);
    let headers = response.headers().clone();
    let route = Route::of(response.request()).map(Route);
    Ok(response.map_body(|_, body| match body.try_into_bytes() {
        Ok(body) => {
            if body.len() <= context.again.longest {
                // Not longer than it is: it was put together in a longer piece of memory.
                let body = Bytes::copy_from_slice(&body);
                kept.insert(asked, Arc::new(Given { made, history, tag, headers, body, route }));
            }
            BoxBody::new(body)
        }
        Err(body) => body.boxed(),
    }))
}

impl Given {
    /// The answer again, or that the caller has it.
    fn again(&self, conditions: &Conditions) -> HttpResponse {
        let mut response = if conditions.has(&self.tag) {
            HttpResponse::new(StatusCode::NOT_MODIFIED)
        } else {
            HttpResponse::with_body(StatusCode::OK, BoxBody::new(self.body.clone()))
        };
        for (name, value) in &self.headers {
            response.headers_mut().append(name.clone(), value.clone());
        }
        response
    }
}
