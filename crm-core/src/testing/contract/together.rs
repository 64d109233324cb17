//! Several tasks at once without a runtime: on one thread, interleaved where they say so.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

/// A task that borrows from the check.
pub(super) type Task<'t, T> = Pin<Box<dyn Future<Output = T> + Send + 't>>;

/// Runs the tasks together until all are done; answers their outcomes in their order.
pub(super) async fn together<T>(tasks: Vec<Task<'_, T>>) -> Vec<T> {
    let mut running: Vec<(Option<Task<'_, T>>, Option<T>)> = tasks.into_iter().map(|task| (Some(task), None)).collect();
    poll_fn(move |context| {
        for (task, outcome) in &mut running {
            if let Some(Poll::Ready(ready)) = task.as_mut().map(|task| task.as_mut().poll(context)) {
                *outcome = Some(ready);
                *task = None;
            }
        }
        if running.iter().all(|(task, _)| task.is_none()) {
            Poll::Ready(running.drain(..).filter_map(|(_, outcome)| outcome).collect())
        } else {
            Poll::Pending
        }
    })
    .await
}
