//! What a file or standard input gives to a command, read where the command was typed.

use anyhow::{Context, Result, ensure};
use std::io::Read as _;

/// The most that is read, in bytes: more than any command takes.
const LONGEST: u64 = 512 * 1024;

/// The text of a file; of standard input if it is called `-`.
///
/// # Errors
/// It can't be read, or is longer than anything that is given so.
pub(super) fn text(file: &str) -> Result<String> {
    let mut text = String::new();
    let read = match file {
        "-" => std::io::stdin().take(LONGEST + 1).read_to_string(&mut text).context("cannot read standard input")?,
        path => std::fs::File::open(path)
            .and_then(|open| open.take(LONGEST + 1).read_to_string(&mut text))
            .with_context(|| format!("cannot read {path}"))?,
    };
    ensure!(u64::try_from(read)? <= LONGEST, "{file} is larger than {LONGEST} bytes, which is more than is taken");
    Ok(text)
}
