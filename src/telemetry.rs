//! Logs, text for people and JSON for machines; and traces, for whoever set a collector to send them to.

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::EnvResourceDetector;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Level, Subscriber};
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{EnvFilter, Registry, fmt};

use crate::config::Config;

/// Where the span of a request is made.
const REQUESTS: &str = "jixiao::operations::trace";

/// Why logging and tracing do not start.
#[derive(Debug, thiserror::Error)]
pub enum Mute {
    /// Logging was started before.
    #[error(transparent)]
    Twice(#[from] TryInitError),
    /// The collector's address is none, or a header for it cannot be sent.
    #[error("traces cannot be exported: {0}")]
    Exporter(#[from] ExporterBuildError),
}

/// Sends traces as long as the service runs.
#[derive(Debug, Default)]
#[must_use = "the last traces are sent when it is finished"]
pub struct Traces(Option<SdkTracerProvider>);

impl Traces {
    /// Sends what has not been sent; waits a few seconds for the collector at most.
    pub fn finish(self) {
        if let Some(Err(error)) = self.0.map(|provider| provider.shutdown()) {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

/// Starts logging to standard error, and sending traces where a collector is set.
///
/// # Errors
/// See [`Mute`].
pub fn start(config: &Config) -> Result<Traces, Mute> {
    // Statements are spans of traces; lines of the log do not repeat them, unless the setting asks for them.
    let filter = EnvFilter::try_new(format!("sea_orm=off,{}", config.log)).unwrap_or_else(|_| EnvFilter::new("info"));
    let Some(collector) = &config.trace_collector else {
        // One filter in front of all is the quickest.
        tracing_subscriber::registry().with(filter).with(log(config)).try_init()?;
        return Ok(Traces::default());
    };
    let provider = exported(collector, config.service_name.as_deref())?;
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("jixiao")).with_location(false);
    // What the exporter itself does is nobody's trace, nor is what belongs to no request.
    let traced = dynamic_filter_fn(|about, context| {
        let (target, level) = (about.target(), *about.level());
        let of = |name: &str| target.split("::").next() == Some(name);
        let told = of("jixiao") && level <= Level::DEBUG || of("sea_orm") && level <= Level::INFO;
        told && (target == REQUESTS || context.lookup_current().is_some())
    });
    let traced = traced.with_max_level_hint(Level::DEBUG);
    let logged = log::<Registry>(config).with_filter(filter);
    tracing_subscriber::registry().with(logged).with(layer.with_filter(traced)).try_init()?;
    Ok(Traces(Some(provider)))
}

fn log<S: Subscriber + for<'a> LookupSpan<'a>>(config: &Config) -> Box<dyn Layer<S> + Send + Sync> {
    let layer = fmt::layer().with_writer(std::io::stderr);
    if config.json_logs { layer.json().flatten_event(true).boxed() } else { layer.boxed() }
}

/// Spans in batches, by a thread of its own, as OTLP over HTTP. Sampler, headers, attributes and limits are those of the
/// standard's variables (`OTEL_…`), which the exporter reads itself.
fn exported(collector: &str, name: Option<&str>) -> Result<SdkTracerProvider, ExporterBuildError> {
    let endpoint = format!("{}/v1/traces", collector.trim_end_matches('/'));
    let exporter = SpanExporter::builder().with_http().with_endpoint(endpoint).build()?;
    let usual = Resource::builder_empty().with_service_name("jixiao");
    let service = usual.with_detector(Box::new(EnvResourceDetector::new()));
    let service = name.into_iter().fold(service, |service, name| service.with_service_name(name.to_owned()));
    Ok(SdkTracerProvider::builder().with_resource(service.build()).with_batch_exporter(exporter).build())
}
