//! Whether the service is alive and ready. A balancer asks `/readyz` and sends nobody to who is not; a supervisor asks
//! `/livez`, which asks nothing of anybody: a database that is away is no reason to kill a service that waits for it.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use serde::Serialize;

use crate::http::Context;

/// A database that has not answered by then is away: whoever asks does not wait longer either.
const PATIENCE: Duration = Duration::from_secs(2);

crate::choice! {
    /// What is missing before the service can work.
    pub enum Missing {
        /// The database does not answer
        Database = "database", "数据库没有响应";
        /// Its schema is older than the service
        Schema = "schema", "数据库结构需要升级";
        /// The service is stopping
        Leaving = "leaving", "服务正在停止";
    }
}

/// Whether requests may be sent here.
#[derive(Debug, Serialize)]
struct Readiness {
    ready: bool,
    missing: Vec<Missing>,
}

/// What is missing right now.
async fn missing(context: &Context) -> Vec<Missing> {
    if context.is_leaving() {
        return vec![Missing::Leaving];
    }
    let answered = async {
        context.store.ping().await?;
        context.store.is_newest().await
    };
    match context.store.in_time(PATIENCE, answered).await {
        Ok(true) => Vec::new(),
        Ok(false) => vec![Missing::Schema],
        Err(_) => vec![Missing::Database],
    }
}

/// `GET /readyz`: 200, or 503 with what is missing.
pub async fn ready(context: Data<Context>) -> HttpResponse {
    let missing = missing(&context).await;
    let ready = missing.is_empty();
    let mut response = if ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.insert_header((CACHE_CONTROL, "no-store")).json(Readiness { ready, missing })
}

/// `GET /livez`: 204 as long as there is anybody.
pub async fn alive() -> HttpResponse {
    HttpResponse::NoContent().finish()
}
