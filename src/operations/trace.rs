//! One line of the log for every request, with the trace it belongs to (W3C Trace Context) and the id that the caller gave
//! it, so that a request is found again across services; where a collector is set, a span of that trace as well.

use std::time::Instant;

use actix_web::HttpMessage;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::USER_AGENT;
use actix_web::http::uri::PathAndQuery;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use tracing::field::Empty;
use tracing::{Level, Span};
use tracing_actix_web::{DefaultRootSpanBuilder, RootSpanBuilder};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::http::address;
use crate::http::again::Route;
use crate::http::problem::request_id;

/// When a request came.
struct Begun(Instant);

/// Makes the span of a request, and the line at its end.
#[derive(Debug)]
pub struct Requests;

impl RootSpanBuilder for Requests {
    fn on_request_start(request: &ServiceRequest) -> Span {
        // Putting the fields together is a part of what an answer costs.
        // Health and counts are asked for several times a minute.
        if !tracing::enabled!(Level::INFO) || !request.path().starts_with("/v1/") {
            return Span::none();
        }
        request.extensions_mut().insert(Begun(Instant::now()));
        let sent = request.headers().get("traceparent").and_then(|value| value.to_str().ok());
        let sent = sent.and_then(Parent::read);
        let (trace, parent) = sent.map(|sent| (sent.trace, sent.span)).unzip();
        let (from, agent) = (request.connection_info(), request.headers().get(USER_AGENT));
        let span = tracing::info_span!(
            "HTTP request",
            http.method = %request.method(),
            // Found when it is answered, and told with the method.
            http.route = Empty,
            otel.name = request.method().as_str(),
            otel.kind = "server",
            http.scheme = from.scheme(),
            http.host = from.host(),
            http.client_ip = address::of(request.request()),
            http.user_agent = agent.and_then(|agent| agent.to_str().ok()),
            http.target = request.uri().path_and_query().map(PathAndQuery::as_str),
            http.status_code = Empty,
            otel.status_code = Empty,
            exception.message = Empty,
            exception.details = Empty,
            request_id = request_id(request.request()),
            trace,
            parent,
        );
        drop(from);
        // Where no traces are exported, neither does anything.
        if let Some(context) = sent.and_then(Parent::context) {
            let _ = span.set_parent(context);
        } else {
            let own = span.context().span().span_context().trace_id();
            if own != TraceId::INVALID {
                span.record("trace", tracing::field::display(own));
            }
        }
        span
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, actix_web::Error>) {
        if span.is_none() {
            return;
        }
        let response = match outcome {
            Ok(response) => response,
            Err(error) => {
                let status = error.as_response_error().status_code().as_u16();
                span.in_scope(|| tracing::info!(status, "answered"));
                return DefaultRootSpanBuilder::on_request_end(span, outcome);
            }
        };
        let request = response.request();
        let milliseconds = request.extensions().get::<Begun>().map(|begun| begun.0.elapsed().as_millis());
        let (status, id) = (response.status().as_u16(), request_id(request));
        span.record("http.status_code", status);
        if let Some(route) = Route::of(request) {
            span.record("http.route", &*route);
            span.context().span().update_name(format!("{} {route}", request.method()));
        }
        // A mistake of the caller is no failure of the service.
        if response.status().is_server_error() {
            span.record("otel.status_code", "ERROR");
        }
        span.in_scope(|| tracing::info!(status, milliseconds, id, "answered"));
    }
}

/// What a `traceparent` names (<https://www.w3.org/TR/trace-context/>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Parent<'a> {
    trace: &'a str,
    span: &'a str,
    /// Bit 0: whoever asks records this trace.
    flags: u8,
}

impl<'a> Parent<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let hexadecimal = |part: &str, length: usize| {
            part.len() == length && part.bytes().all(|one| matches!(one, b'0'..=b'9' | b'a'..=b'f'))
        };
        let mut parts = text.split('-');
        let [version, trace, span, flags] = [(); 4].map(|()| parts.next().unwrap_or_default());
        let fits = hexadecimal(version, 2) && version != "ff" && hexadecimal(trace, 32) && hexadecimal(span, 16);
        let whole = version != "00" || parts.next().is_none();
        let named = |part: &str| part.bytes().any(|one| one != b'0');
        let flags =
            Some(flags).filter(|flags| hexadecimal(flags, 2)).and_then(|flags| u8::from_str_radix(flags, 16).ok())?;
        (fits && whole && named(trace) && named(span)).then_some(Self { trace, span, flags })
    }

    /// As exported spans refer to it.
    fn context(self) -> Option<opentelemetry::Context> {
        let (trace, span) = (TraceId::from_hex(self.trace).ok()?, SpanId::from_hex(self.span).ok()?);
        let parent = SpanContext::new(trace, span, TraceFlags::new(self.flags), true, TraceState::NONE);
        Some(opentelemetry::Context::new().with_remote_span_context(parent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_standard_allows_is_a_trace() {
        let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        let parent = Parent { trace, span, flags: 1 };
        assert_eq!(Parent::read(&format!("00-{trace}-{span}-01")), Some(parent));
        // A later version may say more behind it.
        assert_eq!(Parent::read(&format!("01-{trace}-{span}-00-more")), Some(Parent { flags: 0, ..parent }));
        for wrong in [
            "",
            "00",
            &format!("00-{trace}-{span}"),
            &format!("00-{trace}-{span}-1"),
            &format!("00-{trace}-{span}-01-more"),
            &format!("ff-{trace}-{span}-01"),
            &format!("00-{}-{span}-01", "0".repeat(32)),
            &format!("00-{trace}-{}-01", "0".repeat(16)),
            &format!("00-{}-{span}-01", trace.to_uppercase()),
            &format!("00-{trace}\n-{span}-01"),
        ] {
            assert_eq!(Parent::read(wrong), None, "{wrong}");
        }
    }
}
