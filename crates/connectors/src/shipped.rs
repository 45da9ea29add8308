//! The connector files that are part of the binary, with the digests that they were checked against.

use crate::alias;
use crate::error::{Error, Problem};
use crate::file::File;
use crate::file::read::{Either, either};
use valetkey_domain::nearest;
use valetkey_vendor::Digest;

/// One shipped connector.
#[derive(Debug)]
pub(crate) struct Shipped {
    /// Its name, which the file repeats: known without reading it.
    pub(crate) slug: &'static str,
    /// The file's name, for errors.
    pub(crate) file_name: &'static str,
    /// The file.
    pub(crate) text: &'static str,
    /// The digests of the APIs that it names, in its order.
    pub(crate) digests: &'static [&'static str],
}

impl Shipped {
    /// Its file, made whole where it is an alias.
    pub(crate) fn file(&self) -> Result<File, Error> {
        match either(self.file_name, self.text)? {
            Either::Whole(file) => Ok(*file),
            Either::Alias(alias) => {
                let (_, original) = original(self.file_name, &alias.alias_of)?;
                Ok(alias::whole(*alias, original))
            }
        }
    }

    /// Its digests, read.
    pub(crate) fn described(&self) -> Result<Vec<Digest>, valetkey_vendor::Error> {
        self.digests.iter().map(|text| Digest::read(text)).collect()
    }
}

/// The shipped connector that an alias repeats, with its file.
///
/// # Errors
/// There is none of this name, or it is an alias itself.
pub(crate) fn original(file_name: &str, named: &str) -> Result<(&'static Shipped, File), Error> {
    let wrong = |why: String| {
        let problems = vec![Problem::new("alias_of", why)];
        Error::Wrong { file: file_name.to_owned(), problems }
    };
    let Some(shipped) = SHIPPED.iter().find(|shipped| shipped.slug == named) else {
        let near = nearest(named, SHIPPED.iter().map(|shipped| shipped.slug));
        let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        return Err(wrong(format!("`{named}` is no shipped connector{near}")));
    };
    match either(shipped.file_name, shipped.text)? {
        Either::Whole(file) => Ok((shipped, *file)),
        Either::Alias(_) => Err(wrong(format!("`{named}` is an alias itself"))),
    }
}

/// The shipped digest of this id, such as `calendar:v3`: a file of a user's own may be held against it too.
pub(crate) fn digest_named(id: &str) -> Option<&'static str> {
    let line = format!("\"id\": \"{id}\"");
    let all = SHIPPED.iter().flat_map(|shipped| shipped.digests);
    // The id is the first member of a digest, by itself in its line.
    all.copied().find(|text| text.lines().take(3).any(|found| found.trim().trim_end_matches(',') == line))
}

/// All of them, in the order in which they are shown.
pub(crate) const SHIPPED: &[Shipped] = &[
    Shipped {
        slug: "gmail",
        file_name: "gmail.yaml",
        text: include_str!("../../../catalogue/gmail.yaml"),
        digests: &[
            include_str!("../../../catalogue/digests/gmail.v1.json"),
            include_str!("../../../catalogue/digests/people.v1.json"),
        ],
    },
    Shipped {
        slug: "googlecalendar",
        file_name: "googlecalendar.yaml",
        text: include_str!("../../../catalogue/googlecalendar.yaml"),
        digests: &[include_str!("../../../catalogue/digests/calendar.v3.json")],
    },
    Shipped {
        slug: "googledrive",
        file_name: "googledrive.yaml",
        text: include_str!("../../../catalogue/googledrive.yaml"),
        digests: &[
            include_str!("../../../catalogue/digests/drive.v3.json"),
            include_str!("../../../catalogue/digests/driveactivity.v2.json"),
        ],
    },
    Shipped {
        slug: "github",
        file_name: "github.yaml",
        text: include_str!("../../../catalogue/github.yaml"),
        digests: &[include_str!("../../../catalogue/digests/github.json")],
    },
    Shipped {
        slug: "githubpat",
        file_name: "githubpat.yaml",
        text: include_str!("../../../catalogue/githubpat.yaml"),
        digests: &[include_str!("../../../catalogue/digests/github.json")],
    },
    Shipped {
        slug: "slack",
        file_name: "slack.yaml",
        text: include_str!("../../../catalogue/slack.yaml"),
        digests: &[include_str!("../../../catalogue/digests/slack.json")],
    },
    Shipped {
        slug: "notion",
        file_name: "notion.yaml",
        text: include_str!("../../../catalogue/notion.yaml"),
        digests: &[include_str!("../../../catalogue/digests/notion.json")],
    },
    Shipped {
        slug: "linear",
        file_name: "linear.yaml",
        text: include_str!("../../../catalogue/linear.yaml"),
        digests: &[include_str!("../../../catalogue/digests/linear.json")],
    },
];
