package io.sluice.server.kafka;

/** A request that is answered by closing its connection: the protocol has no other answer. */
public final class EndOfConnection extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param why for the broker's log */
    public EndOfConnection(String why) {
        super(why, null, false, false);
    }
}
