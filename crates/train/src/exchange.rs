//! What the processes that train one model tell each other: each is a *rank* with a device of its own, and rank 0 decides and writes.
//!
//! Every rank takes its rows of each batch. Between the backward pass and the step of the optimiser their gradients are added up, once
//! a step, and so every rank takes the same step. Who adds is MPI; nothing else in Espejo knows of it.

mod check;
mod gradients;
#[cfg(feature = "mpi")]
mod mpi;

use espejo_nets::Part;
use serde::Serialize;
use serde::de::DeserializeOwned;

#[cfg(feature = "mpi")]
pub use self::mpi::Ranks;
pub use check::check_ranks;
pub(crate) use check::check_vectors;
pub(crate) use gradients::add_up;

/// How a training reaches its other ranks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Exchange {
    /// There are no others.
    #[default]
    Alone,
    /// By MPI, while [`Ranks`] is there.
    #[cfg(feature = "mpi")]
    Mpi {
        /// Which of the ranks this is, counted from 0.
        rank: usize,
        /// How many there are.
        size: usize,
    },
}

impl Exchange {
    /// Which of the ranks this is, counted from 0; rank 0 decides and writes.
    pub fn rank(self) -> usize {
        match self {
            Self::Alone => 0,
            #[cfg(feature = "mpi")]
            Self::Mpi { rank, .. } => rank,
        }
    }

    /// How many ranks there are, 1 or more.
    pub fn size(self) -> usize {
        match self {
            Self::Alone => 1,
            #[cfg(feature = "mpi")]
            Self::Mpi { size, .. } => size,
        }
    }

    /// Whether there are others.
    pub fn is_shared(self) -> bool {
        self.size() > 1
    }

    /// The rows of this rank, of a batch with so many.
    pub(crate) fn part(self, rows: usize) -> Part {
        Part::of_rank(self.rank(), self.size(), rows)
    }

    /// Replaces each number by its sum over all ranks, to the bit the same on all of them. Every rank waits for all.
    #[cfg_attr(
        not(feature = "mpi"),
        expect(unused_variables, reason = "there is nobody to tell")
    )]
    pub(crate) fn sum(self, values: &mut [f32]) {
        match self {
            Self::Alone => {}
            #[cfg(feature = "mpi")]
            Self::Mpi { .. } => mpi::sum(values),
        }
    }

    /// What rank 0 has; what the others have of it is their own guess. They wait for it asleep.
    pub fn broadcast<T: Serialize + DeserializeOwned>(self, own: T) -> T {
        match self {
            Self::Alone => own,
            #[cfg(feature = "mpi")]
            Self::Mpi { rank, .. } => mpi::broadcast(rank, &own),
        }
    }

    /// Waits, asleep, until all ranks are here.
    pub fn barrier(self) {
        match self {
            Self::Alone => {}
            #[cfg(feature = "mpi")]
            Self::Mpi { .. } => mpi::barrier(),
        }
    }

    /// Ends all ranks at once with this exit code, where there are others.
    #[cfg_attr(
        not(feature = "mpi"),
        expect(unused_variables, reason = "there is nobody to tell")
    )]
    pub fn abort(self, code: u8) {
        match self {
            Self::Alone => {}
            #[cfg(feature = "mpi")]
            Self::Mpi { .. } => mpi::abort(code),
        }
    }
}
