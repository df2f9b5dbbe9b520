//! What this process has used so far.

use std::fs;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

use crate::Result;

/// For what is open besides connections.
const OTHER_DESCRIPTORS: u64 = 64;

/// Makes room for this many connections. Fails when the system does not allow them.
pub(crate) fn allow_descriptors(connections: usize) -> Result<()> {
    let wanted = u64::try_from(connections)? + OTHER_DESCRIPTORS;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= wanted) {
        return Ok(());
    }
    if let Some(maximum) = maximum.filter(|maximum| *maximum < wanted) {
        return Err(format!(
            "{connections} connections need {wanted} open files; this system allows {maximum} (`ulimit -Hn`)"
        )
        .into());
    }
    Ok(setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum })?)
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_that_the_system_does_not_allow_are_refused() {
        allow_descriptors(1).unwrap();
        let Some(most) = getrlimit(Resource::Nofile).maximum else { return };
        let error = allow_descriptors(usize::try_from(most).unwrap()).unwrap_err().to_string();
        assert!(error.contains("ulimit -Hn"), "{error}");
    }
}
