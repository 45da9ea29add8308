//! `connector test`: a connector file of one's own played against its golden requests, without a network.

use super::reply::{Reply, rows};
use crate::connector_files::{self, digests_of};
use anyhow::{Context, Result, anyhow, ensure};
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use valetkey_connectors::golden::{self, Case, Mock};
use valetkey_connectors::{Connector, Tool, open_file};

/// What is tested, and how.
#[derive(Args, Serialize, Deserialize)]
pub(crate) struct Flags {
    /// The connector file
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Where the golden requests are, TOOL.json for each tool [default: golden beside the file]
    #[arg(long, value_name = "FOLDER")]
    golden: Option<PathBuf>,
    /// Only this tool; may be given several times
    #[arg(long = "tool", value_name = "NAME")]
    tools: Vec<String>,
    /// Write down how those cases go that have no `end` yet
    #[arg(long)]
    write: bool,
    /// Afterwards try a credential at the app, by the file's `verify` call: without this nothing is sent
    #[arg(long)]
    pub(super) verify: bool,
    /// File with the credential: a JSON object of the fields that people type, or with an `access_token`; - reads it from
    /// standard input [default: the variable VALETKEY_CREDENTIAL]
    #[arg(long, value_name = "FILE", requires = "verify")]
    pub(super) credential_file: Option<String>,
    /// Of which way to sign in the credential is, by its kind [default: the usual one]
    #[arg(long, value_name = "KIND", requires = "verify")]
    pub(super) way: Option<String>,
    /// What replaces scheme, host and port of the app's API for that call
    #[arg(long, value_name = "URL", requires = "verify")]
    pub(super) api_base_url: Option<String>,
}

/// A connector file that passes, with the vendor that its requests are held against.
///
/// # Errors
/// It cannot be read, or does not pass.
pub(super) fn opened(path: &Path) -> Result<(Connector, Mock)> {
    let mut folder = connector_files::read(&[path.to_owned()])?;
    ensure!(path.is_file(), "{} is no file: name one connector file", path.display());
    let (name, text) = folder.files.pop().with_context(|| format!("{} cannot be read", path.display()))?;
    let (connector, digests) = open_file(&name, &text, &folder.digests)?;
    Ok((connector, Mock::of(digests).map_err(|why| anyhow!("{}: {why}", digests_of(path).display()))?))
}

/// Plays every case of every tool, or of those that are named.
///
/// # Errors
/// The file does not pass, there is no tool of a name that was given, or a golden file cannot be read or written.
pub(super) fn test(flags: &Flags) -> Result<Reply> {
    let (connector, mock) = opened(&flags.file)?;
    for name in &flags.tools {
        ensure!(connector.tools.contains_key(name), "{} has no tool {name}", flags.file.display());
    }
    let beside = flags.file.parent().unwrap_or(&flags.file).join("golden");
    let folder = flags.golden.as_ref().unwrap_or(&beside);
    let (mut all, mut wrong) = (Vec::new(), 0);
    for (name, tool) in connector.tools.iter().filter(|(name, _)| flags.tools.is_empty() || flags.tools.contains(name))
    {
        let path = folder.join(format!("{name}.json"));
        for (case, result) in tested(&connector, tool, &mock, &path, flags.write)? {
            wrong += usize::from(result.is_err());
            all.push(json!({"tool": name, "case": case, "result": result.unwrap_or_else(|why| why)}));
        }
    }
    let fault = (wrong > 0).then(|| format!("{wrong} of {} are not as they should be", all.len()));
    Ok(Reply { fault, ..rows(all) })
}

/// The cases of one tool, each with how it went.
fn tested(
    connector: &Connector,
    tool: &Tool,
    mock: &Mock,
    path: &Path,
    write: bool,
) -> Result<Vec<(String, Result<String, String>)>> {
    let named = || path.display().to_string();
    if !path.exists() {
        let why = format!("there is no golden request: write arguments, answers and \"end\": null into {}", named());
        return Ok(vec![(String::new(), Err(why))]);
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", named()))?;
    let mut cases = golden::read(&text).map_err(|why| anyhow!("{}: {why}", named()))?;
    let mut results = Vec::new();
    for case in &mut cases {
        let result = golden::played(connector, tool, mock, case).and_then(|played| compared(case, played, write));
        results.push((case.case.clone(), result));
    }
    if write {
        let text = golden::text(&cases).map_err(|why| anyhow!(why))?;
        std::fs::write(path, text).with_context(|| format!("cannot write {}", named()))?;
    }
    Ok(results)
}

/// Whether a case went as it is written; one that has no end yet is given it, if that was asked for.
fn compared(case: &mut Case, played: Case, write: bool) -> Result<String, String> {
    if case.end.is_null() && write {
        let whole = !played.end.is_null();
        *case = played;
        let unfinished = "its last requests are written down: write the app's answers to them, and do this again";
        return if whole { Ok("written down: read it".to_owned()) } else { Err(unfinished.to_owned()) };
    }
    if case.end.is_null() {
        return Err("has no end yet: see how it goes with --write".to_owned());
    }
    let as_json = |case: &Case| serde_json::to_value(case).map_err(|why| why.to_string());
    match difference("", &as_json(case)?, &as_json(&played)?) {
        None => Ok("as written".to_owned()),
        Some(why) => Err(why),
    }
}

/// The first place where two values differ.
fn difference(at: &str, written: &Value, now: &Value) -> Option<String> {
    match (written, now) {
        (Value::Object(one), Value::Object(other)) => {
            let names = one.keys().chain(other.keys().filter(|name| !one.contains_key(*name)));
            let none = &Value::Null;
            let pair = |name: &String| (one.get(name).unwrap_or(none), other.get(name).unwrap_or(none));
            names.into_iter().find_map(|name| {
                let (written, now) = pair(name);
                difference(&format!("{at}/{name}"), written, now)
            })
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            let pairs = one.iter().zip(other).enumerate();
            { pairs }.find_map(|(index, (written, now))| difference(&format!("{at}/{index}"), written, now))
        }
        _ if written == now => None,
        _ => Some(format!("{at} is written as {}, and went {}", short(written), short(now))),
    }
}

fn short(value: &Value) -> String {
    const MOST: usize = 200;
    let text = value.to_string();
    if text.chars().count() <= MOST { text } else { text.chars().take(MOST).chain("…".chars()).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use valetkey_connectors::starter;

    fn flags(file: &Path, write: bool) -> Flags {
        Flags {
            file: file.to_owned(),
            golden: None,
            tools: vec!["box_list_tasks".to_owned()],
            write,
            verify: false,
            credential_file: None,
            way: None,
            api_base_url: None,
        }
    }

    #[test]
    fn a_case_is_written_down_once_and_held_to_from_then_on() {
        let folder = tempfile::tempdir().unwrap();
        let (file, golden) = (folder.path().join("box.yaml"), folder.path().join("golden"));
        std::fs::write(&file, starter("box")).unwrap();
        let said = |write: bool| {
            let reply = test(&flags(&file, write)).unwrap();
            (reply.fault.is_some(), reply.rows[0]["result"].as_str().unwrap().to_owned())
        };
        let (fault, why) = said(false);
        assert!(fault && why.contains("no golden request") && why.contains("box_list_tasks.json"), "{why}");
        std::fs::create_dir(&golden).unwrap();
        let path = golden.join("box_list_tasks.json");
        let answer = json!({"items": [{"id": "t1", "title": "Water", "due_date": null, "noise": 1}], "next": "n"});
        let case = json!([{"case": "two", "arguments": {"limit": 2}, "exchange": [{"answer": [{"body": answer}]}]}]);
        std::fs::write(&path, case.to_string()).unwrap();
        assert!(said(false).1.contains("has no end yet"));
        assert_eq!(said(true), (false, "written down: read it".to_owned()));
        let written = std::fs::read_to_string(&path).unwrap();
        assert!(written.contains("https://api.acme.example/v2/tasks?limit=2&state=open"), "{written}");
        assert!(written.contains("next_cursor") && !written.contains("\"noise\": 1,\n          \"done"), "{written}");
        assert_eq!(said(false), (false, "as written".to_owned()));
        // What the file says otherwise from then on shows, with its place.
        std::fs::write(&file, starter("box").replace("map: query.limit", "map: query.most")).unwrap();
        let (fault, why) = said(false);
        assert!(fault && why.starts_with("/exchange/0/send/0/url is written as") && why.contains("most=2"), "{why}");
        // As does what the arguments would not do.
        std::fs::write(
            &file,
            starter("box")
                .replace("maximum: 100", "maximum: 1")
                .replace("default: 20", "default: 1")
                .replace("{limit: 5}", "{limit: 1}"),
        )
        .unwrap();
        assert!(said(false).1.contains("limit"), "{}", said(false).1);
    }
}
