//! `orderBy`: what comes first.

use crate::api::error::ApiError;
use crate::cite;
use crate::drive_files::DriveFile;
use std::cmp::Ordering;

/// The most keys that one list is sorted by.
const MAX_KEYS: usize = 10;

/// Sorts by keys such as `folder,modifiedTime desc`; without them the newest is first.
pub(super) fn sort(files: &mut [&DriveFile], keys: Option<&str>) -> Result<(), ApiError> {
    let keys: Vec<&str> = keys.unwrap_or("modifiedTime desc").split(',').map(str::trim).collect();
    let mut read = Vec::new();
    for key in keys.iter().take(MAX_KEYS) {
        let (name, falls) = key.strip_suffix(" desc").map_or((*key, false), |name| (name.trim(), true));
        read.push((comparison(name).ok_or_else(invalid)?, falls));
    }
    files.sort_by(|one, other| {
        read.iter().fold(Ordering::Equal, |order, (compare, falls)| {
            order.then_with(|| if *falls { compare(other, one) } else { compare(one, other) })
        })
    });
    Ok(())
}

type Compare = fn(&DriveFile, &DriveFile) -> Ordering;

fn comparison(name: &str) -> Option<Compare> {
    let compare: Compare = match name {
        "folder" => |one, other| other.is_folder().cmp(&one.is_folder()),
        "name" | "name_natural" => |one, other| one.text("name").to_lowercase().cmp(&other.text("name").to_lowercase()),
        "modifiedTime" | "recency" => |one, other| one.modified.cmp(&other.modified),
        "createdTime" => |one, other| one.created.cmp(&other.created),
        "quotaBytesUsed" => |one, other| one.content.len().cmp(&other.content.len()),
        _ => return None,
    };
    Some(compare)
}

fn invalid() -> ApiError {
    ApiError::calendar("invalid", "Invalid Value", cite::DRIVE_SEARCH).at("orderBy")
}
