//! Two services that every gRPC tool knows: health for load balancers, without a token, and reflection for people with
//! `grpcurl`, with one.

use axum::Router;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tonic_reflection::server::Error;

/// The most bytes of a question to either: a service's name, or a symbol's. Health is asked by anyone, and reflection
/// repeats the question in its answer.
const LONGEST: usize = 1024;

/// Says over gRPC whether the server takes calls.
#[derive(Clone)]
pub struct Readiness(HealthReporter);

impl Readiness {
    /// Tells everyone who asks, and everyone who watches, from now on.
    pub async fn set(&self, ready: bool) {
        let status = if ready { ServingStatus::Serving } else { ServingStatus::NotServing };
        self.0.set_service_status("", status).await;
    }
}

/// The health service, which says that the server takes calls until it is told otherwise.
pub(crate) fn health() -> (Readiness, Router) {
    let (reporter, service) = tonic_health::server::health_reporter();
    let service = service.max_decoding_message_size(LONGEST);
    (Readiness(reporter), Router::new().route_service("/grpc.health.v1.Health/{*rest}", service))
}

/// The reflection service over the descriptors that were compiled in.
pub(crate) fn reflection() -> Result<Router, Error> {
    let service = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(valetkey_proto::DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()?
        .max_decoding_message_size(LONGEST);
    Ok(Router::new().route_service("/grpc.reflection.v1.ServerReflection/{*rest}", service))
}
