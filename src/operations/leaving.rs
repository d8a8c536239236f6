//! Leaving without a failed request. On SIGTERM the service first says that it is not ready and closes each connection
//! behind its answer, so that balancers and clients go elsewhere while it still serves; only then it takes nothing new,
//! and finishes what it has begun. On SIGINT, a person at the keyboard, or a second signal, it waits for nobody.

use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServerHandle, ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::middleware::Next;
use actix_web::web::Data;
use tokio::signal::unix::{SignalKind, signal};

use crate::http::Context;

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

/// Middleware: while the service leaves, every answer is the last of its connection.
///
/// # Errors
/// Those of the inner services.
pub async fn say_goodbye(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let leaving = request.app_data::<Data<Context>>().is_some_and(|context| context.is_leaving());
    let mut response = next.call(request).await?;
    if leaving {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(response)
}
