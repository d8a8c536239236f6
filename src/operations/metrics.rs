//! What the service counts, in the words of Prometheus. No label names a unit, a caller or a row: what is counted of them is
//! theirs, and every one would be a series of its own. Webhooks are named: they are few, and whoever runs the service looks
//! after them.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::middleware::Next;
use actix_web::web::Data;
use metrics::{SharedString, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use metrics_util::MetricKindMask;

use crate::http::Context;
use crate::http::again::Route;
use crate::http::error::ApiError;
use crate::http::paths;
use crate::resources::deliveries;

/// Seconds within which requests are answered: a read takes one of the first, an upload of a year's figures the last.
const SECONDS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0];

/// A database that has not answered by then is away: whoever scrapes does not wait longer.
const LOOK: Duration = Duration::from_secs(2);

/// How often times are put into their buckets.
const UPKEEP: Duration = Duration::from_secs(5);

/// The one place that counts, installed when it is first asked for; nothing where another library counts already.
static COUNTED: LazyLock<Option<PrometheusHandle>> = LazyLock::new(|| {
    let counts = PrometheusBuilder::new().set_buckets(&SECONDS).ok()?;
    // What is not looked up any more, of a database that is away or a webhook that is gone, is not told either.
    let handle = counts.idle_timeout(MetricKindMask::GAUGE, Some(LOOK * 10)).install_recorder().ok()?;
    describe_counter!("jixiao_http_requests_total", "Requests answered, by method, route and status");
    describe_histogram!(
        "jixiao_http_request_seconds",
        Unit::Seconds,
        "Time to the head of the answer, by method and route"
    );
    describe_counter!(
        "jixiao_answers_total",
        "Answers that may be given again, by whether they were made now or before"
    );
    describe_counter!("jixiao_uploads_total", "Uploads taken or rejected, by kind and state");
    describe_counter!("jixiao_upload_rows_total", "Rows of uploads, by kind and outcome");
    describe_gauge!("jixiao_database_connections", "Connections to the database, by pool and whether they are in use");
    describe_gauge!("jixiao_database_up", "Whether the database answered when this was asked");
    describe_gauge!("jixiao_journal_position", "The number of the newest entry of the journal");
    describe_gauge!("jixiao_webhook_lag_entries", "Entries of the journal that a webhook has not been told of");
    describe_gauge!("jixiao_webhook_failures", "Attempts in a row that failed, by webhook");
    Some(handle)
});

/// Begins to count, and goes on to put together what was counted, whether anybody asks for it or not.
pub fn start() {
    let Some(counted) = &*COUNTED else { return };
    actix_web::rt::spawn(async {
        loop {
            tokio::time::sleep(UPKEEP).await;
            counted.run_upkeep();
        }
    });
}

/// A method's name; whoever makes up methods makes no series.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::PUT => "PUT",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Middleware: counts and times every request by its route, `/v1/units/{id}`, never by its path.
///
/// # Errors
/// Those of the inner services.
pub async fn count(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let (method, asked) = (method(request.method()), request.uri().clone());
    let begun = Instant::now();
    let answered = next.call(request).await;
    let (route, status) = match &answered {
        Ok(response) => (Route::of(response.request()), response.status().as_u16()),
        Err(error) => (paths::route_of(method, &asked), error.as_response_error().status_code().as_u16()),
    };
    let route = SharedString::from_shared(route.unwrap_or_else(|| "none".into()));
    counter!("jixiao_http_requests_total", "method" => method, "route" => route.clone(), "status" => status.to_string())
        .increment(1);
    histogram!("jixiao_http_request_seconds", "method" => method, "route" => route)
        .record(begun.elapsed().as_secs_f64());
    answered
}

/// What is looked up when somebody asks.
async fn look_up(context: &Context) {
    #[expect(clippy::cast_precision_loss, reason = "a gauge is a float; it is exact up to 2^53")]
    let number = |count: i64| count as f64;
    for (pool, open, idle) in context.store.connections() {
        let (open, idle) = (i64::from(open), i64::try_from(idle).unwrap_or(i64::MAX));
        gauge!("jixiao_database_connections", "pool" => pool, "state" => "idle").set(number(idle));
        gauge!("jixiao_database_connections", "pool" => pool, "state" => "busy").set(number((open - idle).max(0)));
    }
    let up = context.store.in_time(LOOK, context.store.ping()).await.is_ok();
    gauge!("jixiao_database_up").set(i32::from(up));
    let view = context.store.view();
    let looked_up = async {
        let (position, _) = view.journal_head().await?;
        Ok::<_, ApiError>((position, deliveries::all_statuses(context, &view).await?))
    };
    // Many who read are no reason to call the database away, but nobody waits behind them for figures.
    let Ok((position, webhooks)) = context.store.in_time(LOOK, looked_up).await else { return };
    gauge!("jixiao_journal_position").set(number(position));
    for (webhook, status) in webhooks {
        gauge!("jixiao_webhook_lag_entries", "webhook" => webhook.to_string()).set(number(status.behind));
        gauge!("jixiao_webhook_failures", "webhook" => webhook.to_string()).set(f64::from(status.failures));
    }
}

/// `GET /metrics`.
pub async fn show(context: Data<Context>) -> HttpResponse {
    look_up(&context).await;
    let text = COUNTED.as_ref().map(PrometheusHandle::render).unwrap_or_default();
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(text)
}
