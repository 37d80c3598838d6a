//! The same work on many items, on all cores; the answers come in the items' order.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// Items that wait for each worker, and answers that wait behind it: the bound that keeps memory flat.
const AHEAD: usize = 16;

/// Gives each item to a worker, in turn, and each answer to `take`, as soon as it is its turn. An error
/// of the items or of `take` ends everything.
pub(super) fn in_order<T: Send, A: Send, I: Iterator<Item = anyhow::Result<T>>>(
    items: impl FnOnce() -> I + Send,
    work: impl Fn(T) -> A + Sync,
    mut take: impl FnMut(A) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let cores = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        let (inputs, outputs): (Vec<_>, Vec<_>) = (0..cores)
            .map(|_| {
                let (input, waiting) = sync_channel(AHEAD);
                let (done, output) = sync_channel(AHEAD);
                let work = &work;
                scope.spawn(move || serve(&waiting, work, &done));
                (input, output)
            })
            .unzip();
        let reader = scope.spawn(move || hand_out(items(), &inputs));
        for output in outputs.iter().cycle() {
            // Items go round in the same way: where none is left, none is left behind it either.
            let Ok(answer) = output.recv() else { break };
            take(answer)?;
        }
        drop(outputs);
        reader.join().map_err(|_| anyhow::anyhow!("reading the input panicked"))?
    })
}

fn serve<T, A>(waiting: &Receiver<T>, work: impl Fn(T) -> A, done: &SyncSender<A>) {
    // Nobody takes answers any more when sending fails.
    let _ = waiting.iter().try_for_each(|item| done.send(work(item)));
}

fn hand_out<T>(
    items: impl Iterator<Item = anyhow::Result<T>>,
    inputs: &[SyncSender<T>],
) -> anyhow::Result<()> {
    for (item, input) in items.zip(inputs.iter().cycle()) {
        if input.send(item?).is_err() {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_in_the_order_of_the_items() {
        // The first of each round takes the longest.
        let work = |n: u64| (0..(1000 - n) * 100).fold(n, |n, i| std::hint::black_box(n ^ i ^ i));
        let mut answers = Vec::new();
        let take = |answer| {
            answers.push(answer);
            Ok(())
        };
        in_order(|| (0..1000).map(Ok), work, take).unwrap();
        assert!(answers.iter().copied().eq(0..1000), "{answers:?}");
    }

    #[test]
    fn an_error_ends_everything_and_what_came_before_it_is_answered() {
        let mut taken = 0;
        let items = || (0..100).map(|n| if n == 70 { anyhow::bail!("no line 70") } else { Ok(n) });
        let take = |_| {
            taken += 1;
            Ok(())
        };
        let error = in_order(items, |n| n, take).unwrap_err();
        assert_eq!((error.to_string().as_str(), taken), ("no line 70", 70));
        let refused = in_order(|| (0..).map(Ok), |n: u64| n, |_| anyhow::bail!("the pipe is closed"));
        assert_eq!(refused.unwrap_err().to_string(), "the pipe is closed");
    }
}
