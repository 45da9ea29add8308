//! What the catalogue costs: a start, a connector's first use, a request, an input, and the search through 50,000 tools.
//!
//! `bench/connectors` prints a table; docs/PERFORMANCE.md says what it is to be. Everything runs on one thread, and it is that
//! thread's processor time that is counted, so that other work on the machine matters little.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench that cannot go on stops, and prints")]

use peak_alloc::PeakAlloc;
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Map, Value, json};
use std::hint::black_box;
use std::time::Duration;
use valetkey_connectors::native::Work;
use valetkey_connectors::search::Index;
use valetkey_connectors::{Catalog, Folder, Setting, Step, starter};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Tools that are generated, and in how many connectors.
const TOOLS: usize = 50_000;
const CONNECTORS: usize = 250;
/// How often what is quick is done in one turn, and how many turns: the median counts.
const TIMES: u32 = 2_000;
const TURNS: usize = 15;

fn main() {
    println!("| figure | measured | beside it | goal |\n|---|---|---|---|");
    start();
    first_uses();
    requests();
    search();
}

fn line(figure: &str, measured: &str, beside: &str, goal: &str) {
    println!("| {figure} | {measured} | {beside} | {goal} |");
}

fn timed<T>(what: impl FnOnce() -> T) -> (T, Duration) {
    let began = processor_time();
    let made = what();
    (made, processor_time().saturating_sub(began))
}

fn processor_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap())
}

fn median(turns: usize, mut one: impl FnMut() -> Duration) -> Duration {
    let mut turns: Vec<Duration> = (0..turns).map(|_| one()).collect();
    turns.sort();
    turns.get(turns.len() / 2).copied().unwrap_or_default()
}

/// What one of many costs.
fn each(what: impl Fn()) -> Duration {
    median(TURNS, || timed(|| (0..TIMES).for_each(|_| what())).1 / TIMES)
}

/// How much more memory is in use, in kB.
fn kept(before: usize) -> usize {
    MEMORY.current_usage().saturating_sub(before) / 1024
}

/// What a start does: it finds out which connectors there are.
fn start() {
    let before = MEMORY.current_usage();
    let catalog = Catalog::shipped().unwrap();
    let held = kept(before);
    let took = median(TURNS, || timed(|| Catalog::shipped().unwrap()).1);
    line("the shipped catalogue at a start", &format!("{took:.2?}, {held} kB"), "", "");
    let (tools, took) = timed(|| catalog.connectors().map(|connector| connector.tools.len()).sum::<usize>());
    line("all of it compiled", &format!("{tools} tools, {took:.2?}, {} kB", kept(before)), "", "");
    let (index, took) = timed(|| Index::of(catalog.connectors()));
    let searched = each(|| drop(black_box(index.search(black_box("make a new task for tomorrow"), 10))));
    line("its search: made, and asked", &format!("{took:.2?}, {searched:.2?}"), "", "");
}

/// A connector compiles when it is first asked for.
fn first_uses() {
    for slug in ["googlecalendar", "gmail", "googledrive", "slack", "notion", "linear", "github", "githubpat"] {
        let first = || {
            let catalog = Catalog::shipped().unwrap();
            timed(|| catalog.connector(slug).unwrap())
        };
        let took = median(7, || first().1);
        let beside = format!("{} tools", first().0.tools.len());
        line(&format!("first use of {slug}"), &format!("{took:.2?}"), &beside, "30 ms");
    }
}

/// The arguments of typical calls.
fn calls() -> Vec<(&'static str, Value)> {
    vec![
        ("googlecalendar_list_events", json!({"calendar_id": "primary", "max_results": 20, "query": "review"})),
        ("gmail_fetch_mails", json!({"query": "is:unread", "max_results": 10})),
        (
            "github_issue_create",
            json!({"owner": "o", "repo": "r", "title": "Fix it", "body": "Soon.", "labels": ["bug"]}),
        ),
        ("slack_send_message", json!({"channel": "C024BE91L", "text": "Good morning"})),
        ("notion_page_get", json!({"page_id": "59833787-2cf9-4fdf-8782-e53db20768a5"})),
        ("linear_issue_create", json!({"teamId": "t", "title": "Fix it", "priority": "high"})),
    ]
}

/// Validating arguments, and rendering the first request; beside it, reading the arguments' JSON.
fn requests() {
    let catalog = Catalog::shipped().unwrap();
    for (name, arguments) in calls() {
        let (_, tool) = catalog.tool(name).unwrap();
        let given = arguments.as_object().cloned().unwrap();
        let checked = tool.check(&given).unwrap();
        let text = arguments.to_string();
        let parsed = each(|| drop(black_box(serde_json::from_str::<Value>(black_box(&text)).unwrap())));
        let line = |figure: &str, took: Duration, goal: &str| {
            let ratio = took.as_secs_f64() / parsed.as_secs_f64();
            let beside = format!("{ratio:.1} times reading its JSON, {parsed:.2?}");
            line(&format!("{figure} {name}"), &format!("{took:.2?}"), &beside, goal);
        };
        let validated = each(|| drop(black_box(tool.check(black_box(&given)))));
        line("validating the input of", validated, "3 us");
        let first = median(TURNS, || {
            let (_, tool) = Catalog::shipped().unwrap().tool(name).unwrap();
            timed(|| drop(black_box(tool.check(black_box(&given))))).1
        });
        line("the first time, the input of", first, "");
        let rendered = each(|| {
            let mut run = tool.start(black_box(checked.clone()), setting()).unwrap();
            let step = run.next(Vec::new(), Duration::from_secs(60));
            assert!(matches!(black_box(step), Step::Send(_)));
        });
        line("rendering a request of", rendered, "10 us");
    }
}

fn setting() -> Setting {
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    Setting { base_url: None, now, nonce: 1, api_config: Map::new(), work: Work::default() }
}

/// Many tools: as files of a user's own, found by name, and by what somebody wants.
fn search() {
    let files = (0..CONNECTORS).map(|number| (format!("{number}.yaml"), generated(number)));
    let folder = Folder { files: files.collect(), ..Folder::default() };
    let mut catalog = Catalog::shipped().unwrap();
    let own = catalog.own_files();
    let before = MEMORY.current_usage();
    let (_, took) = timed(|| own.take(folder));
    let all: Vec<_> = catalog.connectors().collect();
    let tools = all.iter().map(|connector| connector.tools.len()).sum::<usize>();
    let took = format!("{tools} tools, {took:.2?}, {} kB", kept(before));
    line("as many tools in files of one's own, checked and compiled", &took, "", "");
    let name = format!("gen{}_list_tasks_77", CONNECTORS / 2);
    let found = each(|| drop(black_box(catalog.tool(black_box(&name)).unwrap())));
    line("a tool of them found by its name", &format!("{found:.2?}"), "", "");
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let searched = all.iter().filter(|connector| connector.alias_of.is_none()).map(|connector| connector.tools.len());
    let tools = searched.sum::<usize>();
    let index = Index::of(all.iter().cloned());
    let (held, peak) = (kept(before), MEMORY.peak_usage().saturating_sub(before) / 1024);
    let took = median(7, || timed(|| Index::of(all.iter().cloned())).1);
    let beside = format!("{peak} kB while it is made");
    line(&format!("the search's index of {tools} tools"), &format!("{took:.2?}, {held} kB"), &beside, "50 ms, 20 MB");
    let asked = median(TURNS, || timed(|| black_box(index.search("make a new task for tomorrow", 10))).1);
    line("a search in it", &format!("{asked:.2?}"), "", "");
}

/// The starter with many tools more.
fn generated(number: usize) -> String {
    let file = starter(&format!("gen{number}"));
    let (head, tools) = file.split_once("\ntools:\n").unwrap();
    let (one, _) = tools.split_once("\n\n").unwrap();
    let each = TOOLS / CONNECTORS;
    let all: String =
        (0..each).map(|tool| one.replace("_list_tasks:", &format!("_list_tasks_{tool}:")) + "\n\n").collect();
    format!("{head}\ntools:\n{all}")
}
