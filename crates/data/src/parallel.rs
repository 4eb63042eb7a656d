//! Work in pieces on all threads, whose results come back in the order of the pieces.

use std::cell::Cell;
use std::num::NonZero;
use std::sync::{Mutex, OnceLock};
use std::thread;

/// Numbers below which another thread costs more than it does: starting one takes some 20 µs.
const FEW: usize = 1 << 14;

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
}
