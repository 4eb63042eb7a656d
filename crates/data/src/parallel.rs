//! Work in pieces on all threads, whose results come back in the order of the pieces.

use std::cell::Cell;
use std::num::NonZero;
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, OnceLock};
use std::thread;

/// Numbers below which another thread costs more than it does: starting one takes some 20 µs.
const FEW: usize = 1 << 14;

/// Pieces that one thread makes before another has taken the first.
const AHEAD: usize = 2;

/// How many threads work: as many as `RAYON_NUM_THREADS` says, as in the rest of the program, or as this machine runs at once.
pub(crate) fn threads() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| {
        let asked = std::env::var("RAYON_NUM_THREADS").ok();
        let asked = asked
            .and_then(|text| text.parse().ok())
            .filter(|count| *count > 0);
        asked.unwrap_or_else(|| thread::available_parallelism().map_or(1, NonZero::get))
    })
}

thread_local! {
    static ALONE: Cell<bool> = const { Cell::new(false) };
}

/// Does `work` on this thread alone, whatever it hands to [`map`]: for threads that have a part each of the same work already.
pub(crate) fn alone<R>(work: impl FnOnce() -> R) -> R {
    let before = ALONE.replace(true);
    let done = work();
    ALONE.set(before);
    done
}

/// What `work` makes of each item, of `numbers` numbers in all, on all threads where these are not few, in the order of the items. Called from
/// within such work, one thread does all.
///
/// Which thread takes an item is chance, and must not matter.
///
/// # Panics
/// Where `work` panics.
pub(crate) fn map<T: Send, R: Send>(
    numbers: usize,
    items: Vec<T>,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let is_one = ALONE.get() || numbers < FEW;
    let threads = if is_one { 1 } else { threads() };
    map_on(threads, items, work)
}

/// What [`map`] gives, by so many threads at most.
fn map_on<T: Send, R: Send>(threads: usize, items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let helpers = threads.min(items.len()).saturating_sub(1);
    if helpers == 0 {
        return items.into_iter().map(work).collect();
    }
    let left = Mutex::new(items.into_iter().enumerate());
    let take_all = || {
        let mut done = Vec::new();
        loop {
            // Nothing panics while it holds the lock.
            let next = left.lock().expect("the lock is whole").next();
            let Some((place, item)) = next else {
                return done;
            };
            done.push((place, work(item)));
        }
    };
    let mut done = thread::scope(|scope| {
        let take = || alone(take_all);
        let others: Vec<_> = (0..helpers).map(|_| scope.spawn(take)).collect();
        let mut done = take();
        for other in others {
            done.extend(other.join().expect("work on an item does not panic"));
        }
        done
    });
    done.sort_unstable_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Hands what `make` hands on, piece by piece, to `take`: on a thread of its own, which is a few pieces ahead, where more than one thread works.
///
/// # Panics
/// Where `make` panics.
pub(crate) fn ahead<T: Send, R: Send>(
    make: impl FnOnce(&mut dyn FnMut(T)) -> R + Send,
    mut take: impl FnMut(T),
) -> R {
    if ALONE.get() || threads() == 1 {
        return make(&mut take);
    }
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(AHEAD);
        // Who takes is there until all is sent.
        let mut send = move |piece| drop(sender.send(piece));
        let making = scope.spawn(move || alone(|| make(&mut send)));
        receiver.iter().for_each(&mut take);
        making.join().expect("what makes pieces does not panic")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items_with_any_number_of_threads() {
        let squares: Vec<usize> = (0..103).map(|item| item * item).collect();
        for threads in [1, 2, 3, 8, 200] {
            let found = map_on(threads, (0..103).collect(), |item: usize| item * item);
            assert_eq!(found, squares, "{threads} threads");
        }
        assert!(map_on(4, Vec::<usize>::new(), |item| item).is_empty());
    }

    #[test]
    fn pieces_made_ahead_come_in_order_and_with_what_came_of_making_them() {
        let check = || {
            let mut taken = Vec::new();
            let made = ahead(
                |send| {
                    (0..50).for_each(&mut *send);
                    "all of them"
                },
                |piece: usize| taken.push(piece),
            );
            assert_eq!((made, taken), ("all of them", (0..50).collect()));
        };
        check();
        alone(check);
    }
}
