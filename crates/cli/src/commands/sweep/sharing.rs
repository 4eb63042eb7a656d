//! How tasks share a machine: one on each core, or one at a time on all of them. What the first seconds show decides.

use super::child::{At, RunningTask};

/// Seconds after which tasks that have not ended are looked at.
pub const LOOK: f64 = 2.0;
/// Seconds that the rest of a sweep must take, for the other way to be tried.
const WORTH_TRYING: f64 = 60.0;

/// How many tasks run at a time, and on how many threads each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sharing {
    pub jobs: usize,
    pub threads: usize,
}

/// What is known of how tasks share the machine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Choice {
    /// Decided.
    Made(Sharing),
    /// One on each core, until it is seen how long they take.
    EachCore { cores: usize },
    /// This task on all cores, to compare with the epochs a second of as many like it as there are cores.
    AllCores {
        cores: usize,
        number: usize,
        before: f64,
    },
}

impl Choice {
    /// The way that is taken now.
    pub fn now(self) -> Sharing {
        match self {
            Self::Made(sharing) => sharing,
            Self::EachCore { cores } => Sharing {
                jobs: cores,
                threads: 1,
            },
            Self::AllCores { cores, .. } => Sharing {
                jobs: 1,
                threads: cores,
            },
        }
    }

    /// The choice after a look at what runs, with so many tasks waiting; none while there is nothing to see.
    pub fn next(self, running: &[RunningTask], waiting: usize) -> Option<Self> {
        let look = |running: &&RunningTask| {
            running.begun.elapsed().as_secs_f64() >= LOOK && running.rate().is_some()
        };
        let seen: Vec<Seen> = running.iter().filter(look).filter_map(Seen::of).collect();
        self.after(&seen, running.len(), waiting)
    }

    fn after(self, seen: &[Seen], running: usize, waiting: usize) -> Option<Self> {
        match self {
            Self::Made(_) => None,
            Self::EachCore { cores } if seen.len() == running && running == cores => {
                let longest = seen.iter().map(Seen::whole).fold(0.0, f64::max);
                let rest = longest * (waiting + running) as f64 / cores as f64;
                Some(match rest >= WORTH_TRYING {
                    true => Self::AllCores {
                        cores,
                        number: seen[0].number,
                        before: seen[0].rate * cores as f64,
                    },
                    false => Self::Made(self.now()),
                })
            }
            // Tasks of one sweep differ in size, so it is the same one that is compared.
            Self::AllCores {
                cores,
                number,
                before,
            } if running == 1 && seen.len() == 1 => {
                let faster = seen[0].number == number && seen[0].rate > before;
                Some(Self::Made(match faster {
                    true => self.now(),
                    false => Self::EachCore { cores }.now(),
                }))
            }
            _ => None,
        }
    }

    /// A task has come to its end before anything was decided: they are small, and spend a good part of their time on waiting for
    /// the disk. One more than there are cores leaves no core idle then.
    pub fn after_an_end(self) -> Self {
        let small = |cores| {
            Self::Made(Sharing {
                jobs: cores + 1,
                threads: 1,
            })
        };
        match self {
            Self::EachCore { cores } => small(cores),
            Self::AllCores { cores, .. } => Self::Made(Self::EachCore { cores }.now()),
            made @ Self::Made(_) => made,
        }
    }
}

/// A task as it is seen.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Seen {
    number: usize,
    /// Epochs in a second.
    rate: f64,
    at: At,
}

impl Seen {
    fn of(running: &RunningTask) -> Option<Self> {
        Some(Self {
            number: running.number,
            rate: running.rate()?,
            at: running.latest?,
        })
    }

    /// Seconds of all its epochs.
    fn whole(&self) -> f64 {
        self.at.epochs as f64 / self.rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(rate: f64, epochs: usize) -> Seen {
        let number = 7;
        let at = At {
            epoch: 10,
            epochs,
            seconds: 2.0,
        };
        Seen { number, rate, at }
    }

    #[test]
    fn the_faster_way_is_taken_and_the_other_is_tried_only_where_it_pays() {
        let begin = Choice::EachCore { cores: 2 };
        let pair = [seen(5.0, 1000), seen(5.0, 1000)];
        assert_eq!(
            begin.after(&pair[..1], 2, 10),
            None,
            "one has told nothing yet"
        );
        let trial = begin.after(&pair, 2, 10).expect("it was seen");
        assert_eq!(
            trial,
            Choice::AllCores {
                cores: 2,
                number: 7,
                before: 10.0
            }
        );
        let each = Choice::Made(Sharing {
            jobs: 2,
            threads: 1,
        });
        let all = Choice::Made(Sharing {
            jobs: 1,
            threads: 2,
        });
        assert_eq!(trial.after(&[seen(9.0, 1000)], 1, 11), Some(each));
        assert_eq!(trial.after(&[seen(11.0, 1000)], 1, 11), Some(all));
        // Four seconds each: whatever was tried would cost more than it saves.
        let short = [seen(5.0, 20), seen(5.0, 20)];
        assert_eq!(begin.after(&short, 2, 10), Some(each));
        let small = Choice::Made(Sharing {
            jobs: 3,
            threads: 1,
        });
        assert_eq!(begin.after_an_end(), small);
        assert_eq!(trial.after_an_end(), each);
    }
}
