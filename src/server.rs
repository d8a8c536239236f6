//! Mounts middleware and rooms, and serves them.

use std::net::{SocketAddr, TcpListener};

use actix_web::dev::Server;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use actix_web::{App, HttpMessage, HttpRequest, HttpResponse, HttpServer};
use serde_json::Value;
use tracing_actix_web::TracingLogger;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_actix_web::AppExt;
use utoipa_swagger_ui::{Config as DocsConfig, SwaggerUi};

use crate::domain::county::Counties;
use crate::domain::findings::RuleName;
use crate::domain::money::AmountUnit;
use crate::domain::period::Moment;
use crate::domain::sheet::charset::Charset;
use crate::http::error::ApiError;
use crate::http::mount::Routes;
use crate::http::problem::{Problem, ProblemError, render};
use crate::http::query::Switch;
use crate::http::refusals::Refusals;
use crate::http::{Context, again, deadline, document, paths, seal, told};
use crate::operations::{health, leaving, metrics, trace};
use crate::resources;

/// The document before anything is mounted.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Jixiao",
        description = "绩效: what a county's units were given, spent, promised, delivered and scored.\n\n\
            Money is a decimal string in 元, quantities are decimal strings in the indicator's own measure unit, \
            rates are percent with two decimals. What was stated (`facts`) stands apart from what is computed.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
        contact(name = "Jixiao developers"),
    ),
    servers((url = "/", description = "This service")),
    // What stands in parameters alone is not collected.
    components(schemas(Problem, ProblemError, RuleName, AmountUnit, Charset, Switch, Moment, Counties)),
    tags(
        (name = "units", description = "单位: bodies that have a budget or a task"),
        (name = "closings", description = "关账: years that are frozen for a unit and those below it"),
        (name = "reviews", description = "审核: how far evaluations are, and what was done with them"),
        (name = "approvals", description = "目标批复: from then on targets change by adjustment"),
        (name = "divisions", description = "行政区划: the official list of each year"),
        (name = "economic-classes", description = "经济分类科目: the official list of each year"),
        (name = "projects", description = "预算项目: what money is given for, with its goals"),
        (name = "budget-lines", description = "预算行: money by unit, year, project and economic class"),
        (name = "expenditures", description = "支出进度: what was spent on projects, month by month"),
        (name = "indicators", description = "指标: what is measured"),
        (name = "standards", description = "评价标准: thresholds, bands and calendars of a year"),
        (name = "schemes", description = "评分办法: how evaluations and assessments are scored"),
        (name = "targets", description = "指标值: what is to be reached, and who set it"),
        (name = "cascades", description = "目标分解: targets handed down, and what was reached of them"),
        (name = "rollovers", description = "目标结转: a year's targets as those of the next"),
        (name = "progress", description = "完成值: what was reached, month by month"),
        (name = "evaluations", description = "绩效评价: what is stated, and what is computed beside it"),
        (name = "monitoring", description = "绩效运行监控: months of money and goals, lights, forecasts, reminders"),
        (name = "league-tables", description = "排名通报: who is ahead, under a scheme"),
        (name = "rectifications", description = "整改通知: notices, answers and what became of them"),
        (name = "result-uses", description = "结果应用: what results suggest for the next year's money"),
        (name = "public", description = "绩效公开: what everybody may read, without a token"),
        (name = "cycles", description = "五个环节: which links of the year a unit has closed"),
        (name = "scorecards", description = "成绩单: a unit's year on one page"),
        (name = "findings", description = "疑点: what does not add up"),
        (name = "uploads", description = "上报批次: files of rows, each with a receipt"),
        (name = "upload-templates", description = "上报模板: empty sheets to fill in"),
        (name = "exports", description = "导出: all rows of a collection as one file"),
        (name = "counties", description = "各县: rows of several counties at once, for whoever oversees them"),
        (name = "changes", description = "变更: every change in order, and rows as they stood, for those who keep a copy"),
        (name = "webhooks", description = "推送订阅: who is told of changes, and what was delivered"),
        (name = "journal", description = "流水账: who did what, for the auditor"),
    ),
)]
struct Base;

fn base() -> utoipa::openapi::OpenApi {
    let mut document = Base::openapi();
    let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("bearer", SecurityScheme::Http(token));
    document
}

/// The OpenAPI document of what is mounted.
pub fn document() -> Value {
    let scope = utoipa_actix_web::scope("/v1").configure(|config| resources::mount(config));
    let collected = App::new().into_utoipa_app().openapi(base()).service(scope).split_for_parts().1;
    let mut value = serde_json::to_value(collected).unwrap_or_default();
    document::tidy(&mut value);
    value
}

/// The document as it is committed and served, byte for byte.
pub fn document_text() -> String {
    printed(&document())
}

/// The document of what webhooks deliver, likewise.
pub fn webhook_document_text() -> String {
    printed(&told::document())
}

fn printed(document: &Value) -> String {
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}

/// The committed document of what webhooks deliver.
static WEBHOOK_DOCUMENT: &str = include_str!("../openapi/jixiao-webhooks-v1.json");

/// Serves on an open socket until told to stop; then what has begun is finished.
///
/// # Errors
/// The socket cannot be used.
pub fn serve(listener: TcpListener, context: Data<Context>) -> std::io::Result<Server> {
    actix_web::rt::spawn(Refusals::keep_writing(context.clone()));
    actix_web::rt::spawn(resources::deliveries::sender::keep_sending(context.clone()));
    let server = HttpServer::new(move || {
        let docs = DocsConfig::new(["/openapi.json"]).persist_authorization(true).display_request_duration(true);
        App::new()
            .app_data(context.clone())
            .wrap(from_fn(again::answer))
            .wrap(from_fn(deadline::keep))
            .wrap(from_fn(render))
            .wrap(TracingLogger::<trace::Requests>::new())
            .wrap(from_fn(leaving::say_goodbye))
            .wrap(from_fn(metrics::count))
            .configure(routes().mount("/v1"))
            .route("/openapi.json", web::get().to(async || openapi(paths::DOCUMENT)))
            .route("/openapi-webhooks.json", web::get().to(async || openapi(WEBHOOK_DOCUMENT)))
            .route("/.well-known/jwks.json", web::get().to(public_keys))
            .route("/docs", web::get().to(to_docs))
            .route("/", web::get().to(to_docs))
            .service(SwaggerUi::new("/docs/{_:.*}").config(docs))
            .route("/livez", web::get().to(health::alive))
            .route("/readyz", web::get().to(health::ready))
            .route("/metrics", web::get().to(metrics::show))
            .default_service(web::to(refuse))
    });
    let listening = server
        .disable_signals()
        .shutdown_timeout(leaving::LAST_BYTES.as_secs())
        .client_request_timeout(std::time::Duration::from_mins(1));
    Ok(listening.listen(listener)?.run())
}

/// The operations of the rooms.
fn routes() -> Routes {
    let mut routes = Routes::default();
    resources::mount(&mut routes);
    routes
}

/// Opens the socket to listen on.
///
/// # Errors
/// The address is taken or not ours.
pub fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address)
}

fn openapi(document: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .body(document)
}

/// The key that receipts and tokens are signed with, for those who verify them.
async fn public_keys(context: Data<Context>) -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "keys": [seal::public_key(&context.keys)] }))
}

async fn to_docs() -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, "/docs/")).finish()
}

async fn refuse(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let (error, route) = paths::refuse(request.path());
    route.map(|route| request.extensions_mut().insert(route));
    Err(error)
}
