package io.sluice.loadtest.queues;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** A queue of one run: for turns, or for a sender and workers, never for both. Closing deletes it. */
interface TestQueue extends AutoCloseable {
    /**
     * Sends messages, receives as many, and acknowledges those. What it receives may be what another turn has sent.
     *
     * @return done when the send is confirmed and the acknowledgements are, where the system confirms them
     */
    CompletableFuture<Void> turn(List<String> bodies);

    /** Sends one message; done when that is confirmed. */
    CompletableFuture<Void> send(String body);

    /**
     * Receives and acknowledges what comes, as many messages at a time as the queue has callers.
     *
     * @param received shown each body when it is here
     * @param done shown each body when it is acknowledged
     * @param failed told what went wrong
     */
    void work(Consumer<String> received, Consumer<String> done, Consumer<Throwable> failed) throws Exception;

    @Override
    void close() throws Exception;
}
