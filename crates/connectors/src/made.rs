//! How a file becomes a connector: read, held against the digests that it names, checked, compiled.

use crate::connector::Connector;
use crate::error::{Error, Problem};
use crate::file::File;
use crate::file::lines::lines;
use crate::file::read::{Either, either};
use crate::lint::names::{self, Documented};
use crate::lint::{self, Author};
use crate::own::Digests;
use crate::shipped::{SHIPPED, Shipped, digest_named, original};
use crate::{alias, compile, remote};
use valetkey_vendor::Digest;

/// Whether a file of a user's own is of a remote server: a line of its own says so.
fn is_remote(text: &str) -> bool {
    let value = |line: &str| Some(line.strip_prefix("upstream:")?.split('#').next()?.trim().to_owned());
    text.lines().filter_map(value).any(|kind| kind.trim_matches(['"', '\'']) == "mcp")
}

/// The connector of a file of a user's own, checked as far as `author` is. The digests that it names are among those
/// given, or shipped.
///
/// # Errors
/// It cannot be read, or something that it says is wrong.
pub(crate) fn of_file(file_name: &str, text: &str, digests: &Digests, author: Author) -> Result<Connector, Error> {
    opened(file_name, text, digests, author).map(|(connector, _)| connector)
}

/// A connector file of a user's own with the digests that it is held against: for whoever writes it.
///
/// # Errors
/// It cannot be read, something that it says is wrong, or a shipped connector has its name.
pub fn open_file(file_name: &str, text: &str, digests: &Digests) -> Result<(Connector, Vec<Digest>), Error> {
    opened(file_name, text, digests, Author::User)
}

/// Holds a file of a user's own to all that is demanded of a shipped one, but that it may name no native; and to a table of
/// the tools that it shall have, if there is one.
///
/// # Errors
/// As for [`open_file`].
pub fn check_file(file_name: &str, text: &str, digests: &Digests, table: Option<&[Documented]>) -> Result<(), Error> {
    opened(file_name, text, digests, Author::Strict)?;
    let (Some(table), false) = (table, is_remote(text)) else { return Ok(()) };
    let file = match either(file_name, text)? {
        Either::Whole(file) => *file,
        Either::Alias(alias) => {
            let (_, original) = original(file_name, &alias.alias_of)?;
            alias::whole(*alias, original)
        }
    };
    let problems = names::check(&file, table);
    if problems.is_empty() {
        return Ok(());
    }
    Err(located(Error::Wrong { file: file_name.to_owned(), problems }, text))
}

fn opened(file_name: &str, text: &str, digests: &Digests, author: Author) -> Result<(Connector, Vec<Digest>), Error> {
    looked_at(file_name, text, digests, author).map_err(|error| located(error, text))
}

/// The same with the lines of what is wrong, which are found in the file's text.
fn located(error: Error, text: &str) -> Error {
    match (error, lines(text)) {
        (Error::Wrong { file, mut problems }, Some(lines)) => {
            for problem in &mut problems {
                problem.line = lines.of(&problem.at);
            }
            Error::Wrong { file, problems }
        }
        (other, _) => other,
    }
}

fn looked_at(
    file_name: &str,
    text: &str,
    digests: &Digests,
    author: Author,
) -> Result<(Connector, Vec<Digest>), Error> {
    let free = |slug: &str| match is_shipped(slug) {
        true => Err(Error::Taken { file: file_name.to_owned(), slug: slug.to_owned() }),
        false => Ok(()),
    };
    if is_remote(text) {
        let file = remote::read(file_name, text)?;
        free(&file.connector)?;
        return Ok((remote::compiled(file_name, file)?, Vec::new()));
    }
    let (file, digests, author) = match either(file_name, text)? {
        Either::Whole(file) => {
            free(&file.connector)?;
            let digests = named(file_name, &file, digests)?;
            (*file, digests, author)
        }
        Either::Alias(alias) => {
            free(&alias.connector)?;
            let (shipped, original) = original(file_name, &alias.alias_of)?;
            // Its tools are ours, natives and all, and so is what is demanded of it.
            (alias::whole(*alias, original), digests_of(shipped)?, Author::Us)
        }
    };
    Ok((checked(file_name, &file, &digests, author)?, digests))
}

/// Whether a shipped connector has this name, as names are compared: provider names are so without case.
fn is_shipped(slug: &str) -> bool {
    let remote = remote::documents().map(|(slug, _)| slug);
    SHIPPED.iter().map(|shipped| shipped.slug).chain(remote).any(|known| known.eq_ignore_ascii_case(slug))
}

/// The digests that a file names, as far as they are there and in its order: the check says which one is missing.
fn named(file_name: &str, file: &File, given: &Digests) -> Result<Vec<Digest>, Error> {
    let mut found = Vec::new();
    for id in std::iter::once(&file.description).chain(&file.also_described).filter_map(|one| one.id.as_deref()) {
        let Some(text) = given.get(&id.replace(':', ".")).map(String::as_str).or_else(|| digest_named(id)) else {
            break;
        };
        found.push(Digest::read(text).map_err(|why| unreadable(file_name, &format!("the digest `{id}`: {why}")))?);
    }
    Ok(found)
}

fn unreadable(file_name: &str, why: &str) -> Error {
    let problems = vec![Problem::new("description", why)];
    Error::Wrong { file: file_name.to_owned(), problems }
}

/// Compiles a shipped file. It passed the check when it was built, which is not repeated at every start.
pub(crate) fn compiled(shipped: &Shipped) -> Result<Connector, Error> {
    let wrong = |problem| Error::Wrong { file: shipped.file_name.to_owned(), problems: vec![problem] };
    compile::connector(&shipped.file()?, &digests_of(shipped)?).map_err(wrong)
}

fn digests_of(shipped: &Shipped) -> Result<Vec<Digest>, Error> {
    shipped.described().map_err(|error| unreadable(shipped.file_name, &error.to_string()))
}

/// Checks a file and compiles it.
fn checked(file_name: &str, file: &File, digests: &[Digest], author: Author) -> Result<Connector, Error> {
    let problems = lint::check(file, digests, author);
    if !problems.is_empty() {
        return Err(Error::Wrong { file: file_name.to_owned(), problems });
    }
    let wrong = |problem| Error::Wrong { file: file_name.to_owned(), problems: vec![problem] };
    compile::connector(file, digests).map_err(wrong)
}
