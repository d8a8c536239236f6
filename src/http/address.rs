//! From where a request came.

use actix_web::HttpRequest;
use actix_web::http::header::X_FORWARDED_FOR;
use actix_web::web::Data;

use super::Context;

/// The address that a request came from: that of whoever is at the other end, or, where that is a proxy that the settings name
/// (`JIXIAO_PROXIES`), of whom it asks for.
pub fn of(request: &HttpRequest) -> Option<String> {
    let peer = request.peer_addr()?.ip();
    // What a stranger wrote before the proxy's word may be no text at all.
    let told = request.headers().get_all(X_FORWARDED_FOR).map(|told| String::from_utf8_lossy(told.as_bytes()));
    let told = told.collect::<Vec<_>>().join(",");
    let asker = request.app_data::<Data<Context>>().map_or(peer, |context| context.proxies.asker(peer, &told));
    Some(asker.to_string())
}
