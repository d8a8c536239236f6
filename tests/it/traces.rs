//! Traces, as a collector gets them.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use prost::Message;

/// What came to a collector.
type Came = Arc<Mutex<Vec<ExportTraceServiceRequest>>>;

/// A collector on a port of its own.
fn collector() -> (String, Came) {
    let came = Came::default();
    let state = Data::new(came.clone());
    let take = async |request: HttpRequest, body: Bytes, came: Data<Came>| {
        assert_eq!(
            (request.path(), request.headers().get("x-tenant").unwrap().to_str().unwrap()),
            ("/v1/traces", "taojiang")
        );
        came.lock().unwrap().push(ExportTraceServiceRequest::decode(body).unwrap());
        HttpResponse::Ok().finish()
    };
    let server = HttpServer::new(move || App::new().app_data(state.clone()).default_service(web::to(take)));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    actix_web::rt::spawn(server.workers(1).disable_signals().listen(listener).unwrap().run());
    (url, came)
}

fn texts(attributes: &[KeyValue]) -> BTreeMap<&str, String> {
    let text = |value: &Option<AnyValue>| match value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Any::StringValue(text)) => text.clone(),
        Some(Any::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    attributes.iter().map(|one| (one.key.as_str(), text(&one.value))).collect()
}

#[actix_web::test]
async fn a_request_is_a_span_of_the_callers_trace_with_its_statements_in_it() {
    let (url, came) = collector();
    let directory = tempfile::tempdir().unwrap();
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let jixiao = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jixiao"));
        command.env_clear().env("JIXIAO_DATA_DIR", directory.path()).env("JIXIAO_BIND", address.to_string());
        command
    };
    let token = jixiao().args(["token", "--role", "admin"]).output().unwrap().stdout;
    let token = String::from_utf8(token).unwrap();
    // Traces do not depend on what is logged.
    let mut command = jixiao();
    command.env("JIXIAO_LOG", "error").env("JIXIAO_DRAIN", "1s");
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", url).env("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=taojiang");
    let mut service =
        command.env("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test").arg("serve").spawn().unwrap();
    let client = reqwest::Client::new();
    let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let facts = serde_json::json!({ "name": "桃江县招商服务中心", "kind": "county" });
    let put = async |flags: &str, unit: &str| {
        let request = client.put(format!("http://{address}/v1/units/{unit}")).bearer_auth(token.trim());
        request.header("traceparent", format!("00-{trace}-{parent}-{flags}")).json(&facts).send().await
    };
    let begun = Instant::now();
    let written = loop {
        match put("01", "209002").await {
            Ok(answer) => break answer,
            Err(error) => assert!(begun.elapsed() < Duration::from_secs(20), "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(written.status().as_u16(), 201);
    // Whoever does not record their trace does not want it recorded here.
    assert_eq!(put("00", "209003").await.unwrap().status().as_u16(), 201);
    // A failure of the service, and a mistake of the caller.
    let database = rusqlite::Connection::open(directory.path().join("jixiao.db")).unwrap();
    database.execute_batch("DROP TABLE closing").unwrap();
    let get = async |span: &str, path: &str| {
        let request = client.get(format!("http://{address}{path}")).bearer_auth(token.trim());
        request.header("traceparent", format!("00-{trace}-{span}-01")).send().await.unwrap().status().as_u16()
    };
    let (failing, mistaken) = ("00f067aa0ba902b8", "00f067aa0ba902b9");
    assert_eq!((get(failing, "/v1/closings").await, get(mistaken, "/v1/units/none").await), (500, 404));
    // What was not yet sent is sent at the end.
    Command::new("kill").args(["-TERM", &service.id().to_string()]).status().unwrap();
    assert!(service.wait().unwrap().success());

    let came = came.lock().unwrap();
    let sent = came.iter().flat_map(|one| &one.resource_spans);
    for resource in sent.clone() {
        let about = texts(&resource.resource.as_ref().unwrap().attributes);
        assert_eq!((about["service.name"].as_str(), about["deployment.environment"].as_str()), ("jixiao", "test"));
    }
    let hexadecimal = |bytes: &[u8]| {
        bytes
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .map(|digit| char::from_digit(digit.into(), 16).unwrap())
            .collect::<String>()
    };
    let spans: Vec<&Span> = sent.flat_map(|one| &one.scope_spans).flat_map(|one| &one.spans).collect();
    // Nothing is told of what is nobody's request, or of one whose caller does not record it.
    assert!(spans.iter().all(|span| hexadecimal(&span.trace_id) == trace), "{spans:#?}");
    let spans: Vec<&Span> = spans.into_iter().filter(|span| hexadecimal(&span.trace_id) == trace).collect();
    let root = spans.iter().find(|span| hexadecimal(&span.parent_span_id) == parent).unwrap();
    let about = texts(&root.attributes);
    let told = ["http.route", "http.status_code"].map(|name| about[name].as_str());
    assert_eq!((root.name.as_str(), told), ("PUT /v1/units/{id}", ["/v1/units/{id}", "201"]));
    let inner: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    assert!(["wait for a turn", "commit"].iter().all(|name| inner.contains(name)), "{inner:?}");
    let statements: Vec<String> =
        spans.iter().filter_map(|span| texts(&span.attributes).remove("db.statement")).collect();
    assert!(statements.iter().any(|sql| sql.contains("INSERT INTO \"unit\"")), "{statements:?}");
    assert!(!statements.iter().any(|sql| sql.contains("桃江县")), "{statements:?}");
    assert_eq!(spans.iter().filter(|span| hexadecimal(&span.parent_span_id) == parent).count(), 1);
    let failed = |above: &str| {
        let root = spans.iter().find(|span| hexadecimal(&span.parent_span_id) == above).unwrap();
        (root.name.as_str(), root.status.as_ref().is_some_and(|status| status.code() == StatusCode::Error))
    };
    assert_eq!(failed(failing), ("GET /v1/closings", true));
    assert_eq!((failed(mistaken), failed(parent).1), (("GET /v1/units/{id}", false), false));
}
