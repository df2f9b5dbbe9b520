//! What this process has used so far.

use std::fs;
use std::panic::resume_unwind;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getcpu, sched_setaffinity};
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

/// Does `work` in a thread that, with all threads and processes it starts, has a single CPU to run on.
///
/// Waking another CPU that sleeps takes a virtual machine longer than a whole round trip through both programs, and it
/// depends on the moment whether the system puts them on one CPU or on two.
pub(crate) fn on_one_cpu<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let pinned = || {
        let mut cpu = CpuSet::new();
        cpu.set(sched_getcpu());
        sched_setaffinity(None, &cpu)?;
        work()
    };
    std::thread::scope(|scope| scope.spawn(pinned).join()).unwrap_or_else(|panic| resume_unwind(panic))
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
