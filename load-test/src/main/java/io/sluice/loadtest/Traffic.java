package io.sluice.loadtest;

import io.netty.buffer.ByteBuf;
import java.util.Optional;

/**
 * What one connection sends and makes of the answers, turn by turn: a turn is a request, and perhaps more that follow from its
 * answer. Owned by the connection's event loop.
 */
interface Traffic {
    /**
     * The request that begins a turn; the connection has none under way. A turn before it may have been broken off.
     *
     * @param intendedNs when the turn is meant to begin
     * @return a buffer that the caller takes over
     */
    ByteBuf request(long intendedNs);

    /**
     * A successful answer to the last request.
     *
     * @param body borrowed
     * @param nowNs when it arrived
     * @return how many records it stands for
     * @throws io.sluice.loadtest.target.MalformedAnswerException if it is not what the route promises
     * @throws FailedTurnException if it is, and the turn has failed all the same
     */
    int answered(ByteBuf body, long nowNs);

    /**
     * What follows from the last answer, in a buffer that the caller takes over; empty if the turn is over. Asked once for each answer.
     */
    default Optional<ByteBuf> followUp() {
        return Optional.empty();
    }

    /** Bytes that the last turn stands for: values that were produced, or the body that was fetched. */
    long answeredBytes();
}
