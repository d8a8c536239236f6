//! Leaving without a failed request. On SIGTERM the service first says that it is not ready and closes each connection
//! behind its answer, so that balancers and clients go elsewhere while it still serves; then it waits for a moment when
//! what has begun is finished, and takes nothing new. On SIGINT, a person at the keyboard, or a second signal, it waits for
//! nobody.

use std::pin::Pin;
use std::task::{Context as Task, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{ServerHandle, ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::ConnectionType;
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use pin_project_lite::pin_project;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::http::Context;

/// How long requests that have begun may take to be answered.
const FINISH: Duration = Duration::from_secs(25);

/// How long the last bytes of answers may take on their way.
pub const LAST_BYTES: Duration = Duration::from_secs(5);

/// How long the service may take to write down what is left when nobody is served any more.
pub const LAST_WORDS: Duration = Duration::from_secs(5);

/// Waits for a signal and leaves; `drain` is how long the others have to notice.
pub async fn on_signal(context: Data<Context>, server: ServerHandle, drain: Duration) {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("no signal can be waited for; the service stops when it is killed");
        return;
    };
    let at_once = tokio::select! {
        _ = interrupt.recv() => true,
        _ = terminate.recv() => false,
    };
    context.leave();
    if !at_once {
        tracing::info!(?drain, "leaving: not ready any more");
        let finished = async {
            tokio::time::sleep(drain).await;
            // Workers end one by one, and a connection to the database belongs to the one that opened it: another may use
            // it for a long upload. So none is told to end before a moment when nobody is being answered.
            if tokio::time::timeout(FINISH, context.requests.wait()).await.is_err() {
                tracing::warn!("leaving while requests are being answered");
            }
            server.stop(true).await;
        };
        tokio::select! {
            () = finished => return,
            // Whoever says it twice means it.
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
    server.stop(false).await;
}

/// Middleware: each request is finished before the service leaves, and while it leaves, every answer is the last of its
/// connection.
///
/// # Errors
/// Those of the inner services.
pub async fn say_goodbye(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let context = request.app_data::<Data<Context>>().cloned();
    let begun = context.as_ref().map(|context| context.requests.token());
    let answered = next.call(request).await;
    let last = context.is_some_and(|context| context.is_leaving());
    match answered {
        Ok(mut response) => {
            if last {
                response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
            }
            Ok(response.map_body(|_, body| Answering { body, begun }))
        }
        // It was given up.
        Err(error) if last => {
            let mut response = error.error_response();
            response.head_mut().set_connection_type(ConnectionType::Close);
            Err(InternalError::from_response(error, response).into())
        }
        Err(error) => Err(error),
    }
}

pin_project! {
    /// A body that is being sent: its request is not finished before its end.
    struct Answering<B> {
        #[pin]
        body: B,
        begun: Option<TaskTrackerToken>,
    }
}

impl<B: MessageBody> MessageBody for Answering<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.project().body.poll_next(task)
    }

    fn try_into_bytes(self) -> Result<Bytes, Self> {
        let Self { body, begun } = self;
        body.try_into_bytes().map_err(|body| Self { body, begun })
    }
}
