//! What `mez emulator --at` does later, written as `TIME=ACTION`.

use std::time::Duration;

use mezon_emulator::{Fault, Faults};

use crate::time::parse_duration;

/// Something to do some time after the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Timed {
    after: Duration,
    action: Action,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Action {
    Cut,
    Close(u16),
    Garbage,
    ExpireTokens,
    ExpireRefreshTokens,
    ForgetJoins,
    Clear,
    Apply(Fault),
}

/// Reads one `--at`.
pub(super) fn parse(text: &str) -> Result<Timed, String> {
    let (time, action) = text.split_once('=').ok_or("write it as TIME=ACTION, such as 10s=cut")?;
    let after = parse_duration(time)?;
    let action = match action.split_once('=') {
        Some(("close", code)) => Action::Close(code.parse().map_err(|_| format!("{code:?} is no close code"))?),
        None if action == "cut" => Action::Cut,
        None if action == "garbage" => Action::Garbage,
        None if action == "expire-tokens" => Action::ExpireTokens,
        None if action == "expire-refresh-tokens" => Action::ExpireRefreshTokens,
        None if action == "forget-joins" => Action::ForgetJoins,
        None if action == "clear" => Action::Clear,
        _ => Action::Apply(action.parse::<Fault>().map_err(|error| error.to_string())?),
    };
    Ok(Timed { after, action })
}

/// Does everything in its time, and then waits for ever.
pub(super) async fn run(plan: &[Timed], faults: &Faults) {
    let start = tokio::time::Instant::now();
    let mut plan: Vec<&Timed> = plan.iter().collect();
    plan.sort_by_key(|timed| timed.after);
    for timed in plan {
        tokio::time::sleep_until(start + timed.after).await;
        timed.action.run(faults);
    }
    std::future::pending::<()>().await;
}

impl Action {
    fn run(&self, faults: &Faults) {
        match self {
            Self::Cut => faults.cut_connections(),
            Self::Close(code) => faults.close_sockets(*code),
            Self::Garbage => faults.garbage_frame(),
            Self::ExpireTokens => faults.expire_tokens(),
            Self::ExpireRefreshTokens => faults.expire_refresh_tokens(),
            Self::ForgetJoins => faults.forget_joins(),
            Self::Clear => faults.clear(),
            Self::Apply(fault) => faults.apply(fault),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_read_with_their_time() {
        let after = Duration::from_secs(10);
        assert_eq!(parse("10s=cut"), Ok(Timed { after, action: Action::Cut }));
        assert_eq!(parse("10s=close=1012"), Ok(Timed { after, action: Action::Close(1012) }));
        let late = Action::Apply(Fault::Delay(Duration::from_millis(200)));
        assert_eq!(parse("10s=delay=200ms"), Ok(Timed { after, action: late }));
        assert_eq!(parse("10s=duplicate"), Ok(Timed { after, action: Action::Apply(Fault::Duplicate) }));
    }

    #[test]
    fn wrong_actions_are_refused() {
        for wrong in ["", "cut", "10=cut", "10s", "10s=", "10s=burn", "10s=close=x", "10s=close", "soon=cut"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
