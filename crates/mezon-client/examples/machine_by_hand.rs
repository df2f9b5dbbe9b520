//! The connection's state machine driven by hand, over a pipe in memory: no socket, no task, no runtime. Frames, commands
//! and time go in; frames, events and requests to dial come out. A transport of another kind does the same with its own
//! way to carry envelopes.
//!
//! ```sh
//! cargo run -p mezon-client --example machine_by_hand
//! ```

use std::error::Error;
use std::io::{self, Write as _};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use mezon_client::mezon_model::{ChannelId, Draft, MessageAck, Target};
use mezon_client::mezon_realtime::machine::{CallId, Input, Machine, Output, Reply, Request, Settings};
use mezon_client::mezon_realtime::{DisconnectReason, Event, Revision};
use mezon_client::mezon_session::ExponentialDelay;
use mezon_proto::realtime::envelope::Message as Arm;
use mezon_proto::realtime::{ChannelMessageAck, Envelope, Pong};
use mezon_proto::wire;
use prost::bytes::Bytes;

/// One end of the pipe.
struct Pipe {
    outgoing: Sender<Bytes>,
    incoming: Receiver<Bytes>,
}

/// What a call came to.
type Finished = Result<Reply, String>;

/// The machine and its pipe.
struct Connection {
    machine: Machine<&'static str>,
    pipe: Pipe,
    generation: u64,
    finished: Option<Finished>,
}

impl Connection {
    fn over(pipe: Pipe) -> Self {
        let delays = Box::new(ExponentialDelay::default());
        let machine = Machine::new(Settings::default(), delays, Instant::now(), 7);
        Self { machine, pipe, generation: 0, finished: None }
    }

    /// Does what the machine asks for.
    fn carry_out(&mut self, now: Instant) {
        loop {
            while let Some(output) = self.machine.poll() {
                match output {
                    Output::Dial { generation, .. } => {
                        // The pipe is there already. A real transport would connect here, and report when it is done.
                        self.generation = generation;
                        self.machine.handle(now, Input::Connected { generation });
                    }
                    Output::Finished { outcome, .. } => self.finished = Some(outcome.map_err(|kind| kind.to_string())),
                    Output::Event(event) => announce(&event),
                    // Credentials for a token source, states for whoever watches, and ends that a pipe does not have.
                    _ => {}
                }
            }
            // From here on a frame counts as sent, so it is taken when it can be carried.
            let Some(frame) = self.machine.transmit() else { return };
            if self.pipe.outgoing.send(frame).is_err() {
                let lost = Input::Lost { generation: self.generation, reason: DisconnectReason::Broken };
                self.machine.handle(now, lost);
            }
        }
    }

    /// Makes one call and waits for its end, which the machine brings about in any case.
    fn call(&mut self, id: u64, request: Request) -> Finished {
        let timeout = Duration::from_secs(10);
        self.carry_out(Instant::now());
        let call = Input::Call { id: CallId(id), request, timeout, waiter: "the caller" };
        self.machine.handle(Instant::now(), call);
        loop {
            self.carry_out(Instant::now());
            if let Some(finished) = self.finished.take() {
                return finished;
            }
            let wait = self.machine.deadline().map_or(timeout, |at| at.saturating_duration_since(Instant::now()));
            let generation = self.generation;
            let input = match self.pipe.incoming.recv_timeout(wait) {
                Ok(frame) => Input::Received { generation, frame },
                Err(RecvTimeoutError::Timeout) => Input::Timeout,
                Err(RecvTimeoutError::Disconnected) => Input::Lost { generation, reason: DisconnectReason::Broken },
            };
            self.machine.handle(Instant::now(), input);
        }
    }
}

fn announce(event: &Event) {
    // Whether anybody reads it is not our business.
    let _ = writeln!(io::stdout(), "event: {}", event.name());
}

/// The other side: answers pings and acknowledges messages.
fn serve(pipe: &Pipe) {
    let revision = Revision::default();
    for frame in &pipe.incoming {
        let Ok(inbound) = wire::read(&frame) else { continue };
        let answer = match inbound.message.and_then(|raw| raw.decode().ok().flatten()) {
            Some(Arm::Ping(_)) => Arm::Pong(Pong::default()),
            Some(Arm::ChannelMessageSend(sent)) => Arm::ChannelMessageAck(ChannelMessageAck {
                channel_id: sent.channel_id,
                message_id: 1,
                ..ChannelMessageAck::default()
            }),
            _ => continue,
        };
        let cid = inbound.cid.try_into().unwrap_or_default();
        let envelope = Envelope { cid, message: Some(answer) };
        if pipe.outgoing.send(revision.encode(&envelope)).is_err() {
            return;
        }
    }
}

/// Asks for a sign of life, and sends a message.
fn talk() -> Result<MessageAck, Box<dyn Error>> {
    let (client, server) = pipe();
    thread::spawn(move || serve(&server));
    let mut connection = Connection::over(client);
    let revision = connection.machine.revision();
    connection.call(1, Request::ping(revision))?;
    let target = Target::direct(ChannelId::new(7));
    let message = Draft::from("hello").to_send(&target)?;
    match connection.call(2, Request::send(&message, revision))? {
        Reply::Acknowledged(ack) => Ok(*ack),
        other => Err(format!("the message was answered with {other:?}").into()),
    }
}

fn pipe() -> (Pipe, Pipe) {
    let ((to_server, from_client), (to_client, from_server)) = (channel(), channel());
    (Pipe { outgoing: to_server, incoming: from_server }, Pipe { outgoing: to_client, incoming: from_client })
}

fn main() -> Result<(), Box<dyn Error>> {
    let ack = talk()?;
    writeln!(io::stdout(), "message {} is in channel {}", ack.message_id, ack.channel_id)?;
    Ok(())
}

#[test]
fn a_message_goes_over_a_pipe_and_is_acknowledged() {
    let ack = talk().unwrap();
    assert_eq!((ack.message_id.get(), ack.channel_id.get()), (1, 7));
}
