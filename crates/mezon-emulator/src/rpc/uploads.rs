//! Files.

use bytes::Bytes;
use mezon_proto::api;

use super::{Call, encode};
use crate::failure::Failure;

pub(super) async fn call(call: &Call<'_>, method: &str) -> Option<Result<Bytes, Failure>> {
    Some(match method {
        "UploadAttachmentFile" => announce(call).await,
        "UploadBatchAttachmentFile" => announce_many(call).await,
        "MultipartUploadAttachmentFileStart" => begin_parts(call),
        "MultipartUploadAttachmentFileFinish" => finish_parts(call).await,
        _ => return None,
    })
}

async fn announce(call: &Call<'_>) -> Result<Bytes, Failure> {
    Ok(encode(&call.gateway.announce_upload(call.caller, call.request()?).await?))
}

fn begin_parts(call: &Call<'_>) -> Result<Bytes, Failure> {
    Ok(encode(&call.gateway.begin_multipart(call.caller, call.request()?)?))
}

async fn finish_parts(call: &Call<'_>) -> Result<Bytes, Failure> {
    Ok(encode(&call.gateway.finish_multipart(call.caller, call.request()?).await?))
}

async fn announce_many(call: &Call<'_>) -> Result<Bytes, Failure> {
    let request: api::UploadBatchAttachmentRequest = call.request()?;
    let mut uploaded_files = Vec::new();
    for file in request.upload_files {
        uploaded_files.push(call.gateway.announce_upload(call.caller, file).await?);
    }
    Ok(encode(&api::UploadAttachmentBatch { uploaded_files }))
}
