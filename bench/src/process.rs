//! What this process has used so far.

use std::fs;

use rustix::time::{ClockId, clock_gettime};

/// CPU seconds of all threads, in user and kernel mode.
pub(crate) fn cpu() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// The most memory that was resident at once, in KiB.
pub(crate) fn peak_kib() -> f64 {
    status("VmHWM:")
}

/// The memory of the heap and the stacks that is resident now, in KiB.
pub(crate) fn anonymous_kib() -> f64 {
    status("RssAnon:")
}

/// A line of `/proc/self/status`; 0 where there is none.
fn status(key: &str) -> f64 {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
