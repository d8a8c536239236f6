//! Where rooms mount their operations: into the service, or into the document that describes them.
//!
//! A worker of the service does not collect the document, which is committed: that took it 12 MiB and a part of its start.

use actix_web::dev::HttpServiceFactory;
use actix_web::web;
use utoipa_actix_web::OpenApiFactory;
use utoipa_actix_web::service_config;

/// Takes operations.
pub trait Mount {
    /// Takes one, so that another can follow.
    fn service(&mut self, operation: impl HttpServiceFactory + OpenApiFactory + 'static) -> &mut Self;
}

impl Mount for web::ServiceConfig {
    fn service(&mut self, operation: impl HttpServiceFactory + OpenApiFactory + 'static) -> &mut Self {
        Self::service(self, operation)
    }
}

impl Mount for service_config::ServiceConfig<'_> {
    fn service(&mut self, operation: impl HttpServiceFactory + OpenApiFactory + 'static) -> &mut Self {
        Self::service(self, operation)
    }
}
