//! A few threads that wait for work awake: handing a piece over costs half a microsecond, where a pool that sleeps takes
//! twenty. A training step is a row of pieces of work of 50 to 500 µs with hardly anything between them.
//!
//! How a job goes over and comes back. Each helping thread has a seat, whose `job` is one pointer:
//!
//! ```text
//!             offer (caller)           take (thread)           end of serve (thread)
//!   null  ------------------->  job  ---------------->  TAKEN  ---------------------->  null
//!     ^                          |
//!     +--------------------------+   clear (caller), where the thread has not come for it
//! ```
//!
//! `take` and `clear` both compare and exchange, so that of the two exactly one gets the job. What the caller wrote before `offer`,
//! the thread sees after `take` (release, acquire); what the thread wrote before the end of `serve`, the caller sees after `clear`
//! (release, acquire). All other orders are relaxed, but for those that decide whether a thread may sleep (`offer`, `park`).

use std::cell::Cell;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, TryLockError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// How long a thread stays awake without work.
const AWAKE: Duration = Duration::from_micros(200);
/// Looks at the work between two looks at the clock.
const LOOKS: u32 = 64;

/// Hands each item to one call of `work`, on all threads, and returns when all are done.
///
/// Each thread begins with a share of the items that lie one after the other, the same one whenever there are as many items: what it wrote in one call
/// is still near it in the next. A thread that has done its own helps the others, from the ends of their shares.
///
/// What is computed must not depend on who does it. Called from within `work`, or while another thread is at it, it does all items itself.
///
/// # Panics
///
/// Where `work` panics.
pub fn each<T: Send>(items: Vec<T>, work: impl Fn(T) + Sync) {
    if ALONE.get() {
        return items.into_iter().for_each(work);
    }
    let pool = pool();
    let helpers = pool.seats.len().min(items.len().saturating_sub(1));
    // The seats are one caller's at a time. To wait for them could be for ever, when `work` calls `each` itself.
    let free = match pool.busy.try_lock() {
        Ok(guard) => Some(guard),
        // A panic in `work` went through here; `run` empties all seats before it lets one pass, so nothing is half done.
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    };
    if helpers == 0 || free.is_none() {
        return items.into_iter().for_each(work);
    }
    let shares = helpers + 1;
    let share = |at: usize| Share {
        items: at * items.len() / shares..(at + 1) * items.len() / shares,
        from_front: AtomicUsize::new(0),
        from_back: AtomicUsize::new(0),
    };
    let shares: Vec<Share> = (0..shares).map(share).collect();
    let items = items.into_iter().map(Some).map(Mutex::new);
    let items: Vec<Mutex<Option<T>>> = items.collect();
    // Two may come to the same item from both ends. The one that does not get it has seen all that there is.
    let take = |at: usize| items[at].lock().ok().and_then(|mut item| item.take());
    run(&pool.seats[..helpers], &|number| {
        while let Some(item) = shares[number].front().and_then(take) {
            work(item);
        }
        for other in 1..shares.len() {
            let other = &shares[(number + other) % shares.len()];
            while let Some(item) = other.back().and_then(take) {
                work(item);
            }
        }
    });
}

/// The items that a thread begins with. They are handed out by whoever moves the items themselves, under their locks: these numbers only count,
/// which is why all orders are relaxed.
#[repr(align(128))]
struct Share {
    items: Range<usize>,
    from_front: AtomicUsize,
    from_back: AtomicUsize,
}

impl Share {
    fn front(&self) -> Option<usize> {
        let at = self.from_front.fetch_add(1, Ordering::Relaxed);
        (at < self.items.len()).then(|| self.items.start + at)
    }

    fn back(&self) -> Option<usize> {
        let at = self.from_back.fetch_add(1, Ordering::Relaxed);
        (at < self.items.len()).then(|| self.items.end - 1 - at)
    }
}

/// The sum of what `work` makes of each part, those of few parts by this thread alone: added in double precision and in the order of the parts, so
/// that it is the same on any number of threads.
pub(crate) fn sum_of<T: Send>(
    parts: impl ExactSizeIterator<Item = T>,
    work: impl Fn(T) -> f32 + Sync,
) -> f32 {
    let mut sums = vec![0.0; parts.len()];
    let add = |(part, sum): (T, &mut f32)| *sum = work(part);
    if sums.len() < 3 {
        parts.zip(&mut sums).for_each(add);
    } else {
        each(parts.zip(&mut sums).collect(), add);
    }
    sums.into_iter().map(f64::from).sum::<f64>() as f32
}

thread_local! {
    static ALONE: Cell<bool> = const { Cell::new(false) };
}

/// Does `work` on this thread alone, whatever it hands to [`each`]: for threads that have a part each of the same work already, and would
/// only be in each other's way.
pub fn alone<R>(work: impl FnOnce() -> R) -> R {
    let before = ALONE.replace(true);
    let done = work();
    ALONE.set(before);
    done
}

/// How many threads work: `RAYON_NUM_THREADS`, which Burn's own kernels heed too, or as many as the machine has CPUs.
pub fn count() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| {
        let asked = std::env::var("RAYON_NUM_THREADS").ok();
        let asked = asked
            .and_then(|text| text.parse().ok())
            .filter(|count| *count > 0);
        asked.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from))
    })
}

struct Pool {
    seats: &'static [Seat],
    busy: Mutex<()>,
}

/// Where one thread takes its work from.
struct Seat {
    /// A job that waits to be taken, [`TAKEN`], or nothing.
    job: AtomicPtr<Job<'static>>,
    parked: AtomicBool,
    thread: OnceLock<Thread>,
    /// From 1 on; the caller is 0.
    number: usize,
}

/// Stands on a seat while its thread works. It is never read.
const TAKEN: *mut Job<'static> = ptr::dangling_mut();

/// Work that several threads do at once.
struct Job<'a> {
    work: &'a (dyn Fn(usize) + Sync),
    panicked: AtomicBool,
}

fn pool() -> &'static Pool {
    static POOL: OnceLock<Pool> = OnceLock::new();
    POOL.get_or_init(|| {
        let seat = |number| Seat {
            number,
            job: AtomicPtr::new(ptr::null_mut()),
            parked: AtomicBool::new(false),
            thread: OnceLock::new(),
        };
        let seats: Vec<Seat> = (1..count()).map(seat).collect();
        let seats: &'static [Seat] = Box::leak(seats.into_boxed_slice());
        // Where the system gives no more threads, fewer do the work.
        let started = seats.iter().take_while(|seat| seat.start()).count();
        Pool {
            seats: &seats[..started],
            busy: Mutex::new(()),
        }
    })
}

/// Does the work here and on the threads of the seats that come to it in time.
fn run(seats: &[Seat], work: &(dyn Fn(usize) + Sync)) {
    let job = Job {
        work,
        panicked: AtomicBool::new(false),
    };
    let pointer = ptr::from_ref(&job).cast_mut().cast::<Job<'static>>();
    seats.iter().for_each(|seat| seat.offer(pointer));
    // Until no seat has it `job` must live, whatever happens here: a panic of our own part is caught, and goes on when the other
    // threads are done.
    let own = catch_unwind(AssertUnwindSafe(|| work(0)));
    seats.iter().for_each(|seat| seat.clear(pointer));
    if let Err(panic) = own {
        resume_unwind(panic);
    }
    // Relaxed: a thread that set it did so before it emptied its seat, which `clear` has seen.
    assert!(
        !job.panicked.load(Ordering::Relaxed),
        "a kernel panicked on another thread"
    );
}

impl Seat {
    /// Whether its thread could be started.
    fn start(&'static self) -> bool {
        let named = thread::Builder::new().name("kernels".into());
        let started = named.spawn(|| self.serve());
        started.is_ok_and(|thread| self.thread.set(thread.thread().clone()).is_ok())
    }

    fn offer(&self, job: *mut Job<'static>) {
        // Here we write `job` and then read `parked`; `park` writes `parked` and then reads `job`. If both could read the old value,
        // the thread would sleep with a job on its seat. Acquire and release allow that: a processor may let a read overtake an
        // earlier write to another place. With SeqCst the four stand in one order that all agree on, and whichever of the reads
        // is later in it comes after both writes: we see `true` and wake the thread, or it sees the job. A SeqCst store is a
        // release, too: it also publishes the job itself.
        self.job.store(job, Ordering::SeqCst);
        if self.parked.load(Ordering::SeqCst) {
            self.thread.get().inspect(|thread| thread.unpark());
        }
    }

    /// Takes the job back where its thread has not come to it, which on a busy machine may last; else waits for its end.
    fn clear(&self, job: *mut Job<'static>) {
        // Success is relaxed: the thread has not touched the job, so there is nothing of it to see, and from now on its exchange in
        // `take` fails. Failure means TAKEN, or null already where it is done: then its work must be seen, which `done`, with
        // the acquire to the release in `serve`, waits for in either case.
        let (success, failure) = (Ordering::Relaxed, Ordering::Acquire);
        if self
            .job
            .compare_exchange(job, ptr::null_mut(), success, failure)
            .is_err()
        {
            let done = || self.job.load(Ordering::Acquire).is_null().then_some(());
            // Never to sleep here: nobody would wake us. To yield is enough where the thread has lost its core to somebody.
            awake(done, thread::yield_now);
        }
    }

    fn serve(&self) {
        loop {
            let job = awake(|| self.take(), || self.park());
            // SAFETY: `run` offered the pointer to a job on its stack. Since it was taken, `run` does not return before the seat
            // is empty again, which is the last thing done here; `busy` keeps others from the seat meanwhile.
            let job = unsafe { &*job };
            if catch_unwind(AssertUnwindSafe(|| (job.work)(self.number))).is_err() {
                job.panicked.store(true, Ordering::Relaxed);
            }
            // Release: all that the work wrote, and `panicked`, comes before. After this line `job` may be gone.
            self.job.store(ptr::null_mut(), Ordering::Release);
        }
    }

    fn take(&self) -> Option<*mut Job<'static>> {
        // A plain read first: thousands of exchanges while nothing is there would take the cache line from the caller each time,
        // a read leaves it shared. It may be old, so the exchange decides: acquire where it succeeds, before the job is read.
        // A later job at the same address is no mistake either, because the exchange then acquires from that one's `offer`.
        let job = self.job.load(Ordering::Relaxed);
        let (success, failure) = (Ordering::Acquire, Ordering::Relaxed);
        let taken = || self.job.compare_exchange(job, TAKEN, success, failure).ok();
        if job.is_null() { None } else { taken() }
    }

    /// Sleeps until there is work: it says so first, and looks once more, so that none is missed.
    fn park(&self) {
        // The order of these two is argued in `offer`.
        self.parked.store(true, Ordering::SeqCst);
        while self.job.load(Ordering::SeqCst).is_null() {
            // A wake-up between the look and this line is kept: `park` then returns at once. It may also return for no reason, or
            // for a job that was taken back, so the loop looks again.
            thread::park();
        }
        // Any order would do: who still reads `true` wakes a thread that is awake, and its next `park` returns once for nothing.
        self.parked.store(false, Ordering::SeqCst);
    }
}

/// Looks until there is something, and does `tired` now and then when that takes long.
fn awake<T>(look: impl Fn() -> Option<T>, tired: impl Fn()) -> T {
    let begun = Instant::now();
    loop {
        for _ in 0..LOOKS {
            if let Some(found) = look() {
                return found;
            }
            std::hint::spin_loop();
        }
        if begun.elapsed() > AWAKE {
            tired();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_done_once() {
        for _ in 0..200 {
            let mut values = vec![0_u32; 1000];
            let chunks: Vec<(usize, &mut [u32])> = values.chunks_mut(7).enumerate().collect();
            each(chunks, |(index, chunk)| {
                chunk.iter_mut().for_each(|value| *value += index as u32)
            });
            assert!(
                values
                    .iter()
                    .enumerate()
                    .all(|(index, value)| *value == index as u32 / 7)
            );
        }
    }

    #[test]
    fn work_within_work_is_done() {
        let total = AtomicUsize::new(0);
        each((0..8).collect(), |_: usize| {
            each((0..8).collect(), |inner: usize| {
                total.fetch_add(inner, Ordering::Relaxed);
            });
        });
        assert_eq!(total.into_inner(), 8 * 28);
    }

    #[test]
    fn one_thread_does_it_all_where_it_is_to() {
        let own = thread::current().id();
        let is_own = |_: usize| assert_eq!(thread::current().id(), own);
        alone(|| each((0..100).collect(), is_own));
        assert!(!ALONE.get());
    }

    #[test]
    fn sleepers_are_woken() {
        for _ in 0..5 {
            thread::sleep(5 * AWAKE);
            let done = AtomicUsize::new(0);
            each(vec![(); 4], |()| {
                done.fetch_add(1, Ordering::Relaxed);
            });
            assert_eq!(done.into_inner(), 4);
        }
    }

    #[test]
    fn a_panic_arrives_and_the_pool_goes_on() {
        let fails = || {
            each((0..64).collect(), |item: usize| {
                assert!(item < 40, "as it should")
            })
        };
        assert!(catch_unwind(AssertUnwindSafe(fails)).is_err());
        let done = AtomicUsize::new(0);
        each(vec![(); 64], |()| {
            done.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(done.into_inner(), 64);
    }
}
