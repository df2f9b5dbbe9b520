//! What became of the joins.

use mezon_light::{CallErrorKind, ChannelId, LightError, Target};

use crate::exit::Failure;
use crate::output::Output;

/// The channels that could be joined. Others are told; when there is none but others, that is the failure.
pub(super) async fn heard(
    joins: Vec<(Target, Result<(), LightError>)>,
    output: Output,
) -> Result<Vec<ChannelId>, Failure> {
    let (mut joined, mut refused) = (Vec::new(), Vec::new());
    for (Target { channel_id, .. }, join) in joins {
        match join {
            Ok(()) => joined.push(channel_id),
            Err(error) if is_refusal(&error) => refused.push(failed(channel_id, error.into())),
            Err(error) => return Err(failed(channel_id, error.into())),
        }
    }
    let failure = if joined.is_empty() { refused.pop() } else { None };
    for refusal in refused {
        refusal.report(output).await;
    }
    failure.map_or(Ok(joined), Err)
}

/// Why a channel is not heard.
pub(super) fn failed(id: ChannelId, failure: Failure) -> Failure {
    failure.of(format_args!("channel {id} cannot be joined"))
}

fn is_refusal(error: &LightError) -> bool {
    matches!(error, LightError::Call(error) if matches!(error.kind(), CallErrorKind::Rejected { .. }))
}
