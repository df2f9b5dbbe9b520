//! One fault as a value, and as the text of a command line.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::answer::{Page, Route, Times};

/// A fault that is in force from the start of an emulator.
///
/// Reads from and prints as text, for command lines:
///
/// | Text | Effect |
/// |---|---|
/// | `drop-after=20` | cuts each socket after 20 frames |
/// | `close-code=1012@30` | closes each socket with code 1012 after 30 frames |
/// | `mute-pongs` | leaves pings unanswered |
/// | `half-open` | sockets open, and nothing arrives on them in either direction |
/// | `delay=200ms` | frames and HTTP answers arrive later (`ms` or `s`) |
/// | `delay=200ms@ListChannelMessages` | HTTP answers of one [`Route`] arrive later |
/// | `duplicate` | each frame comes twice |
/// | `garbage-every=10` | a frame that is no envelope after each 10 frames |
/// | `fail-next=3:503` | the next 3 HTTP calls fail with 503 |
/// | `fail-next=3:429:5s` | the same, with `Retry-After: 5` |
/// | `fail-next=3:503@SessionRefresh` | the next 3 calls of one method fail |
/// | `answer=2:403:html` | the next 2 HTTP calls are answered with 403 and a [`Page`] |
/// | `answer=10s:204:empty@GetAccount` | the same for a time, of one [`Route`]; `always` is for good |
/// | `refuse-upgrades=2:401` | the next 2 sockets are refused with 401 |
/// | `upgrade-header=Connection:keep-alive, Upgrade` | a header of the answers that open sockets |
/// | `drop-acks=1` | the next message over a socket is not acknowledged |
/// | `repeat-messages=1` | the next message is pushed twice |
/// | `drop-message-ids=1` | the next message is pushed without an id, and not kept |
/// | `refuse-uploads=403` | uploads are refused with 403 |
///
/// ```
/// use mezon_emulator::Fault;
///
/// let fault: Fault = "close-code=1012@30".parse()?;
/// assert_eq!(fault, Fault::CloseAfter { code: 1012, frames: 30 });
/// # Ok::<(), mezon_emulator::ParseFaultError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// See [`Faults::drop_after_frames`](crate::Faults::drop_after_frames).
    DropAfter {
        /// Data frames a socket carries before it is cut.
        frames: u64,
    },
    /// See [`Faults::close_after_frames`](crate::Faults::close_after_frames).
    CloseAfter {
        /// The code of the close frame.
        code: u16,
        /// Data frames a socket carries before it is closed.
        frames: u64,
    },
    /// See [`Faults::mute_pongs`](crate::Faults::mute_pongs).
    MutePongs,
    /// See [`Faults::half_open`](crate::Faults::half_open).
    HalfOpen,
    /// See [`Faults::delay`](crate::Faults::delay).
    Delay(Duration),
    /// See [`Faults::delay_on`](crate::Faults::delay_on).
    DelayOn {
        /// By how much.
        by: Duration,
        /// Which HTTP answers.
        route: Route,
    },
    /// See [`Faults::duplicate`](crate::Faults::duplicate).
    Duplicate,
    /// See [`Faults::garbage_every`](crate::Faults::garbage_every).
    GarbageEvery {
        /// Frames between two frames of garbage.
        frames: u64,
    },
    /// See [`Faults::fail_next`](crate::Faults::fail_next) and [`Faults::fail_next_on`](crate::Faults::fail_next_on).
    FailNext {
        /// How many calls fail.
        count: u64,
        /// The HTTP status they fail with.
        status: u16,
        /// What the answers say in `Retry-After`.
        retry_after: Option<Duration>,
        /// The method whose calls fail; any when there is none.
        method: Option<String>,
    },
    /// See [`Faults::answer`](crate::Faults::answer).
    Answer {
        /// How often.
        times: Times,
        /// The HTTP status.
        status: u16,
        /// What the answers carry.
        page: Page,
        /// Which requests.
        route: Route,
    },
    /// See [`Faults::upgrade_header`](crate::Faults::upgrade_header).
    UpgradeHeader {
        /// The header.
        name: String,
        /// Its value; an empty one takes the header away.
        value: String,
    },
    /// See [`Faults::refuse_upgrades`](crate::Faults::refuse_upgrades).
    RefuseUpgrades {
        /// How many sockets are refused.
        count: u64,
        /// The HTTP status they are refused with.
        status: u16,
    },
    /// See [`Faults::drop_acks`](crate::Faults::drop_acks).
    DropAcks {
        /// How many messages go without their acknowledgement.
        count: u64,
    },
    /// See [`Faults::repeat_messages`](crate::Faults::repeat_messages).
    RepeatMessages {
        /// How many messages.
        count: u64,
    },
    /// See [`Faults::drop_message_ids`](crate::Faults::drop_message_ids).
    DropMessageIds {
        /// How many messages.
        count: u64,
    },
    /// See [`Faults::refuse_uploads`](crate::Faults::refuse_uploads).
    RefuseUploads {
        /// The HTTP status.
        status: u16,
    },
}

/// All forms, as the error lists them.
const FORMS: &str = "drop-after=N, close-code=CODE@N, mute-pongs, half-open, delay=200ms[@ROUTE], duplicate, \
                     garbage-every=N, fail-next=N:STATUS[:5s][@METHOD], \
                     answer=N|5s|always:STATUS:empty|gateway|grpc|html|basic|gzip[@ROUTE], refuse-upgrades=N:STATUS, \
                     upgrade-header=NAME:VALUE, drop-acks=N, repeat-messages=N, drop-message-ids=N, \
                     refuse-uploads=STATUS";

/// A text that names no fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseFaultError {
    text: String,
    problem: String,
}

impl fmt::Display for ParseFaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot read the fault `{}`: {}, use one of {FORMS}", self.text, self.problem)
    }
}

impl std::error::Error for ParseFaultError {}

impl FromStr for Fault {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).map_err(|problem| ParseFaultError { text: text.to_owned(), problem })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DropAfter { frames } => write!(f, "drop-after={frames}"),
            Self::CloseAfter { code, frames } => write!(f, "close-code={code}@{frames}"),
            Self::MutePongs => f.write_str("mute-pongs"),
            Self::HalfOpen => f.write_str("half-open"),
            Self::Delay(by) => write!(f, "delay={}ms", by.as_millis()),
            Self::DelayOn { by, route } => write!(f, "delay={}ms@{route}", by.as_millis()),
            Self::Duplicate => f.write_str("duplicate"),
            Self::GarbageEvery { frames } => write!(f, "garbage-every={frames}"),
            Self::FailNext { count, status, retry_after, method } => {
                write!(f, "fail-next={count}:{status}")?;
                if let Some(after) = retry_after {
                    write!(f, ":{}s", after.as_secs())?;
                }
                method.as_ref().map_or(Ok(()), |method| write!(f, "@{method}"))
            }
            Self::RefuseUpgrades { count, status } => write!(f, "refuse-upgrades={count}:{status}"),
            Self::Answer { times, status, page, route } => {
                f.write_str("answer=")?;
                match times {
                    Times::Next(count) => write!(f, "{count}"),
                    Times::For(time) => write!(f, "{}ms", time.as_millis()),
                    Times::Always => f.write_str("always"),
                }?;
                write!(f, ":{status}:{page}")?;
                if *route == Route::Calls { Ok(()) } else { write!(f, "@{route}") }
            }
            Self::UpgradeHeader { name, value } => write!(f, "upgrade-header={name}:{value}"),
            Self::DropAcks { count } => write!(f, "drop-acks={count}"),
            Self::RepeatMessages { count } => write!(f, "repeat-messages={count}"),
            Self::DropMessageIds { count } => write!(f, "drop-message-ids={count}"),
            Self::RefuseUploads { status } => write!(f, "refuse-uploads={status}"),
        }
    }
}

fn parse(text: &str) -> Result<Fault, String> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (text, None),
    };
    let needed = || value.ok_or_else(|| format!("{name} needs a value"));
    let fault = match name {
        "drop-after" => Fault::DropAfter { frames: count(needed()?)? },
        "close-code" => {
            let (code, frames) =
                needed()?.split_once('@').ok_or("a close code needs the number of frames before it")?;
            Fault::CloseAfter { code: close_code(code)?, frames: count(frames)? }
        }
        "mute-pongs" => Fault::MutePongs,
        "half-open" => Fault::HalfOpen,
        "delay" => match routed(needed()?)? {
            (by, None) => Fault::Delay(duration(by)?),
            (by, Some(route)) => Fault::DelayOn { by: duration(by)?, route },
        },
        "duplicate" => Fault::Duplicate,
        "garbage-every" => Fault::GarbageEvery { frames: count(needed()?)? },
        "fail-next" => fail_next(needed()?)?,
        "refuse-upgrades" => {
            let (refused, with) = needed()?.split_once(':').ok_or("the status is missing")?;
            Fault::RefuseUpgrades { count: count(refused)?, status: status(with)? }
        }
        "answer" => answer(needed()?)?,
        "upgrade-header" => {
            let (name, value) = needed()?.split_once(':').ok_or("the value is missing")?;
            Fault::UpgradeHeader { name: name.trim().to_owned(), value: value.trim().to_owned() }
        }
        "repeat-messages" => Fault::RepeatMessages { count: count(needed()?)? },
        "drop-message-ids" => Fault::DropMessageIds { count: count(needed()?)? },
        "drop-acks" => Fault::DropAcks { count: count(needed()?)? },
        "refuse-uploads" => Fault::RefuseUploads { status: status(needed()?)? },
        _ => return Err("there is no such fault".to_owned()),
    };
    match (&fault, value) {
        (Fault::MutePongs | Fault::HalfOpen | Fault::Duplicate, Some(_)) => Err(format!("{name} takes no value")),
        _ => Ok(fault),
    }
}

fn fail_next(value: &str) -> Result<Fault, String> {
    let (value, method) = match value.split_once('@') {
        Some((_, "")) => return Err("the method after @ is missing".to_owned()),
        Some((value, method)) => (value, Some(method.to_owned())),
        None => (value, None),
    };
    let (failing, rest) = value.split_once(':').ok_or("the status is missing")?;
    let (with, retry_after) = match rest.split_once(':') {
        Some((with, after)) => (with, Some(duration(after)?)),
        None => (rest, None),
    };
    Ok(Fault::FailNext { count: count(failing)?, status: status(with)?, retry_after, method })
}

fn answer(value: &str) -> Result<Fault, String> {
    let (value, route) = routed(value)?;
    let mut parts = value.splitn(3, ':');
    let (Some(times), Some(status), Some(page)) = (parts.next(), parts.next(), parts.next()) else {
        return Err("an answer needs how often, a status and a page".to_owned());
    };
    let times = match times {
        "always" => Times::Always,
        text if text.ends_with('s') => Times::For(duration(text)?),
        text => Times::Next(count(text)?),
    };
    let status = status.parse().ok().filter(|status| (200..600).contains(status));
    let status = status.ok_or("the status of an answer is not one from 200 to 599")?;
    let known = Page::ALL.iter().find(|(name, _)| *name == page);
    let page = known.map(|(_, page)| *page).ok_or_else(|| format!("`{page}` is not a page"))?;
    Ok(Fault::Answer { times, status, page, route: route.unwrap_or(Route::Calls) })
}

/// Splits off the route after an `@`.
fn routed(value: &str) -> Result<(&str, Option<Route>), String> {
    match value.split_once('@') {
        Some((_, "")) => Err("the route after @ is missing".to_owned()),
        Some((value, route)) => Ok((value, Some(route.into()))),
        None => Ok((value, None)),
    }
}

fn count(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(0) => Err("0 is not a count".to_owned()),
        Ok(count) => Ok(count),
        Err(_) => Err(format!("`{text}` is not a count")),
    }
}

fn status(text: &str) -> Result<u16, String> {
    let status = text.parse().ok().filter(|status| (400..600).contains(status));
    status.ok_or_else(|| format!("`{text}` is not an HTTP status from 400 to 599"))
}

/// Any number that fits into a close frame, also one that RFC 6455 keeps off the wire: proxies do not.
fn close_code(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| format!("`{text}` is not a close code from 0 to 65535"))
}

fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| format!("`{text}` is not a time such as 200ms or 2s: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_reads_and_prints() {
        for text in [
            "drop-after=20",
            "close-code=1012@30",
            "mute-pongs",
            "half-open",
            "delay=200ms",
            "duplicate",
            "garbage-every=10",
            "fail-next=3:503",
            "fail-next=3:429:5s",
            "fail-next=3:503@SessionRefresh",
            "fail-next=1:429:5s@CreateChannelDesc",
            "refuse-upgrades=2:401",
            "close-code=1006@1",
            "delay=250ms@ListChannelMessages",
            "answer=2:403:html",
            "answer=10000ms:204:empty@GetAccount",
            "answer=always:401:basic@sockets",
            "answer=3:503:gateway@uploads",
            "answer=1:200:gzip@downloads",
            "answer=1:400:grpc@/v2/account/authenticate/idtoken",
            "upgrade-header=Connection:keep-alive, Upgrade",
            "drop-acks=1",
            "repeat-messages=1",
            "drop-message-ids=1",
            "refuse-uploads=403",
        ] {
            assert_eq!(text.parse::<Fault>().unwrap().to_string(), text);
        }
        assert_eq!("delay=2s".parse(), Ok(Fault::Delay(Duration::from_secs(2))));
    }

    #[test]
    fn a_mistake_says_what_is_wrong_and_what_exists() {
        for (text, problem) in [
            ("", "no such fault"),
            ("drop-afterr=3", "no such fault"),
            ("drop-after", "needs a value"),
            ("drop-after=x", "`x` is not a count"),
            ("drop-after=0", "0 is not a count"),
            ("mute-pongs=1", "takes no value"),
            ("delay=200", "not a time"),
            ("delay=s", "not a time"),
            ("fail-next=3", "status is missing"),
            ("fail-next=3:200", "not an HTTP status"),
            ("fail-next=3:503@", "method after @ is missing"),
            ("delay=1s@", "route after @ is missing"),
            ("answer=1:403", "needs how often, a status and a page"),
            ("answer=1:99:html", "not one from 200 to 599"),
            ("answer=1:403:pdf", "`pdf` is not a page"),
            ("answer=x:403:html", "`x` is not a count"),
            ("upgrade-header=Connection", "value is missing"),
            ("close-code=65536@3", "not a close code"),
            ("close-code=1012", "number of frames"),
        ] {
            let message = text.parse::<Fault>().unwrap_err().to_string();
            assert!(message.contains(problem), "{message}");
            assert!(message.contains("garbage-every=N"), "{message}");
        }
    }
}
