//! Times: read as people write them, shown where they live, RFC 3339 for programs.

use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::civil::DateTime;
use jiff::fmt::temporal::DateTimePrinter;
use jiff::{Timestamp, ZonedDateTime};
use serde::{Serialize, Serializer};

/// Reads a duration such as `250ms`, `30s`, `15m`, `2h`, `7d`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .map_err(|error| format!("{text:?} is no duration, write it as 250ms, 30s, 15m, 2h or 7d: {error}"))
}

/// Since when: some time ago, or a date and perhaps a time where the user is, or a moment with its zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    Ago(Duration),
    Local(DateTime),
    Moment(Timestamp),
}

impl FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(ago) = humantime::parse_duration(text) {
            return Ok(Self::Ago(ago));
        }
        // First with its zone, which would be skipped otherwise.
        let moment = text.parse().map(Self::Moment).or_else(|_| text.parse().map(Self::Local));
        moment.map_err(|error| format!("write it as 2h, 2026-11-28, 2026-11-28T06:30 or 2026-11-28T06:30:00Z: {error}"))
    }
}

impl Since {
    /// The moment, as seen from now and here.
    pub(crate) fn resolve(self) -> Result<SystemTime, String> {
        self.resolve_at(&ZonedDateTime::now())
    }

    fn resolve_at(self, now: &ZonedDateTime) -> Result<SystemTime, String> {
        let moment = match self {
            Self::Ago(ago) => {
                let moment = now.timestamp().checked_sub(ago);
                moment.map_err(|_| "there was no time that long ago".to_owned())?
            }
            Self::Local(local) => now.time_zone().to_timestamp(local).map_err(|error| error.to_string())?,
            Self::Moment(moment) => moment,
        };
        SystemTime::try_from(moment).map_err(|error| error.to_string())
    }
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
    fn since_is_a_while_ago_or_a_local_date_or_a_moment() {
        let now = Timestamp::from_second(1_795_822_200).unwrap().to_zoned_datetime(TimeZone::posix("ICT-7").unwrap());
        for (text, seconds) in [
            ("2h", 1_795_815_000),
            ("1d 30m", 1_795_734_000),
            ("2026-11-28", 1_795_798_800),
            ("2026-11-28T06:30", 1_795_822_200),
            ("2026-11-28 06:30:00", 1_795_822_200),
            ("2026-11-27T23:30:00Z", 1_795_822_200),
            ("2026-11-28T08:30:00+09:00", 1_795_822_200),
        ] {
            assert_eq!(text.parse::<Since>().unwrap().resolve_at(&now), Ok(at(seconds)), "{text}");
        }
        for wrong in ["", "yesterday", "2026-13-01", "12"] {
            assert!(wrong.parse::<Since>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_moment_is_rfc_3339_in_utc() {
        assert_eq!(serde_json::to_string(&Moment(Some(at(1_795_822_200)))).unwrap(), r#""2026-11-27T23:30:00Z""#);
        assert_eq!(serde_json::to_string(&Moment(None)).unwrap(), "null");
    }
}
