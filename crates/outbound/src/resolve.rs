//! Names to addresses, with the guard in between: what is checked here is what is connected to, so a name cannot
//! change its address between the two (DNS rebinding).

use crate::address;
use crate::policy::Policy;
use async_trait::async_trait;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Looks names up. The system's in a release; tests have one that lies.
#[async_trait]
pub trait Resolve: Send + Sync + 'static {
    /// All addresses of a host name.
    ///
    /// # Errors
    /// The name has none, or nobody could be asked.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The system's resolver: hosts file, then DNS as the machine is set up.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// Said of the one kind of address that no operator can allow.
pub(crate) const METADATA: &str = "it is a cloud's metadata service";

/// A name that led to an address which may not be called.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub(crate) struct ForbiddenAddress {
    /// What is wrong with the address.
    pub(crate) why: &'static str,
}

/// The resolver that the HTTP client gets.
pub(crate) struct Guarded {
    resolver: Arc<dyn Resolve>,
    policy: Arc<Policy>,
    /// Whether this client serves only endpoints that the operator allowed by host and port.
    endpoints_only: bool,
}

impl Guarded {
    pub(crate) fn new(resolver: Arc<dyn Resolve>, policy: Arc<Policy>, endpoints_only: bool) -> Self {
        Self { resolver, policy, endpoints_only }
    }
}

impl reqwest::dns::Resolve for Guarded {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let (resolver, policy, allowed) = (self.resolver.clone(), self.policy.clone(), self.endpoints_only);
        Box::pin(async move {
            let found = resolver.resolve(name.as_str()).await?;
            for ip in &found {
                check(*ip, &policy, allowed)?;
            }
            let addresses = found.into_iter().map(|ip| SocketAddr::new(ip, 0));
            Ok(Box::new(addresses) as reqwest::dns::Addrs)
        })
    }
}

/// Refuses an address that may not be called. `endpoint` says that the operator allowed this very host and port;
/// metadata services are refused even then.
pub(crate) fn check(ip: IpAddr, policy: &Policy, endpoint: bool) -> Result<(), ForbiddenAddress> {
    if address::metadata(ip) {
        return Err(ForbiddenAddress { why: METADATA });
    }
    match address::special(ip) {
        Some(why) if !endpoint && !policy.network(ip) => Err(ForbiddenAddress { why }),
        _ => Ok(()),
    }
}
