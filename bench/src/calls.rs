//! Unary HTTP calls, one after the other and sixteen at once.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use mezon_api::methods;
use mezon_light::ApiClient;
use mezon_proto::api::{ChannelDescList, ChannelDescription, ListChannelDescsRequest};
use prost::Message as _;
use prost::bytes::Bytes;
use tokio::task::JoinSet;

use crate::child::{Figures, NODE, Run};
use crate::place::Place;
use crate::report::Group;
use crate::server::{Server, Work};
use crate::{Result, clients, message, process};

pub(crate) const RATE: &str = "calls/s";
pub(crate) const CPU: &str = "CPU µs a call";

pub(crate) const BARE: &str = "bare hyper-util client + prost";
pub(crate) const API: &str = "mezon-api, ApiClient::call";

const FETCH: &str = "fetch (Node.js), answer not decoded";

pub(crate) const WORK: &str = "call";

pub(crate) fn measure(
    title: &'static str,
    count: usize,
    at_once: usize,
    rounds: usize,
    javascript: Option<&Path>,
) -> Result<Group> {
    let server = Server::start(Work::Answer(Arc::new(one_channel())))?;
    let mut group = Group::new(title, BARE, &[RATE, CPU]);
    for _ in 0..rounds {
        for client in [BARE, API].into_iter().chain(javascript.map(|_| NODE)) {
            // It takes ten times as long.
            let count = if client == NODE { count / 4 } else { count };
            let run = Run { work: WORK, client, server: &server.place, count, extent: at_once, javascript };
            let figures = run.figures()?;
            let get = |name: &str| figures.get(name).copied().unwrap_or(f64::NAN);
            let name = if client == NODE { FETCH } else { client };
            group.add(name, &[(RATE, get("rate")), (CPU, get("cpu") * 1e6 / count as f64)])?;
        }
    }
    Ok(group)
}

pub(crate) async fn child(client: &str, server: &Place, count: usize, at_once: usize) -> Result<Figures> {
    let bare = bare_client();
    let (light, _socket) = clients::light(server)?;
    let each = count / at_once;
    let mut started = (Instant::now(), process::cpu());
    // Once to open the connections, once to measure.
    for times in [each / 10, each] {
        started = (Instant::now(), process::cpu());
        let mut callers = JoinSet::new();
        for _ in 0..at_once {
            match client {
                BARE => callers.spawn(call_bare(bare.clone(), server.url("http"), times)),
                API => callers.spawn(call_ours(light.api().clone(), times)),
                _ => return Err(format!("unknown client {client}").into()),
            };
        }
        while let Some(caller) = callers.join_next().await {
            caller??;
        }
    }
    let cpu = process::cpu() - started.1;
    Ok(vec![("rate", count as f64 / started.0.elapsed().as_secs_f64()), ("cpu", cpu)])
}

type Bare = Client<HttpConnector, Full<Bytes>>;

fn bare_client() -> Bare {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).build(connector)
}

async fn call_bare(client: Bare, server: String, times: usize) -> Result<()> {
    for _ in 0..times {
        let request = Request::post(format!("{server}/mezon.api.Mezon/ListChannelDescs"))
            .header("authorization", "Bearer token")
            .header("content-type", "application/proto")
            .header("accept", "application/proto")
            .body(Full::new(question().encode_to_vec().into()))?;
        let body = client.request(request).await?.into_body().collect().await?.to_bytes();
        ChannelDescList::decode(body)?;
    }
    Ok(())
}

async fn call_ours(client: ApiClient, times: usize) -> Result<()> {
    for _ in 0..times {
        let _: ChannelDescList = client.call(methods::LIST_CHANNEL_DESCS, &question()).await?;
    }
    Ok(())
}

fn one_channel() -> Vec<u8> {
    let channel = ChannelDescription {
        channel_id: message::FIRST_ID,
        channel_label: "linh.nguyen, an.tran".to_owned(),
        ..ChannelDescription::default()
    };
    ChannelDescList { channeldesc: vec![channel] }.encode_to_vec()
}

fn question() -> ListChannelDescsRequest {
    ListChannelDescsRequest { limit: 100, ..ListChannelDescsRequest::default() }
}
