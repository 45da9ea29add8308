//! Load: a bounded number of requests over a few connections, and what each burst of them cost.

use crate::client::{Ask, Connection, spawn};
use crate::process::Process;
use anyhow::{Context, Result};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Makes the n-th request of a side, counted over all its bursts.
pub(crate) type Make = Arc<dyn Fn(usize) -> Ask + Send + Sync>;

/// One side of a comparison.
pub(crate) struct Side<'a> {
    /// The processes whose CPU time counts.
    pub(crate) processes: Vec<&'a Process>,
    connections: Vec<Connection>,
    make: Make,
    next: Arc<AtomicUsize>,
}

/// When requests are sent.
#[derive(Clone, Copy)]
enum Pace {
    /// Each as soon as a connection is free.
    Full,
    /// Each in its turn: the number of the first, when that was, and how far they are apart.
    Each { first: usize, began: Instant, apart: Duration },
}

impl Pace {
    /// Waits for a request's turn, and says from when on it counts: a timer that comes late is not the server's.
    async fn turn(self, number: usize) -> Instant {
        let Self::Each { first, began, apart } = self else { return Instant::now() };
        let turn = began + apart.mul_f64(f64::from(u32::try_from(number - first).unwrap_or(u32::MAX)));
        if turn <= Instant::now() {
            return turn;
        }
        tokio::time::sleep_until(turn.into()).await;
        Instant::now()
    }
}

/// What one burst cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Burst {
    /// Requests answered per second.
    pub(crate) rate: f64,
    /// The median time of one request.
    pub(crate) median: Duration,
    /// The time that 99 of 100 requests took at most.
    pub(crate) slow: Duration,
    /// CPU time of the side's processes per request.
    pub(crate) cpu: Duration,
}

impl<'a> Side<'a> {
    /// Connects.
    ///
    /// # Errors
    /// Nobody listens there.
    pub(crate) async fn open(
        address: SocketAddr,
        connections: usize,
        processes: Vec<&'a Process>,
        make: Make,
    ) -> Result<Self> {
        Self::over(&[address], connections, processes, make).await
    }

    /// Connects to several addresses in turn, as a balancer would.
    ///
    /// # Errors
    /// Nobody listens at one of them.
    pub(crate) async fn over(
        addresses: &[SocketAddr],
        connections: usize,
        processes: Vec<&'a Process>,
        make: Make,
    ) -> Result<Self> {
        let addresses = addresses.iter().cycle().take(connections);
        let connections = futures::future::try_join_all(addresses.map(|address| Connection::open(*address))).await?;
        Ok(Self::of(connections, processes, make))
    }

    /// Over connections that are there.
    pub(crate) fn of(connections: Vec<Connection>, processes: Vec<&'a Process>, make: Make) -> Self {
        Self { processes, connections, make, next: Arc::default() }
    }

    /// Sends this many requests, each connection the next one as soon as it has its answer.
    ///
    /// # Errors
    /// An answer was no success.
    pub(crate) async fn burst(&mut self, requests: usize) -> Result<Burst> {
        self.send(requests, None).await
    }

    /// Sends this many requests, so many of them a second whatever becomes of those before, as callers who know nothing of
    /// each other do. A request that finds no connection free has waited since its turn came.
    ///
    /// # Errors
    /// An answer was no success.
    pub(crate) async fn paced(&mut self, requests: usize, rate: f64) -> Result<Burst> {
        self.send(requests, Some(Duration::from_secs_f64(1.0 / rate))).await
    }

    async fn send(&mut self, requests: usize, apart: Option<Duration>) -> Result<Burst> {
        for connection in &mut self.connections {
            connection.renew().await?;
        }
        let first = self.next.load(Ordering::Relaxed);
        let end = first + requests;
        let (cpu, began) = (self.cpu()?, Instant::now());
        let pace = apart.map_or(Pace::Full, |apart| Pace::Each { first, began, apart });
        let workers: Vec<_> = std::mem::take(&mut self.connections)
            .into_iter()
            .map(|connection| spawn(work(connection, self.make.clone(), self.next.clone(), (end, pace))))
            .collect();
        let mut times = Vec::with_capacity(requests);
        for worker in workers {
            let (connection, taken) = worker.await??;
            self.connections.push(connection);
            times.extend(taken);
        }
        let wall = began.elapsed();
        // Each worker took one number too many to see that it was done.
        self.next.store(end, Ordering::Relaxed);
        let count = u32::try_from(requests)?;
        let cpu = self.cpu()?.saturating_sub(cpu) / count;
        times.sort_unstable();
        let slow = *times.get(times.len() * 99 / 100).context("no requests")?;
        let median = median(times).context("no requests")?;
        Ok(Burst { rate: f64::from(count) / wall.as_secs_f64(), median, slow, cpu })
    }

    fn cpu(&self) -> Result<Duration> {
        self.processes.iter().map(|process| process.cpu()).sum()
    }
}

async fn work(
    mut connection: Connection,
    make: Make,
    next: Arc<AtomicUsize>,
    (end, pace): (usize, Pace),
) -> Result<(Connection, Vec<Duration>)> {
    let mut times = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= end {
            return Ok((connection, times));
        }
        let ask = make(number);
        let began = pace.turn(number).await;
        connection.ask(&ask).await?;
        times.push(began.elapsed());
    }
}

/// The middle of some values; of two, the greater.
pub(crate) fn median<T: PartialOrd + Copy>(mut values: Vec<T>) -> Option<T> {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle() {
        assert_eq!(median(vec![3, 1, 2]), Some(2));
        assert_eq!(median(vec![4.0, 1.0]), Some(4.0));
        assert_eq!(median::<u8>(vec![]), None);
    }
}
