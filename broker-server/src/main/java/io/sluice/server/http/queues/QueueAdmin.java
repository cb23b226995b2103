package io.sluice.server.http.queues;

import io.sluice.groups.queue.QueueCoordinator;
import io.vertx.ext.web.Router;

/** The queues themselves: create, change, look at, delete. */
final class QueueAdmin {
    private final QueueCoordinator queues;
    private final int maxBodyBytes;

    QueueAdmin(QueueCoordinator queues, int maxBodyBytes) {
        this.queues = queues;
        this.maxBodyBytes = maxBodyBytes;
    }

    void mount(Router router) {}
}
