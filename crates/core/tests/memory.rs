//! What reading JSON takes is counted, in bytes of this process, against what it is said to take.

use peak_alloc::PeakAlloc;
use valetkey_core::memory::{needed, values_in};
use valetkey_domain::json;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

#[test]
fn attack_78_reading_json_takes_no_more_memory_than_it_is_said_to() {
    let members: Vec<_> = (0..99_000).map(|n| format!("\"{n:x}\":1")).collect();
    for (what, text) in [
        ("numbers", format!("[{}1]", "1,".repeat(99_000))),
        ("empty objects", format!("[{}1]", "{},".repeat(99_000))),
        ("objects of one member", format!("[{}1]", "{\"a\":1},".repeat(49_000))),
        ("objects of an object", format!("[{}1]", "{\"a\":{}},".repeat(33_000))),
        ("lists of one element", format!("[{}1]", "[1],".repeat(49_000))),
        ("objects of five members", format!("[{}1]", "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1},".repeat(16_000))),
        ("members of one object", format!("{{{}}}", members.join(","))),
        ("short texts", format!("[{}1]", "\"ab\",".repeat(99_000))),
        ("a long text", format!("[\"{}\"]", "x".repeat(4_000_000))),
    ] {
        let said = needed(text.len(), values_in(text.as_bytes()));
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        let value = json::parse(text.as_bytes()).unwrap();
        let took = MEMORY.peak_usage() - before;
        assert!(took <= said, "{what}: {} bytes took {took}, said were {said}", text.len());
        drop(value);
    }
}
