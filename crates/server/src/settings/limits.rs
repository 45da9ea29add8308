//! `[limits]`: every bound has a name, a default, and a range outside of which it would protect nothing or nobody could
//! work.

use crate::data::SETTINGS_FILE;
use crate::listen::Timeouts;
use anyhow::{Result, bail};
use serde::Deserialize;
use std::time::Duration;
use valetkey_app::Bounds;
use valetkey_outbound::Timeouts as OutboundTimeouts;

/// The table as it stands in the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LimitsFile {
    in_flight: Option<u64>,
    in_flight_per_environment: Option<u64>,
    in_flight_per_account: Option<u64>,
    in_flight_per_host: Option<u64>,
    host_wait_seconds: Option<u64>,
    bytes_in_flight: Option<u64>,
    bytes_in_flight_per_environment: Option<u64>,
    api_body_bytes: Option<u64>,
    mcp_body_bytes: Option<u64>,
    answer_bytes: Option<u64>,
    proxy_body_bytes: Option<u64>,
    proxy_answer_bytes: Option<u64>,
    proxy_seconds: Option<u64>,
    api_seconds: Option<u64>,
    mcp_seconds: Option<u64>,
    answer_seconds: Option<u64>,
    connect_seconds: Option<u64>,
    first_byte_seconds: Option<u64>,
    idle_seconds: Option<u64>,
    connections: Option<u64>,
    head_seconds: Option<u64>,
    body_seconds: Option<u64>,
    write_seconds: Option<u64>,
    drain_seconds: Option<u64>,
    effects_seconds: Option<u64>,
}

/// The bounds that a server runs with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Those of calls and bodies.
    pub(crate) bounds: Bounds,
    /// Those of what leaves.
    pub(crate) outbound: OutboundTimeouts,
    /// Those of connections that come in.
    pub(crate) timeouts: Timeouts,
    /// Connections that a listener holds at a time; none: as many as the system's descriptors allow for.
    pub(crate) connections: Option<usize>,
    /// How long effects may go on that outlive their callers, once the listeners have let their requests end.
    pub(crate) effects: Duration,
}

/// The longest wait that can be set: an hour.
const HOUR: u64 = 3_600;
/// The longest body that can be set: it is held in memory.
const GIBIBYTE: u64 = 1 << 30;
/// The largest budget that can be set.
const TEBIBYTE: u64 = 1 << 40;
/// The most of anything that is counted.
const MILLION: u64 = 1_000_000;

impl LimitsFile {
    /// The bounds, the defaults where nothing is said.
    ///
    /// # Errors
    /// A value is out of its range; the message names it.
    pub(super) fn read(&self) -> Result<Limits> {
        let (outbound, timeouts) = (OutboundTimeouts::default(), Timeouts::default());
        let bounds = self.bounds()?;
        Ok(Limits {
            bounds,
            outbound: OutboundTimeouts {
                connect: seconds("connect_seconds", self.connect_seconds, outbound.connect)?,
                first_byte: seconds("first_byte_seconds", self.first_byte_seconds, outbound.first_byte)?,
                idle: seconds("idle_seconds", self.idle_seconds, outbound.idle)?,
            },
            timeouts: Timeouts {
                head: seconds("head_seconds", self.head_seconds, timeouts.head)?,
                body: seconds("body_seconds", self.body_seconds, timeouts.body)?,
                write: seconds("write_seconds", self.write_seconds, timeouts.write)?,
                drain: seconds("drain_seconds", self.drain_seconds, timeouts.drain)?,
                ..timeouts
            },
            connections: self.connections.map(|given| count("connections", Some(given), 0)).transpose()?,
            effects: seconds("effects_seconds", self.effects_seconds, Duration::from_secs(15))?,
        })
    }

    fn bounds(&self) -> Result<Bounds> {
        let usual = Bounds::default();
        let environment = ("in_flight_per_environment", self.in_flight_per_environment);
        let account = ("in_flight_per_account", self.in_flight_per_account);
        let room = ("bytes_in_flight_per_environment", self.bytes_in_flight_per_environment);
        Ok(Bounds {
            in_flight: count("in_flight", self.in_flight, usual.in_flight)?,
            in_flight_per_environment: count(environment.0, environment.1, usual.in_flight_per_environment)?,
            in_flight_per_account: count(account.0, account.1, usual.in_flight_per_account)?,
            in_flight_per_host: count("in_flight_per_host", self.in_flight_per_host, usual.in_flight_per_host)?,
            host_wait: seconds("host_wait_seconds", self.host_wait_seconds, usual.host_wait)?,
            bytes_in_flight: budget("bytes_in_flight", self.bytes_in_flight, usual.bytes_in_flight)?,
            bytes_in_flight_per_environment: budget(room.0, room.1, usual.bytes_in_flight_per_environment)?,
            api_body_bytes: bytes("api_body_bytes", self.api_body_bytes, usual.api_body_bytes)?,
            mcp_body_bytes: bytes("mcp_body_bytes", self.mcp_body_bytes, usual.mcp_body_bytes)?,
            answer_bytes: bytes("answer_bytes", self.answer_bytes, usual.answer_bytes)?,
            proxy_body_bytes: bytes("proxy_body_bytes", self.proxy_body_bytes, usual.proxy_body_bytes)?,
            proxy_answer_bytes: bytes("proxy_answer_bytes", self.proxy_answer_bytes, usual.proxy_answer_bytes)?,
            proxy_time: seconds("proxy_seconds", self.proxy_seconds, usual.proxy_time)?,
            api_time: seconds("api_seconds", self.api_seconds, usual.api_time)?,
            mcp_time: seconds("mcp_seconds", self.mcp_seconds, usual.mcp_time)?,
            answer_time: seconds("answer_seconds", self.answer_seconds, usual.answer_time)?,
        })
    }
}

fn count(name: &str, given: Option<u64>, usual: usize) -> Result<usize> {
    within(name, given, usual, 1, MILLION)
}

/// A kilobyte at least: the smallest messages of the protocols fit.
fn bytes(name: &str, given: Option<u64>, usual: usize) -> Result<usize> {
    within(name, given, usual, 1_024, GIBIBYTE)
}

/// A mebibyte at least, so that what is counted in it is not all of it.
fn budget(name: &str, given: Option<u64>, usual: usize) -> Result<usize> {
    within(name, given, usual, 1 << 20, TEBIBYTE)
}

fn seconds(name: &str, given: Option<u64>, usual: Duration) -> Result<Duration> {
    match given {
        None => Ok(usual),
        Some(value) if (1..=HOUR).contains(&value) => Ok(Duration::from_secs(value)),
        Some(value) => bail!("{SETTINGS_FILE}: limits.{name} is {value}; it can be 1 to {HOUR}"),
    }
}

fn within(name: &str, given: Option<u64>, usual: usize, least: u64, most: u64) -> Result<usize> {
    match given {
        None => Ok(usual),
        Some(value) if (least..=most).contains(&value) => Ok(usize::try_from(value)?),
        Some(value) => bail!("{SETTINGS_FILE}: limits.{name} is {value}; it can be {least} to {most}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Limits> {
        toml::from_str::<LimitsFile>(text)?.read()
    }

    #[test]
    fn nothing_said_means_the_defaults() {
        let limits = read("").unwrap();
        assert_eq!((limits.bounds, limits.outbound), (Bounds::default(), OutboundTimeouts::default()));
        assert_eq!(limits.connections, None);
    }

    /// What operators read is what is there.
    #[test]
    fn the_page_has_every_limit_with_its_default() {
        let page = include_str!("../../../../docs/OPERATING.md");
        let (_, table) = page.split_once("\n## Limits\n").unwrap();
        let rows: Vec<&str> = table
            .lines()
            .skip_while(|line| !line.starts_with("| `"))
            .take_while(|line| line.starts_with("| `"))
            .collect();
        let said = rows.iter().filter_map(|row| {
            let mut cells = row.split('|').skip(1).map(str::trim);
            let (name, default) = (cells.next()?.trim_matches('`'), cells.next()?);
            default.parse::<u64>().ok().map(|default| format!("{name} = {default}\n"))
        });
        let said: String = said.collect();
        assert_eq!(said.lines().count() + 1, rows.len(), "only that of connections depends on the machine");
        assert_eq!(format!("{:?}", LimitsFile::default()).matches(": None").count(), rows.len());
        assert_eq!(format!("{:?}", read(&said).unwrap()), format!("{:?}", read("").unwrap()));
    }

    #[test]
    fn what_is_said_counts() {
        let limits = read("in_flight_per_host = 3\nmcp_body_bytes = 2048\nidle_seconds = 7\nconnections = 99").unwrap();
        assert_eq!((limits.bounds.in_flight_per_host, limits.bounds.mcp_body_bytes), (3, 2048));
        assert_eq!((limits.outbound.idle, limits.connections), (Duration::from_secs(7), Some(99)));
    }

    #[test]
    fn what_protects_nothing_is_refused_by_name() {
        for wrong in
            ["in_flight = 0", "idle_seconds = 3601", "api_body_bytes = 10", "connections = 0", "bytes_in_flight = 9"]
        {
            let why = read(wrong).unwrap_err().to_string();
            let name = wrong.split(' ').next().unwrap();
            assert!(why.contains(&format!("limits.{name}")) && why.contains("it can be"), "{why}");
        }
        assert!(read("in_flght = 3").is_err(), "a typo is an error");
    }
}
