//! One line of the log for every request, with the trace it belongs to (W3C Trace Context) and the id that the caller gave
//! it, so that a request is found again across services.

use std::time::Instant;

use actix_web::HttpMessage;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use tracing::{Level, Span};
use tracing_actix_web::{DefaultRootSpanBuilder, RootSpanBuilder};

use crate::http::problem::request_id;

/// When a request came.
struct Begun(Instant);

/// Makes the span of a request, and the line at its end.
#[derive(Debug)]
pub struct Requests;

impl RootSpanBuilder for Requests {
    fn on_request_start(request: &ServiceRequest) -> Span {
        // Finding the route and putting the fields together is a part of what an answer costs.
        if !tracing::enabled!(Level::INFO) {
            return Span::none();
        }
        request.extensions_mut().insert(Begun(Instant::now()));
        let sent = request.headers().get("traceparent").and_then(|value| value.to_str().ok());
        let (trace, parent) = sent.and_then(trace_and_parent).unzip();
        tracing_actix_web::root_span!(request, trace, parent)
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, actix_web::Error>) {
        if span.is_none() {
            return;
        }
        if let Ok(response) = outcome {
            let request = response.request();
            let milliseconds = request.extensions().get::<Begun>().map(|begun| begun.0.elapsed().as_millis());
            let (status, id) = (response.status().as_u16(), request_id(request));
            // Health and counts are asked for several times a minute.
            if request.path().starts_with("/v1/") {
                span.in_scope(|| tracing::info!(status, milliseconds, id, "answered"));
            }
        }
        DefaultRootSpanBuilder::on_request_end(span, outcome);
    }
}

/// The trace and the span that a `traceparent` names (<https://www.w3.org/TR/trace-context/>).
fn trace_and_parent(text: &str) -> Option<(&str, &str)> {
    let hexadecimal = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|one| matches!(one, b'0'..=b'9' | b'a'..=b'f'))
    };
    let (version, rest) = text.split_once('-')?;
    let (trace, rest) = rest.split_once('-')?;
    let parent = rest.split('-').next()?;
    let fits = hexadecimal(version, 2) && version != "ff" && hexadecimal(trace, 32) && hexadecimal(parent, 16);
    let named = |part: &str| part.bytes().any(|one| one != b'0');
    (fits && named(trace) && named(parent)).then_some((trace, parent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_standard_allows_is_a_trace() {
        let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        assert_eq!(trace_and_parent(&format!("00-{trace}-{parent}-01")), Some((trace, parent)));
        for wrong in [
            "",
            "00",
            &format!("ff-{trace}-{parent}-01"),
            &format!("00-{}-{parent}-01", "0".repeat(32)),
            &format!("00-{trace}-{}-01", "0".repeat(16)),
            &format!("00-{}-{parent}-01", trace.to_uppercase()),
            &format!("00-{trace}\n-{parent}-01"),
        ] {
            assert_eq!(trace_and_parent(wrong), None, "{wrong}");
        }
    }
}
