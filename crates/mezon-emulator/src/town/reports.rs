//! Messages that were reported to the operators.

use mezon_proto::api;
use serde::{Deserialize, Serialize};

use super::{Act, Done, Key, Record, Town, named};
use crate::failure::Failure;

/// What somebody has reported.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Report {
    pub(crate) id: i64,
    pub(crate) by: i64,
    pub(crate) message: i64,
    pub(crate) reason: String,
}

impl Record for Report {
    const KIND: &'static str = "report";

    fn key(&self) -> Key {
        self.id.into()
    }
}

/// Keeps a report. The request names no channel, so whether the message is there is not known.
pub(crate) fn file(
    town: &mut Town,
    act: &Act<'_>,
    request: api::ReportMessageAbuseReqest,
) -> Result<Done<()>, Failure> {
    if request.message_id == 0 {
        return Err(Failure::invalid("message_id is required"));
    }
    let reason = named(&request.abuse_type, "abuse_type")?;
    town.reports.put(Report { id: act.id(), by: act.by, message: request.message_id, reason });
    Ok(Done::new(()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::town::testing::Place;

    #[test]
    fn a_report_is_kept_with_its_reason() {
        let mut place = Place::default();
        let report = |reason: &str| api::ReportMessageAbuseReqest { message_id: 7, abuse_type: reason.to_owned() };
        place.refused(1, file, report(" "), "abuse_type is required");
        place.done(1, file, report("spam"));
        let kept: Vec<_> = place.town.reports.iter().map(|report| (report.by, report.reason.as_str())).collect();
        assert_eq!(kept, [(1, "spam")]);
    }
}
