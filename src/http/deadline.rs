//! How long a request may take. A database whose machine vanishes says nothing, and a connection to it keeps waiting: its own
//! limits end statements, and locks, as long as it is there to keep them. Whoever asks is answered a little later than that, and
//! the connection is done away with.

use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::web::Data;

use super::Context;
use super::error::ApiError;

/// Of a read: a statement may take half a minute, and a few go together.
const READ: Duration = Duration::from_mins(1);

/// Of a change: it may wait a minute for its turn and another for the journal. And of a moment of the past, whose rows are put
/// back from the journal.
const CHANGE: Duration = Duration::from_mins(3);

/// Of a file: a slow line brings it. What is done with it then has a limit of its own.
const FILE: Duration = Duration::from_hours(1);

fn longest(request: &ServiceRequest) -> Duration {
    match *request.method() {
        Method::POST if request.path().starts_with("/v1/uploads") => FILE,
        Method::GET | Method::HEAD if !request.query_string().contains("as_of=") => READ,
        _ => CHANGE,
    }
}

/// Middleware: answers 503 in the place of a database that says nothing.
///
/// # Errors
/// [`ApiError::Away`], and those of the inner services.
pub async fn keep(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let (longest, context) = (longest(&request), request.app_data::<Data<Context>>().cloned());
    if let Ok(answered) = tokio::time::timeout(longest, next.call(request)).await {
        return answered;
    }
    if let Some(context) = context {
        context.store.mistrust();
    }
    Err(ApiError::Away(format!("no answer within {longest:?}")).into())
}
