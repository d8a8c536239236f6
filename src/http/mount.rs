//! Where rooms mount their operations: into the service, or into the document that describes them.
//!
//! A worker of the service does not collect the document, which is committed: that took it 12 MiB and a part of its start.

use std::borrow::Cow;
use std::collections::BTreeMap;

use actix_web::dev::{HttpServiceFactory, Url};
use actix_web::guard::fn_guard;
use actix_web::web;
use utoipa_actix_web::{OpenApiFactory, service_config};

/// What answers requests of a path and method, and is described.
pub trait Operation: HttpServiceFactory + OpenApiFactory + utoipa::Path + 'static {}

impl<T: HttpServiceFactory + OpenApiFactory + utoipa::Path + 'static> Operation for T {}

/// Takes operations.
pub trait Mount {
    /// Takes one, so that another can follow.
    fn service<T: Operation>(&mut self, operation: T) -> &mut Self;
}

impl Mount for service_config::ServiceConfig<'_> {
    fn service<T: Operation>(&mut self, operation: T) -> &mut Self {
        Self::service(self, operation)
    }
}

/// Mounts an operation.
type Mounting = Box<dyn FnOnce(&mut web::ServiceConfig)>;

/// Operations below a path, by the first word of theirs: a request is compared with the paths of one collection, where
/// comparing it with those of all took a tenth of what the service spends on an item.
#[derive(Default)]
pub struct Routes(BTreeMap<String, Vec<Mounting>>);

impl Mount for Routes {
    fn service<T: Operation>(&mut self, operation: T) -> &mut Self {
        let word = first_word(&T::path()).to_owned();
        let mounting: Mounting = Box::new(|config| {
            config.service(operation);
        });
        self.0.entry(word).or_default().push(mounting);
        self
    }
}

impl Routes {
    /// Mounts them below `/v1`, or whatever else the path begins with.
    pub fn mount(self, root: &'static str) -> impl FnOnce(&mut web::ServiceConfig) {
        move |config| {
            let mut all = web::scope(root);
            for (word, operations) in self.0 {
                let here = fn_guard(move |asked| {
                    let uri = &asked.head().uri;
                    let asked = if uri.path().contains('%') {
                        // As the router reads it.
                        Cow::Owned(Url::new(uri.clone()).path().to_owned())
                    } else {
                        Cow::Borrowed(uri.path())
                    };
                    asked.strip_prefix(root).is_some_and(|path| first_word(path) == word)
                });
                let mount = |config: &mut web::ServiceConfig| operations.into_iter().for_each(|one| one(config));
                all = all.service(web::scope("").guard(here).configure(mount));
            }
            config.service(all);
        }
    }
}

/// The first word of a path: `progress` of `/progress/{id}`.
fn first_word(path: &str) -> &str {
    path.trim_start_matches('/').split('/').next().unwrap_or_default()
}
