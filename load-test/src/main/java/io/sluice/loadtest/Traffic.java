package io.sluice.loadtest;

import io.netty.buffer.ByteBuf;

/** What one connection sends and makes of the answers. Owned by the connection's event loop. */
interface Traffic {
    /**
     * The next request; the connection has none under way.
     *
     * @param intendedNs when it is meant to be sent
     * @return a buffer that the caller takes over
     */
    ByteBuf request(long intendedNs);

    /**
     * A successful answer to it.
     *
     * @param body borrowed
     * @param nowNs when it arrived
     * @return how many records it stands for
     * @throws io.sluice.loadtest.target.MalformedAnswerException if it is not what the route promises
     */
    int answered(ByteBuf body, long nowNs);

    /** Bytes that the last answer stands for: values that were produced, or the body that was fetched. */
    long answeredBytes();
}
