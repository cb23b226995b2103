package io.sluice.server.http.queues;

import io.sluice.groups.queue.Dedup;
import io.sluice.groups.queue.QueueCoordinator;
import io.sluice.groups.queue.QueueError;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.records.MessageSender;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** What sending asks of queues. */
record SendingQueues(QueueCoordinator queues) implements MessageSender.Queues {
    @Override
    public CompletableFuture<Dedup.Answer> reserve(String queue, List<String> dedupIds) {
        return queues.reserve(queue, dedupIds);
    }

    @Override
    public HttpProblem problem(QueueError error, String queue) {
        return QueueErrors.problem(error, queue);
    }
}
