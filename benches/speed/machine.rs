//! What processes cost, as Linux counts it.

use std::fs;
use std::time::Duration;

/// A process and all that came from it.
fn family(process: u32) -> Vec<u32> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let Ok(stat) = fs::read_to_string(format!("/proc/{id}/stat")) else { continue };
        // The name, in brackets, may hold anything.
        let Some((_, rest)) = stat.rsplit_once(')') else { continue };
        if let Some(parent) = rest.split_whitespace().nth(1).and_then(|parent| parent.parse::<u32>().ok()) {
            parents.push((id, parent));
        }
    }
    let mut members = vec![process];
    let mut place = 0;
    while let Some(one) = members.get(place).copied() {
        members.extend(parents.iter().filter(|(_, parent)| *parent == one).map(|(id, _)| *id));
        place += 1;
    }
    members
}

/// How long the threads of these processes, and of those that came from them, have run.
pub(crate) fn ran(processes: &[u32]) -> Duration {
    let members = processes.iter().flat_map(|process| family(*process));
    let threads = members.filter_map(|id| fs::read_dir(format!("/proc/{id}/task")).ok()).flatten().flatten();
    let nanoseconds = threads.filter_map(|thread| {
        let line = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanoseconds.sum())
}

/// What a process holds in memory, and what it held at most, in bytes.
pub(crate) fn memory(process: u32) -> (u64, u64) {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    };
    (line("VmRSS"), line("VmHWM"))
}

/// The processor, and how many of them there are.
pub(crate) fn about() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("");
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    format!("{cores} × {}", model.trim_start_matches(['\t', ' ', ':']))
}
