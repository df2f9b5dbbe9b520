//! Times: read as people write them, shown where they live, RFC 3339 for programs.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::fmt::temporal::DateTimePrinter;
use jiff::{Timestamp, ZonedDateTime};
use serde::{Serialize, Serializer};

/// Reads a duration such as `250ms`, `30s`, `15m`, `2h`, `7d`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .map_err(|error| format!("{text:?} is no duration, write it as 250ms, 30s, 15m, 2h or 7d: {error}"))
}

/// Writes a span of time in its two largest units, for people.
pub(crate) fn describe(span: Duration) -> String {
    let text = humantime::format_duration(Duration::from_secs(span.as_secs())).to_string();
    text.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}

/// The time of day where the user is, with the date when it is not today's.
pub(crate) fn clock(time: Option<SystemTime>) -> String {
    clock_at(time, &ZonedDateTime::now())
}

fn clock_at(time: Option<SystemTime>, now: &ZonedDateTime) -> String {
    let Some(time) = time.and_then(|time| Timestamp::try_from(time).ok()) else { return "--:--:--".to_owned() };
    let time = time.to_zoned_datetime(now.time_zone().clone());
    let form = if time.date() == now.date() { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
    time.strftime(form).to_string()
}

/// A time in JSON: RFC 3339 in UTC, to the second. `null` when it is not known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment(pub(crate) Option<SystemTime>);

impl Moment {
    /// Unix seconds as servers send them; 0 when they do not know.
    pub(crate) fn seconds(seconds: u32) -> Self {
        Self((seconds != 0).then(|| UNIX_EPOCH + Duration::from_secs(seconds.into())))
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(time) = self.0.and_then(|time| Timestamp::try_from(time).ok()) else {
            return serializer.serialize_none();
        };
        let text = DateTimePrinter::new().precision(Some(0)).timestamp_to_string(&time);
        serializer.serialize_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn spans_are_told_in_two_units() {
        let told: Vec<String> = [5, 60, 3_600, 90_061].map(|s| describe(Duration::from_secs(s))).into();
        assert_eq!(told, ["5s", "1m", "1h", "1day 1h"]);
        assert_eq!(describe(Duration::from_millis(1_999)), "1s");
    }

    #[test]
    fn the_clock_is_local_and_tells_the_date_when_it_is_not_today() {
        let zone = TimeZone::posix("ICT-7").unwrap();
        // 2026-11-28 06:30 in Vietnam, where the day began at 17:00 UTC.
        let now = Timestamp::from_second(1_795_822_200).unwrap().to_zoned_datetime(zone);
        assert_eq!(clock_at(Some(at(1_795_822_200)), &now), "06:30:00");
        assert_eq!(clock_at(Some(at(1_795_798_800)), &now), "00:00:00");
        assert_eq!(clock_at(Some(at(1_795_798_799)), &now), "2026-11-27 23:59:59");
        assert_eq!(clock_at(None, &now), "--:--:--");
    }

    #[test]
    fn a_moment_is_rfc_3339_in_utc() {
        assert_eq!(serde_json::to_string(&Moment(Some(at(1_795_822_200)))).unwrap(), r#""2026-11-27T23:30:00Z""#);
        assert_eq!(serde_json::to_string(&Moment(None)).unwrap(), "null");
    }
}
