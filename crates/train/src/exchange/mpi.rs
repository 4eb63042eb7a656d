//! The exchange by MPI, through the crate `mpi`.

use std::thread;
use std::time::{Duration, Instant};

use mpi::Threading;
use mpi::collective::SystemOperation;
use mpi::environment::Universe;
use mpi::request::{Request, scope};
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator, CommunicatorCollectives, Root};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Exchange;

/// How long who waits stays awake: the others are rarely further behind.
const AWAKE: Duration = Duration::from_millis(2);
/// How long it sleeps between two looks afterwards.
const ASLEEP: Duration = Duration::from_micros(200);

/// The ranks of this job, from when MPI knows of this process to when it forgets it.
pub struct Ranks {
    world: SimpleCommunicator,
    /// Ends MPI when it is dropped, which waits for the other ranks.
    _universe: Universe,
}

impl Ranks {
    /// Joins the other processes of the job; none where this process has joined before.
    pub fn join() -> Option<Self> {
        // All calls come from the thread that trains; others compute meanwhile.
        let (universe, _) = mpi::initialize_with_threading(Threading::Funneled)?;
        Some(Self {
            world: universe.world(),
            _universe: universe,
        })
    }

    /// How a training reaches the others.
    pub fn exchange(&self) -> Exchange {
        let number = |rank: mpi::Rank| usize::try_from(rank).unwrap_or(0);
        match number(self.world.size()) {
            0 | 1 => Exchange::Alone,
            size => Exchange::Mpi {
                rank: number(self.world.rank()),
                size,
            },
        }
    }
}

pub(super) fn sum(values: &mut [f32]) {
    let own = values.to_vec();
    let world = SimpleCommunicator::world();
    world.all_reduce_into(&own[..], values, SystemOperation::sum());
}

/// The value of rank 0 as JSON: its length, then its bytes.
pub(super) fn broadcast<T: Serialize + DeserializeOwned>(rank: usize, own: &T) -> T {
    let mut bytes = serde_json::to_vec(own).expect("what is told is plain values");
    let mut length = [bytes.len() as u64];
    send(&mut length);
    if rank > 0 {
        bytes = vec![0; usize::try_from(length[0]).expect("it fitted the memory of rank 0")];
    }
    send(&mut bytes);
    serde_json::from_slice(&bytes).expect("all ranks are of one version")
}

fn send<T: mpi::traits::Equivalence>(values: &mut [T]) {
    let world = SimpleCommunicator::world();
    let root = world.process_at_rank(0);
    scope(|scope| wait(root.immediate_broadcast_into(scope, values)));
}

pub(super) fn barrier() {
    wait(SimpleCommunicator::world().immediate_barrier());
}

pub(super) fn abort(code: u8) {
    SimpleCommunicator::world().abort(code.into());
}

/// Waits for others without keeping a core from them: MPI's own waiting never sleeps, and rank 0 may be measuring for minutes.
fn wait<'a, D: ?Sized, S: mpi::request::Scope<'a>>(request: Request<'a, D, S>) {
    let begun = Instant::now();
    let mut pending = request;
    while let Err(unfinished) = pending.test() {
        pending = unfinished;
        match begun.elapsed() < AWAKE {
            true => thread::yield_now(),
            false => thread::sleep(ASLEEP),
        }
    }
}
