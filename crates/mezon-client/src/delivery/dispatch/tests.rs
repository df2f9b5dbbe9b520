//! The dispatcher behind the machine of a real connection: only the socket and the history are played by hand.

use std::time::{Duration, Instant, SystemTime};

use mezon_emulator::proto::api;
use mezon_emulator::proto::realtime::{Channel, Envelope, envelope};
use mezon_emulator::proto::wire;
use mezon_model::{ChannelId, ChannelMessage, ClanId, MessageId, MessageParts, Target};
use mezon_realtime::machine::{CallId, Input, Machine, Output, Request};
use mezon_realtime::{ChannelGap, DisconnectReason, EventSender, Revision};
use mezon_session::DelayPolicy;
use tokio::sync::mpsc;

use super::{Arc, Audience, BoxFuture, CatchUp, Delivery, Event, Events, Requests, Settings, VecDeque, Wake, run};
use crate::ClientError;
use crate::delivery::history::by_hand::{HistoryByHand, Question};
use crate::delivery::{History, Input as Told, Listed};
use crate::listen::{EventStream, MessageStream};

const CHANNEL: i64 = 7;

struct OneSecond;

impl DelayPolicy for OneSecond {
    fn next_delay(&mut self, _unit: f64) -> Duration {
        Duration::from_secs(1)
    }

    fn reset(&mut self) {}
}

/// A connection without a socket, with its dispatcher.
struct Rig {
    machine: Machine<()>,
    now: Instant,
    generation: u64,
    /// Requests that were not answered.
    unanswered: Vec<i32>,
    queue: EventSender,
    asked: mpsc::UnboundedReceiver<Question>,
    requests: Arc<Requests>,
    inbox: MessageStream,
    events: EventStream,
}

impl Rig {
    /// Up and ready.
    fn up() -> Self {
        let now = Instant::now();
        let (queue, events) = Events::channel(1_024);
        let (history, asked) = HistoryByHand::new();
        let (requests, audience) = (Arc::<Requests>::default(), Arc::<Audience>::default());
        let (inbox, all_events) = (audience.messages(), audience.events());
        let catch_up = CatchUp::new(Settings::default(), Arc::new(history), Arc::clone(&requests), None);
        tokio::spawn(run(events, audience, Some(catch_up), ()));
        let mut rig = Self {
            machine: Machine::new(mezon_realtime::machine::Settings::default(), Box::new(OneSecond), now, 1),
            now,
            generation: 0,
            unanswered: Vec::new(),
            queue,
            asked,
            requests,
            inbox,
            events: all_events,
        };
        rig.carry_out();
        rig.connect();
        rig
    }

    /// In `CHANNEL`, too.
    fn joined() -> Self {
        let mut rig = Self::up();
        let request = Request::join(&Target::direct(CHANNEL.into()).to_join(), Revision::default());
        let timeout = Duration::from_secs(10);
        rig.handle(Input::Call { id: CallId(1), request, timeout, waiter: () });
        rig.answer_joins();
        rig
    }

    fn handle(&mut self, input: Input<()>) {
        self.machine.handle(self.now, input);
        self.carry_out();
    }

    fn carry_out(&mut self) {
        while let Some(frame) = self.machine.transmit() {
            self.unanswered.push(wire::read(&frame).unwrap().cid.try_into().unwrap());
        }
        while let Some(output) = self.machine.poll() {
            match output {
                Output::Dial { generation, .. } => self.generation = generation,
                Output::Event(event) => self.queue.send_all([event]),
                _ => {}
            }
        }
    }

    fn connect(&mut self) {
        self.handle(Input::Connected { generation: self.generation });
    }

    /// Loses the connection and begins the next attempt.
    fn lose(&mut self) {
        self.unanswered.clear();
        self.handle(Input::Lost { generation: self.generation, reason: DisconnectReason::Broken });
        self.now = self.machine.deadline().unwrap();
        self.handle(Input::Timeout);
    }

    /// From the loss to the gap that follows it.
    fn lose_and_come_back(&mut self) {
        self.lose();
        self.connect();
        self.answer_joins();
    }

    fn receive(&mut self, cid: i32, message: envelope::Message) {
        let frame = Revision::default().encode(&Envelope { cid, message: Some(message) });
        self.handle(Input::Received { generation: self.generation, frame });
    }

    fn answer_joins(&mut self) {
        for cid in std::mem::take(&mut self.unanswered) {
            self.receive(cid, envelope::Message::Channel(Channel { id: CHANNEL, ..Channel::default() }));
        }
    }

    /// A message comes in live.
    fn push(&mut self, message_id: i64) {
        let message = api::ChannelMessage { channel_id: CHANNEL, message_id, ..Default::default() };
        self.receive(0, envelope::Message::ChannelMessage(message));
    }

    /// `newest` was the newest message when `CHANNEL` was joined.
    async fn find_baseline(&mut self, newest: i64) {
        self.requests.push(Told::Joined(Target::direct(CHANNEL.into())));
        let question = self.asked.recv().await.unwrap();
        assert_eq!((question.channel.get(), question.after), (CHANNEL, None));
        question.answer([newest]);
        // The answer, and the proof that the connection is alive, are heard before the next event.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }

    async fn asked_after(&mut self, after: i64) -> Question {
        let question = self.asked.recv().await.unwrap();
        assert_eq!((question.channel.get(), question.after), (CHANNEL, Some(MessageId::new(after))));
        question
    }

    /// Closes the connection; gives back all that was delivered.
    async fn close(mut self) -> (Vec<i64>, EventStream) {
        self.handle(Input::Close);
        self.handle(Input::Lost { generation: self.generation, reason: DisconnectReason::Broken });
        let mut ids = Vec::new();
        while let Some(message) = self.inbox.next().await {
            ids.push(message.unwrap().id().get());
        }
        assert!(self.asked.try_recv().is_err(), "nothing more was read");
        (ids, self.events)
    }

    async fn next_gap(&mut self) -> Vec<ChannelGap> {
        loop {
            if let Event::Gap { channels, .. } = self.events.next().await.unwrap() {
                return channels;
            }
        }
    }
}

#[tokio::test]
async fn what_came_live_before_a_second_loss_is_not_delivered_again() {
    let mut rig = Rig::joined();
    rig.push(3);
    rig.lose();
    rig.connect();
    rig.push(5);
    rig.lose_and_come_back();
    rig.asked_after(3).await.answer([4, 5, 6]);
    assert_eq!(rig.close().await.0, [3, 4, 5, 6]);
}

#[tokio::test]
async fn what_was_read_while_the_connection_was_lost_again_is_not_read_twice() {
    let mut rig = Rig::joined();
    rig.push(9);
    rig.lose_and_come_back();
    let question = rig.asked_after(9).await;
    rig.lose_and_come_back();
    question.answer([12]);
    rig.asked_after(12).await.answer([13]);
    assert_eq!(rig.close().await.0, [9, 12, 13]);
}

#[tokio::test(start_paused = true)]
async fn what_was_read_is_not_read_again_after_a_later_loss() {
    let mut rig = Rig::joined();
    rig.push(9);
    rig.lose_and_come_back();
    rig.asked_after(9).await.answer([12]);
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    rig.lose_and_come_back();
    rig.asked_after(12).await.answer([]);
    assert_eq!(rig.close().await.0, [9, 12]);
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_comes_live_after_the_history_is_dropped_while_it_can_come() {
    let mut rig = Rig::joined();
    rig.push(9);
    rig.lose_and_come_back();
    rig.asked_after(9).await.answer([12]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    rig.push(12);
    tokio::time::sleep(Duration::from_secs(60)).await;
    // More than the connection itself compares a message with.
    for id in [20, 21, 22, 23, 12] {
        rig.push(id);
    }
    assert_eq!(rig.close().await.0, [9, 12, 20, 21, 22, 23, 12], "a healthy connection is taken at its word");
}

#[tokio::test]
async fn a_history_that_is_being_read_does_not_hold_up_the_end() {
    let mut rig = Rig::joined();
    rig.push(9);
    rig.lose_and_come_back();
    let unanswered = rig.asked_after(9).await;
    let (ids, mut events) = rig.close().await;
    assert_eq!(ids, [9]);
    let mut gaps = Vec::new();
    while let Some(event) = events.next().await {
        match event {
            Event::Gap { channels, .. } => gaps.extend(channels),
            Event::Closed { .. } => assert_eq!(gaps.len(), 1, "what is missing is told before the end"),
            _ => {}
        }
    }
    assert_eq!(gaps.first().and_then(|gap| gap.last_seen), Some(MessageId::new(9)));
    drop(unanswered);
}

#[tokio::test]
async fn a_history_that_cannot_be_read_leaves_a_gap_to_read_on_from() {
    let mut rig = Rig::joined();
    rig.push(9);
    rig.lose_and_come_back();
    rig.asked_after(9).await.answer([12]);
    rig.lose_and_come_back();
    drop(rig.asked_after(12).await);
    assert_eq!(rig.next_gap().await[0].last_seen, Some(MessageId::new(12)), "further than the connection knows");
}

#[tokio::test]
async fn what_a_channel_lost_before_its_first_message_is_read_from_its_baseline() {
    let mut rig = Rig::joined();
    rig.find_baseline(2).await;
    rig.lose_and_come_back();
    rig.asked_after(2).await.answer([3]);
    assert_eq!(rig.close().await.0, [3]);
}

#[tokio::test]
async fn what_a_channel_without_a_baseline_lost_is_told() {
    let mut rig = Rig::joined();
    rig.lose_and_come_back();
    assert_eq!(rig.next_gap().await[0].last_seen, None);
    assert!(rig.close().await.0.is_empty());
}

/// Its first event was an edit of a message from before the join, and everything since that one was read as missed.
#[tokio::test]
async fn a_change_of_an_old_message_does_not_bring_back_what_was_there_before_the_join() {
    let mut rig = Rig::joined();
    rig.find_baseline(600).await;
    let edit = api::ChannelMessage { channel_id: CHANNEL, message_id: 100, code: 1, ..Default::default() };
    rig.receive(0, envelope::Message::ChannelMessage(edit));
    rig.lose_and_come_back();
    rig.asked_after(600).await.answer([601]);
    assert_eq!(rig.close().await.0, [100, 601]);
}

/// A history that answers each call after a while, with nothing, as a server far away with quiet channels does.
struct FarAway(Duration);

impl History for FarAway {
    fn time(&self) -> SystemTime {
        SystemTime::now()
    }

    fn page(
        &self,
        _: ClanId,
        _: ChannelId,
        _: MessageId,
    ) -> BoxFuture<'static, Result<Vec<ChannelMessage>, ClientError>> {
        let call = self.0;
        Box::pin(async move {
            tokio::time::sleep(call).await;
            Ok(Vec::new())
        })
    }

    fn channels(&self, _: ClanId) -> BoxFuture<'static, Result<Vec<Listed>, ClientError>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    fn newest(&self, _: Target) -> BoxFuture<'static, Result<Option<MessageId>, ClientError>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    fn is_alive(&self, _: u64) -> BoxFuture<'static, bool> {
        Box::pin(std::future::ready(true))
    }

    fn join(&self, _: Target) -> BoxFuture<'static, Result<(), ClientError>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Quiet groups were read one after the other while everything waited: with 150 of them and 250 ms a call, the first event
/// came after 42 s.
#[tokio::test(start_paused = true)]
async fn many_quiet_channels_hold_up_nobody() {
    for (channels, call) in [(150, 250), (1_000, 50)] {
        let (queue, events) = Events::channel(4_096);
        let audience = Arc::<Audience>::default();
        let mut heard = audience.events();
        let far_away = Arc::new(FarAway(Duration::from_millis(call)));
        let catch_up = CatchUp::new(Settings::default(), far_away, Arc::default(), None);
        tokio::spawn(run(events, audience, Some(catch_up), ()));

        let last_seen = Some(MessageId::new(1));
        let missed =
            (1..=channels).map(|channel| ChannelGap::new(ClanId::DIRECT, ChannelId::new(channel), last_seen)).collect();
        let message = |channel: i64| {
            let mut parts = MessageParts::default();
            (parts.channel_id, parts.message_id) = (ChannelId::new(channel), MessageId::new(2));
            Event::Message(parts.into())
        };
        let retry_in = Duration::from_secs(1);
        let ready = tokio::time::Instant::now();
        queue.send_all([
            Event::Disconnected { reason: DisconnectReason::Broken, retry_in },
            Event::Connected { generation: 2 },
            Event::Gap { channels: missed, clans: Vec::new(), complete: true },
            Event::Ready { generation: 2 },
            message(channels + 1),
            message(channels),
        ]);
        let (mut elsewhere, mut waited) = (None, None);
        while waited.is_none() {
            match heard.next().await.unwrap() {
                Event::Message(message) if message.channel_id().get() > channels => elsewhere = Some(ready.elapsed()),
                Event::Message(_) => waited = Some(ready.elapsed()),
                Event::Gap { channels, .. } => panic!("{} channels were not read", channels.len()),
                _ => {}
            }
        }
        assert_eq!(elsewhere, Some(Duration::ZERO), "a channel without a gap does not wait");
        assert!(waited < Some(Duration::from_millis(2 * call + 1)), "one that waits goes first: {waited:?}");
        tokio::time::sleep(Duration::from_secs(15)).await;
        drop(queue);
        while let Some(event) = heard.next().await {
            assert!(!matches!(event, Event::Gap { .. }), "all are caught up within 15 s");
        }
    }
}

/// Thousands of idle connections are held in one process, and nothing was ever missed on most of them.
#[tokio::test]
async fn a_connection_that_was_never_lost_keeps_no_machine() {
    let mut delivery = Delivery::to(Arc::default());
    let mut catch_up = CatchUp::new(Settings::default(), Arc::new(FarAway(Duration::ZERO)), Arc::default(), None);
    let mut decide = async |event| {
        catch_up.decide(&mut delivery, Wake::Events(VecDeque::from([event]))).await;
        catch_up.work.is_some()
    };
    assert!(!decide(Event::Ready { generation: 1 }).await);
    let retry_in = Duration::from_secs(1);
    assert!(decide(Event::Disconnected { reason: DisconnectReason::Broken, retry_in }).await);
}
