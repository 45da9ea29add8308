//! `[log]`, `[telemetry]`, and who may ask for metrics: what operators see of a running server.

use crate::data::SETTINGS_FILE;
use anyhow::{Result, bail};
use clap::ValueEnum;
use serde::Deserialize;
use url::Url;

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for programs.
    Json,
}

/// One of the server's listeners.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Listening {
    /// The clear-text one.
    Http,
    /// The TLS one.
    Tls,
}

/// `[log]` as it stands in the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LogFile {
    format: Format,
    access: bool,
}

/// `[telemetry]` as it stands in the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TelemetryFile {
    otlp_endpoint: Option<Url>,
    sample: Option<f64>,
    trust_callers: bool,
}

/// What is logged, and how.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Logging {
    /// How lines are written.
    pub(crate) format: Format,
    /// Whether each request is a line.
    pub(crate) access: bool,
}

/// Where traces go.
#[derive(Clone, Debug)]
pub(crate) struct Traces {
    /// The collector's gRPC address.
    pub(crate) endpoint: Url,
    /// The part of traces that is kept, 0 to 1.
    pub(crate) sample: f64,
    /// Whether a caller that brings a trace decides whether it is kept.
    pub(crate) trust_callers: bool,
}

impl LogFile {
    /// What was chosen; the flag beats the file.
    pub(super) fn read(&self, flag: Option<Format>) -> Logging {
        Logging { format: flag.unwrap_or(self.format), access: self.access }
    }
}

impl TelemetryFile {
    /// Where traces go, if anywhere.
    ///
    /// # Errors
    /// The endpoint is no http address, or the part is none.
    pub(super) fn read(&self) -> Result<Option<Traces>> {
        let Some(endpoint) = self.otlp_endpoint.clone() else {
            if self.sample.is_some() || self.trust_callers {
                let key = if self.trust_callers { "trust_callers" } else { "sample" };
                bail!("{SETTINGS_FILE}: telemetry.{key} says nothing without telemetry.otlp_endpoint");
            }
            return Ok(None);
        };
        if !matches!(endpoint.scheme(), "http" | "https") || !endpoint.username().is_empty() {
            bail!("{SETTINGS_FILE}: telemetry.otlp_endpoint is like http://localhost:4317 (OTLP over gRPC)");
        }
        let sample = self.sample.unwrap_or(1.0);
        if !(0.0..=1.0).contains(&sample) {
            bail!("{SETTINGS_FILE}: telemetry.sample is {sample}; it can be 0.0 to 1.0");
        }
        Ok(Some(Traces { endpoint, sample, trust_callers: self.trust_callers }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traces(text: &str) -> Result<Option<Traces>> {
        toml::from_str::<TelemetryFile>(text)?.read()
    }

    #[test]
    fn traces_go_nowhere_unless_said() {
        assert!(traces("").unwrap().is_none());
        let told = traces("otlp_endpoint = \"http://localhost:4317\"").unwrap().unwrap();
        assert!((told.sample - 1.0).abs() < f64::EPSILON && !told.trust_callers);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let at = "otlp_endpoint = \"http://localhost:4317\"\n";
        for wrong in ["otlp_endpoint = \"ftp://a\"", "sample = 0.5", &format!("{at}sample = 1.5"), "otlp = 1"] {
            assert!(traces(wrong).is_err(), "{wrong}");
        }
    }
}
