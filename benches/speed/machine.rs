//! What processes cost, as Linux counts it.

use std::collections::HashMap;
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

/// How long threads have run, each by its number, in nanoseconds.
pub(crate) struct Ran(HashMap<u32, u64>);

impl Ran {
    /// How long they ran from then until later. What ended meanwhile, as a worker that cleans up after others, is not known
    /// any more and left out.
    pub(crate) fn until(&self, later: &Self) -> Duration {
        let each = later.0.iter().map(|(id, ran)| ran - self.0.get(id).copied().unwrap_or(0).min(*ran));
        Duration::from_nanos(each.sum())
    }
}

/// How long the threads of these processes, and of those that came from them, have run so far.
pub(crate) fn ran(processes: &[u32]) -> Ran {
    let members = processes.iter().flat_map(|process| family(*process));
    let threads = members.filter_map(|id| fs::read_dir(format!("/proc/{id}/task")).ok()).flatten().flatten();
    let each = threads.filter_map(|thread| {
        let line = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        let ran = line.split_whitespace().next()?.parse().ok()?;
        Some((thread.file_name().to_str()?.parse().ok()?, ran))
    });
    Ran(each.collect())
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
