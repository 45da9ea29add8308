//! Two services that every gRPC tool knows: health for load balancers, without a token, and reflection for people with
//! `grpcurl`, with one.

mod watchers;

use axum::Router;
use std::sync::Arc;
use tokio::sync::Mutex;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};
use tonic_reflection::server::Error;
use watchers::Bounded;

/// The most bytes of a question to either: a service's name, or a symbol's. Health is asked by anyone, and reflection
/// repeats the question in its answer.
const LONGEST: usize = 1024;

/// Says over gRPC whether the server takes calls.
#[derive(Clone)]
pub struct Readiness {
    reporter: HealthReporter,
    /// What was said last.
    ready: Arc<Mutex<bool>>,
}

impl Readiness {
    /// Tells everyone who asks from now on, and everyone who watches if it is something new.
    pub async fn set(&self, ready: bool) {
        let mut before = self.ready.lock().await;
        if *before != ready {
            let status = if ready { ServingStatus::Serving } else { ServingStatus::NotServing };
            self.reporter.set_service_status("", status).await;
            *before = ready;
        }
    }
}

/// The health service, which says that the server takes calls until it is told otherwise.
pub(crate) fn health() -> (Readiness, Router) {
    let reporter = HealthReporter::new();
    let service = Bounded::of(HealthService::from_health_reporter(reporter.clone()));
    let service = HealthServer::new(service).max_decoding_message_size(LONGEST);
    let readiness = Readiness { reporter, ready: Arc::new(Mutex::new(true)) };
    (readiness, Router::new().route_service("/grpc.health.v1.Health/{*rest}", service))
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

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use http_body_util::BodyExt as _;
    use std::time::Duration;
    use tower::ServiceExt as _;
    use valetkey_app::stays::Peer;

    /// A watch of the server as a whole.
    async fn watch(router: &Router) -> Body {
        watch_from(router, "10.0.0.1").await
    }

    async fn watch_from(router: &Router, address: &str) -> Body {
        let ask = http::Request::post("/grpc.health.v1.Health/Watch").header("content-type", "application/grpc");
        let ask = ask.extension(Peer::at(address.parse().unwrap()));
        // An empty message.
        let ask = ask.body(Body::from(vec![0_u8; 5])).unwrap();
        router.clone().oneshot(ask).await.unwrap().into_body()
    }

    /// What is told next: a status, or the code that the watch ends with.
    async fn next(watched: &mut Body) -> Option<u8> {
        let frame = tokio::time::timeout(Duration::from_millis(300), watched.frame()).await.ok()?;
        let frame = frame?.unwrap();
        match frame.trailers_ref() {
            Some(trailers) => Some(100 + trailers["grpc-status"].to_str().unwrap().parse::<u8>().unwrap()),
            None => frame.into_data().ok().and_then(|data| data.last().copied()),
        }
    }

    #[tokio::test]
    async fn who_watches_is_told_of_changes_alone() {
        let (readiness, router) = health();
        let mut watched = watch(&router).await;
        assert_eq!(next(&mut watched).await, Some(1), "it is told how things stand");
        for (ready, told) in [(true, None), (false, Some(2)), (false, None), (true, Some(1)), (true, None)] {
            readiness.set(ready).await;
            assert_eq!(next(&mut watched).await, told, "{ready}");
        }
    }

    #[tokio::test]
    async fn strangers_who_watch_are_so_many_and_keep_nobody_out() {
        let (readiness, router) = health();
        let mut first = watch(&router).await;
        let mut another = watch_from(&router, "10.0.0.2").await;
        let mut others = Vec::new();
        // Those that are gone hold no place.
        for _ in 0..200 {
            others = vec![watch(&router).await];
        }
        for _ in 0..97 {
            others.push(watch(&router).await);
        }
        assert_eq!((next(&mut first).await, next(&mut first).await), (Some(1), None), "there is room for a hundred");
        others.push(watch(&router).await);
        assert_eq!((next(&mut first).await, next(&mut first).await), (Some(114), None), "UNAVAILABLE, and no more");
        for _ in 0..200 {
            others.push(watch(&router).await);
        }
        assert_eq!((next(&mut another).await, next(&mut another).await), (Some(1), None), "who watches once stays");
        readiness.set(false).await;
        assert_eq!((next(&mut another).await, next(others.last_mut().unwrap()).await), (Some(2), Some(2)));
    }
}
