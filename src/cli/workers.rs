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
