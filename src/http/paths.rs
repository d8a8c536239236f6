//! The committed document, and the paths it tells of.

use std::sync::{Arc, LazyLock};

use actix_web::dev::{ResourceDef, Url};
use actix_web::http::Uri;
use serde_json::Value;

use super::again::Route;
use super::error::ApiError;

/// The committed document.
pub static DOCUMENT: &str = include_str!("../../openapi/jixiao-v1.json");

/// The paths of the document, and the methods of each.
struct Paths(Vec<(ResourceDef, Vec<String>)>);

/// Read when it is first needed, for what is not there or was given up: a start does not wait for it.
static PATHS: LazyLock<Paths> = LazyLock::new(|| Paths::of(&serde_json::from_str(DOCUMENT).unwrap_or_default()));

impl Paths {
    fn of(document: &Value) -> Self {
        let paths = document["paths"].as_object().into_iter().flatten();
        let methods =
            |item: &Value| item.as_object().into_iter().flatten().map(|(name, _)| name.to_uppercase()).collect();
        Self(paths.map(|(path, item)| (ResourceDef::new(path.as_str()), methods(item))).collect())
    }

    fn matching(&self, path: &str) -> impl Iterator<Item = &(ResourceDef, Vec<String>)> {
        self.0.iter().filter(move |(known, _)| known.is_match(path))
    }
}

/// Why there is no answer, and the route that has others.
pub fn refuse(path: &str) -> (ApiError, Option<Route>) {
    match PATHS.matching(path).next() {
        Some((known, methods)) => (ApiError::MethodNotAllowed(methods.join(", ")), known.pattern().map(Route::new)),
        None => (ApiError::NotFound, None),
    }
}

/// The route of a request that was given up before the router told; nothing where the document has none.
pub fn route_of(method: &str, uri: &Uri) -> Option<Arc<str>> {
    // As the router reads it.
    let url = Url::new(uri.clone());
    let (known, _) = PATHS.matching(url.path()).find(|(_, methods)| methods.iter().any(|one| one == method))?;
    known.pattern().map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_was_given_up_has_the_route_of_its_method() {
        for (method, asked, route) in [
            ("GET", "/v1/units", Some("/v1/units")),
            ("PUT", "/v1/units/430922", Some("/v1/units/{id}")),
            ("GET", "/v1/%75nits?limit=1", Some("/v1/units")),
            ("GET", "/v1/uploads/csv", Some("/v1/uploads/{id}")),
            ("POST", "/v1/uploads/csv", Some("/v1/uploads/csv")),
            ("DELETE", "/v1/units", None),
            ("GET", "/livez", None),
        ] {
            assert_eq!(route_of(method, &asked.parse().unwrap()).as_deref(), route, "{method} {asked}");
        }
    }
}
