//! The language a caller reads: Chinese, unless they say otherwise.

use actix_web::HttpRequest;
use actix_web::http::header::{self, Header};

/// Whether English stands before Chinese in `Accept-Language`.
pub fn prefers_english(request: &HttpRequest) -> bool {
    let Ok(accepted) = header::AcceptLanguage::parse(request) else { return false };
    accepted
        .ranked()
        .iter()
        .filter_map(|language| language.item())
        .map(|language| language.primary_language().to_owned())
        .find(|language| language == "en" || language == "zh")
        .is_some_and(|language| language == "en")
}
