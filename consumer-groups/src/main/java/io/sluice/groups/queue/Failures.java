package io.sluice.groups.queue;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import java.util.Optional;
import java.util.concurrent.CompletionException;

/** What futures fail with. */
final class Failures {
    private Failures() {}

    /** What went wrong, without what futures wrap around it. */
    static Throwable cause(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }

    /** The broker's own word for it, if it has one. */
    static Optional<ErrorCode> code(Throwable failure) {
        return cause(failure) instanceof BrokerException refusal ? Optional.of(refusal.code()) : Optional.empty();
    }

    /** What a queue answers when something has failed. */
    static QueueError error(Throwable failure) {
        return cause(failure) instanceof Turns.NoTurn none ? none.why() : QueueError.UNAVAILABLE;
    }

    static RuntimeException unchecked(Throwable failure) {
        return cause(failure) instanceof RuntimeException known ? known : new CompletionException(cause(failure));
    }
}
