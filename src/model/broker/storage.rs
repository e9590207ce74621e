//! What a kind of broker has to be able to do.

use super::{Address, Client, Consumer, Fetch, Presence, Publish, Word};
use crate::model::context::Context;
use crate::model::id::NodeId;
use crate::model::message::Messages;
use crate::model::observation::Observer;
use crate::model::packet::Sent;
use crate::model::service::Delivered;
use crate::policy::commit::Commit;
use crate::time::SimTime;

/// What a kind of broker has to be able to do. All of it happens while the broker is up.
pub trait Storage {
    /// The start of the run.
    fn open<O: Observer>(&mut self, cx: &mut Context<O>);

    /// A publish has arrived. What comes back is the answer to it, if it is answered at once.
    fn on_publish<O: Observer>(&mut self, publish: Publish, cx: &mut Context<O>) -> Sent;

    /// A publisher gives up on an attempt of `sent_at`, which may be waiting for room.
    fn on_withdraw<O: Observer>(&mut self, publish: Publish, sent_at: SimTime, cx: &mut Context<O>);

    /// An idle worker asks for work; it is put into `batch`. If nothing is, the consumer is told when there is something.
    fn on_fetch<O: Observer>(
        &mut self,
        fetch: Fetch,
        batch: &mut Vec<Delivered>,
        cx: &mut Context<O>,
    );

    /// A consumer that was told of work has nobody free to take it.
    fn on_declined<O: Observer>(&mut self, cx: &mut Context<O>);

    /// A worker is done with `batch`.
    fn on_commit<O: Observer>(
        &mut self,
        by: Client,
        commit: Commit,
        batch: &[Delivered],
        cx: &mut Context<O>,
    );

    /// A consumer gives these deliveries up, to be put aside at the part `to`; whether they are. Only a `log` has such parts.
    fn on_set_aside<O: Observer>(
        &mut self,
        _to: Address,
        _given_up: &[Delivered],
        _: &mut Context<O>,
    ) -> bool {
        false
    }

    /// What a worker may do that has just told of what it has done. Only a broker with transactions has anything to say.
    fn word(&mut self) -> Word {
        Word::GoOn
    }

    /// Other nodes of the broker are lost than before, by bit. Most brokers have one node.
    fn on_nodes_lost<O: Observer>(&mut self, _: u32, _: &mut Context<O>) {}

    /// A worker is done with `batch`, and the broker is down: it can't be told before it is up again.
    fn on_unheard<O: Observer>(
        &mut self,
        by: Client,
        commit: Commit,
        batch: &[Delivered],
        cx: &mut Context<O>,
    );

    /// A consumer of the part `from` comes or goes.
    fn on_presence<O: Observer>(
        &mut self,
        consumer: Consumer,
        from: Address,
        presence: Presence,
        cx: &mut Context<O>,
    );

    /// Looks whether what has to hold at every moment does, for tests.
    fn audit(&self) {}

    /// Whether a publish would be stored.
    fn accepts(&self) -> bool;

    /// One of the broker's own timers is due.
    fn on_timer<O: Observer>(&mut self, timer: u32, cx: &mut Context<O>) -> Sent;

    /// The broker goes down; how many messages it loses.
    fn on_crash<O: Observer>(&mut self, cx: &mut Context<O>) -> u32;

    /// The broker is up again.
    fn on_restart<O: Observer>(&mut self, cx: &mut Context<O>);

    /// When the oldest message was produced that is stored or not acknowledged at `node`, the broker's own or that of a part.
    fn oldest(&self, node: NodeId, messages: &Messages) -> Option<SimTime>;

    /// Memory taken by what is stored, in bytes.
    fn bytes(&self) -> usize;

    /// Whether a consumer waits for work although there is a message for it, which never may be. Most brokers have reasons to hold back.
    fn starves_consumers(&self) -> bool {
        false
    }
}
