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
    text_of_at_most(file, LONGEST)
}

/// The same of a file that may be longer, or shorter.
///
/// # Errors
/// It can't be read, or is longer than so many bytes.
pub(super) fn text_of_at_most(file: &str, most: u64) -> Result<String> {
    let mut text = String::new();
    let read = match file {
        "-" => std::io::stdin().take(most + 1).read_to_string(&mut text).context("cannot read standard input")?,
        path => std::fs::File::open(path)
            .and_then(|open| open.take(most + 1).read_to_string(&mut text))
            .with_context(|| format!("cannot read {path}"))?,
    };
    ensure!(u64::try_from(read)? <= most, "{file} is larger than {most} bytes, which is more than is taken");
    Ok(text)
}
